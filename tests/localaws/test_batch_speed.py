"""Nothing gets slower by the jobs that wait, or have ended, beside it.

Counted in calls of functions, which are the same on every machine, not in seconds.
"""

import asyncio
import sys
from itertools import pairwise

from localaws.batch.calls import listing

# ruff: noqa: ASYNC110 - waits for the engine to come to rest

NOW = 10**15


def calls(work):
    """How many functions, Python's and C's, the work calls."""
    count = 0

    def seen(_frame, event, _argument):
        nonlocal count
        count += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


async def waiting(world, count, name="Waiting"):
    for number in range(count):
        world.submit("pass", jobName=f"{name}-{number}")
    while world.engine._awake:
        await asyncio.sleep(0)


def test_two_thousand_waiting_jobs_slow_neither_submission_nor_listing(play):
    async def scenario(world):
        world.region.environments["environment"]["state"] = "DISABLED"
        request = {"jobName": "one-more", "jobQueue": "queue", "jobDefinition": "definition"}
        named = {"jobQueue": "queue", "filters": [{"name": "JOB_NAME", "values": ["FIRST-7"]}]}

        def submit_and_look():
            world.engine.submit(world.region, request)
            world.engine._look()

        def find():
            [found] = listing.listing(world.region, named, NOW)["jobSummaryList"]
            assert found["jobName"] == "First-7"

        await waiting(world, 20, "First")
        few = calls(submit_and_look), calls(find)
        await waiting(world, 2000)
        many = calls(submit_and_look), calls(find)
        assert many[0] < 2 * few[0]
        assert many[1] < 2 * few[1]

    play(scenario)


def test_a_full_environment_is_not_tried_for_every_job_that_waits(play):
    async def scenario(world):
        world.region.environments["environment"]["computeResources"]["maxvCpus"] = 0.5
        await waiting(world, 20)
        few = calls(world.engine._look)
        await waiting(world, 3000)
        assert calls(world.engine._look) < 2 * few

    play(scenario)


def test_a_thousand_children_are_looked_at_in_turns(play):
    """Between two turns, others are answered."""

    async def scenario(world):
        world.region.environments["environment"]["state"] = "DISABLED"
        parent = world.submit("pass", arrayProperties={"size": 1000})
        runnable = [0]
        while runnable[-1] < 1000:
            await asyncio.sleep(0)
            runnable.append(world.region.jobs.summary(parent.id).get("RUNNABLE", 0))
        assert max(after - before for before, after in pairwise(runnable)) <= 100
        assert parent.status == "PENDING"

    play(scenario)
