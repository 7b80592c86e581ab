"""Nothing gets slower by the jobs that wait, or have ended, beside it."""

import asyncio
import time

from localaws.batch import listing

# ruff: noqa: ASYNC110 - these tests wait for what processes do

NOW = 10**15


def seconds(call, times):
    """The median of that many calls."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        taken.append(time.perf_counter() - began)
    return sorted(taken)[times // 2]


async def waiting(world, count):
    for number in range(count):
        world.submit("pass", jobName=f"Waiting-{number}")
    while world.engine._awake:
        await asyncio.sleep(0)


def test_two_thousand_waiting_jobs_slow_neither_submission_nor_listing(play):
    async def scenario(world):
        world.region.environments["environment"]["state"] = "DISABLED"
        await waiting(world, 2000)
        request = {"jobName": "one-more", "jobQueue": "queue", "jobDefinition": "definition"}

        def submit_and_look():
            world.engine.submit(world.region, request)
            world.engine._look()

        assert seconds(submit_and_look, 50) < 0.005
        named = {"jobQueue": "queue", "filters": [{"name": "JOB_NAME", "values": ["WAITING-7"]}]}
        [found] = listing.listing(world.region, named, NOW)["jobSummaryList"]
        assert found["jobName"] == "Waiting-7"
        assert seconds(lambda: listing.listing(world.region, named, NOW), 50) < 0.01

    play(scenario)


def test_a_full_environment_is_not_tried_for_every_job_that_waits(play):
    async def scenario(world):
        world.region.environments["environment"]["computeResources"]["maxvCpus"] = 0.5
        await waiting(world, 20)
        few = seconds(world.engine._look, 50)
        await waiting(world, 3000)
        assert seconds(world.engine._look, 50) < 20 * few + 0.001

    play(scenario)


def test_a_thousand_children_are_made_at_once_and_looked_at_in_turns(play):
    async def scenario(world):
        world.region.environments["environment"]["state"] = "DISABLED"
        parent = world.submit("pass", arrayProperties={"size": 1000})
        longest = 0.0
        while world.region.jobs.summary(parent.id).get("RUNNABLE", 0) < 1000:
            began = time.perf_counter()
            await asyncio.sleep(0)
            longest = max(longest, time.perf_counter() - began)
        assert longest < 0.25  # nobody else is answered meanwhile
        assert parent.status == "PENDING"

    play(scenario)
