"""Jobs at the head of a queue that cannot start: their reasons, the events, and the limits of the queue."""

import asyncio
import json

import pytest

from localaws.batch.border import control
from localaws.batch.calls import environments, queue_snapshot, queues
from localaws.batch.errors import ClientException
from localaws.batch.memory.state import dump, load
from localaws.batch.ports import Settings
from localaws.batch.scheduling import blocked, heads
from tests.localaws.batch_world import environment, order, region_with_queue, waiting

CAPACITY = "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY"
TOO_WIDE = "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE"
TOO_LARGE = "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT"
WIDE = {"resourceRequirements": [{"type": "VCPU", "value": "8"}, {"type": "MEMORY", "value": "16384"}]}


def limit(reason=TOO_WIDE, seconds=600, action="CANCEL"):
    return {"reason": reason, "state": "RUNNABLE", "maxTimeSeconds": seconds, "action": action}


def blocks(world):
    return [event for event in world.aws.events if event["DetailType"] == "Batch Job Queue Blocked"]


async def until(question):
    async with asyncio.timeout(10):
        while not question():  # noqa: ASYNC110 - a test waits
            await asyncio.sleep(0.01)


def test_a_job_wider_than_every_environment_blocks_its_queue_and_is_told_of_once(play):
    async def scenario(world):
        wide = world.submit("pass", container=WIDE, jobName="wide", tags={"a": "b"})
        behind = world.submit("pass", jobName="behind")
        await until(lambda: behind.status == "RUNNABLE")
        for _ in range(3):
            world.engine.wake()
            await asyncio.sleep(0.02)
        [event] = blocks(world)
        assert event["Source"] == "aws.batch"
        assert event["Resources"] == [wide.detail["jobArn"], wide.queue_arn]
        detail = event["Detail"]
        assert (detail["jobId"], detail["status"], detail["attempts"]) == (wide.id, "RUNNABLE", [])
        assert detail["tags"] == {"resourceArn": wide.detail["jobArn"], "a": "b"}
        assert detail["statusReason"] == (
            f"{TOO_WIDE} - CE(s) associated with the job queue cannot meet the CPU requirement of the job."
        )
        assert wide.detail["statusReason"] == detail["statusReason"]
        assert (behind.status, "statusReason" in behind.detail) == ("RUNNABLE", False)

    play(scenario)


def test_a_job_that_waits_for_others_to_end_blocks_nothing(play):
    async def scenario(world):
        first = await world.until(world.submit("import time; time.sleep(0.5)"), "RUNNING")
        second = await world.until(world.submit("pass"), "RUNNABLE")
        await asyncio.sleep(0.1)
        assert "statusReason" not in second.detail
        await world.until(second)
        assert blocks(world) == []
        assert first.status == "SUCCEEDED"

    play(scenario, vcpus=1)


def test_a_job_shows_its_reason_only_as_long_as_it_is_so(play):
    async def scenario(world):
        job = world.submit("pass", container=WIDE)
        await until(lambda: blocks(world))
        environments.update(
            world.region, {"computeEnvironment": "environment", "computeResources": {"maxvCpus": 8}}
        )
        world.engine.wake()
        await world.until(job)
        assert job.detail["statusReason"] == "Essential container in task exited"
        starting = next(event for event in world.aws.events if event["Detail"]["status"] == "STARTING")
        assert "statusReason" not in starting["Detail"]

    play(scenario)


def test_another_reason_is_told_anew_and_so_is_the_first_when_it_comes_back(play):
    async def scenario(world):
        job = world.submit("pass", container=WIDE)
        await until(lambda: len(blocks(world)) == 1)
        for state in ("DISABLED", "ENABLED"):
            told = len(blocks(world))
            world.region.environments["environment"]["state"] = state
            world.engine.wake()
            await until(lambda told=told: len(blocks(world)) > told)
        reasons = [event["Detail"]["statusReason"].partition(" ")[0] for event in blocks(world)]
        assert reasons == [TOO_WIDE, "UNDETERMINED", TOO_WIDE]
        assert {event["Detail"]["jobId"] for event in blocks(world)} == {job.id}

    play(scenario)


def test_without_capacity_a_job_waits_until_there_is_some(play):
    async def scenario(world):
        control.put(world.engine, {"jobs": [{"how": CAPACITY, "job": "first"}]})
        first = world.submit("pass", jobName="first")
        second = world.submit("pass", jobName="second")
        await until(lambda: blocks(world) and second.status == "RUNNABLE")
        await asyncio.sleep(0.1)
        assert (first.status, second.status) == ("RUNNABLE", "RUNNABLE")
        assert first.detail["statusReason"] == (
            f"{CAPACITY} - Service cannot fulfill the capacity requested for instance type FARGATE"
        )
        control.put(world.engine, {})
        await world.until(first)
        await world.until(second)
        assert (first.status, second.status) == ("SUCCEEDED", "SUCCEEDED")

    play(scenario)


def test_a_queue_cancels_the_job_that_blocks_it_after_its_limit(play):
    async def scenario(world):
        queues.update(world.region, {"jobQueue": "queue", "jobStateTimeLimitActions": [limit()]})
        wide = world.submit("pass", container=WIDE)
        behind = world.submit("pass")
        await world.until(wide)
        text = f"Canceled by JobStateTimeLimit action due to reason: {TOO_WIDE}"
        assert (wide.status, wide.detail["statusReason"]) == ("FAILED", text)
        assert (wide.detail["isCancelled"], wide.attempts) == (True, [])
        assert wide.detail["stoppedAt"] - wide.runnable_ms >= 600
        assert world.aws.statuses(wide) == ["RUNNABLE", "FAILED"]
        assert (await world.until(behind)).status == "SUCCEEDED"

    play(scenario, scale=0.001)


def test_a_limit_for_another_reason_cancels_nothing(play):
    async def scenario(world):
        queues.update(world.region, {"jobQueue": "queue", "jobStateTimeLimitActions": [limit(CAPACITY)]})
        wide = world.submit("pass", container=WIDE)
        await until(lambda: blocks(world))
        await asyncio.sleep(0.3)
        assert wide.status == "RUNNABLE"

    play(scenario, scale=0.0001)


def test_a_limit_goes_on_counting_and_nothing_is_told_again_after_a_restart(play):
    async def scenario(world):
        queues.update(world.region, {"jobQueue": "queue", "jobStateTimeLimitActions": [limit()]})
        wide = world.submit("pass", container=WIDE)
        await until(lambda: blocks(world))
        since = wide.blocked_ms
        saved = json.loads(json.dumps(dump(world.engine.state)))
        world.engine.clear()
        world.aws.events.clear()
        load(world.engine.state, saved)
        world.engine.recover()
        job = world.engine.state.region(wide.scope).jobs[wide.id]
        await world.until(job)
        assert blocks(world) == []
        assert 600 <= job.detail["stoppedAt"] - since < 5_000

    play(scenario, scale=0.001)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"maxTimeSeconds": 599}, "maxTimeSeconds must be between 600 and 86400, found 599"),
        ({"maxTimeSeconds": 86_401}, "found 86401"),
        ({"reason": "UNDETERMINED"}, "Invalid job reason: it must be one of CAPACITY:"),
        ({"reason": "MISCONFIGURATION:SERVICE_ROLE_PERMISSIONS"}, "Invalid job reason"),
        ({"action": "TERMINATE"}, "TERMINATE is for service jobs"),
    ],
)
def test_a_queue_refuses_other_limits(changes, words):
    region = region_with_queue()
    with pytest.raises(ClientException, match=words):
        queues.update(region, {"jobQueue": "queue", "jobStateTimeLimitActions": [limit() | changes]})
    assert region.queues["queue"]["jobStateTimeLimitActions"] == []


def reason_of(region, name="job", **amounts):
    job = waiting(region, name, **amounts)
    return blocked.reason(region, region.queues["queue"], job)


def test_reasons_are_those_of_all_environments_together():
    region = region_with_queue(vcpus=4)
    environments.create(region, environment("second", vcpus=8))
    queues.update(region, {"jobQueue": "queue", "computeEnvironmentOrder": order("environment", "second")})
    wide = {"vcpus": "8", "memory": "16384"}
    assert reason_of(region, "fits", **wide) is None
    region.environments["second"]["status"] = "INVALID"
    assert reason_of(region, "too-wide", **wide) == TOO_WIDE
    region.environments["environment"]["state"] = "DISABLED"
    assert reason_of(region, "disabled") == "UNDETERMINED"
    region.environments["environment"]["status"] = "INVALID"
    assert reason_of(region, "invalid") == "ACTION_REQUIRED"


def test_no_instance_type_large_enough_is_a_reason_and_starts_nothing(play):
    async def scenario(world):
        large = world.submit("pass", container=WIDE)
        resources = world.region.environments["environment"]["computeResources"]
        resources.update(type="EC2", instanceTypes=["c5.large"], maxvCpus=64)
        await until(lambda: blocks(world))
        assert (large.status, large.blocked) == ("RUNNABLE", TOO_LARGE)
        assert large.detail["statusReason"].endswith("can be met by the CE(s) attached to the job queue.")

    play(scenario)


def test_who_moves_up_when_the_head_is_cancelled_is_at_its_place_since_then(play):
    async def scenario(world):
        wide = world.submit("pass", container=WIDE)
        behind = [world.submit("pass", container=WIDE) for _ in range(2)]
        await until(lambda: behind[-1].status == "RUNNABLE")
        await asyncio.sleep(0.05)
        world.engine.cancel(wide, "enough")
        found = queue_snapshot.snapshot(world.region, {"jobQueue": "queue"}, 0)["frontOfQueue"]["jobs"]
        assert [one["jobArn"] for one in found] == [job.detail["jobArn"] for job in behind]
        assert {one["earliestTimeAtPosition"] for one in found} == {wide.detail["stoppedAt"]}

    play(scenario)


def test_a_job_that_another_overtakes_no_longer_blocks():
    fair = {"shareDistribution": [], "shareDecaySeconds": 0, "computeReservation": 0}
    region = region_with_queue(fairshare=fair)
    job = waiting(region, "low", vcpus="8", memory="16384", shareIdentifier="a", schedulingPriorityOverride=1)

    settings = Settings(None, None, lambda: 1_000)
    assert [one.job.id for one in heads.stuck(region, lambda _: None, settings)] == ["low"]
    higher = waiting(
        region, "high", vcpus="8", memory="16384", shareIdentifier="a", schedulingPriorityOverride=9
    )
    assert [one.job for one in heads.stuck(region, lambda _: None, settings)] == [higher]
    assert (job.blocked, "statusReason" in job.detail) == ("", False)
