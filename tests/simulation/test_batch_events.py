"""Events of the simulated AWS Batch have the shape of the recorded ones, and Pulse reads what happened."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pulse.domain.job.event import parse
from tests.simulation.batch_job import Job
from tests.simulation.batch_outcome import Outcome, not_pulled, out_of_memory
from tests.simulation.batch_world import EC2, FARGATE, LIMITED, World, reclaimed_on_instance

EVENTS = Path(__file__).parent.parent / "events"
DATA = {"environment", "parameters", "tags"}
"""Members whose own members are names that somebody chose."""


def of_usual_run(queue: str) -> Iterator[tuple[dict[str, Any], Job, int]]:
    """Each event of many jobs, its job, and how many attempts that had made by then."""
    world = World(blocked=0.2)
    for number in range(150):
        world.submit(f"job-{number}", queue)
    world.submit("array", queue, arrayProperties={"size": 20})
    for event in world.end():
        yield event, world.service.jobs[event["detail"]["jobId"]], len(event["detail"]["attempts"])


@pytest.mark.parametrize("queue", [FARGATE, EC2])
def test_should_be_read_as_what_happened(queue):
    seen = set()
    for event, job, made in of_usual_run(queue):
        found = parse(event["detail"])
        seen.add((event["detail-type"], found.status))
        assert found.batch_job_id == job.id
        assert (found.job_name, found.queue_arn) == (job.name, queue)
        assert found.named_job_id == job.pulse_job_id == f"batch-{job.name}"
        assert len(found.attempts) == made
        assert found.runs_training
        assert found.child == job.index
        assert (found.vcpus, found.memory_mib, found.timeout_seconds) == ("1", 2048, 3600)
        assert found.tags == {"Project": "Pulse"}
        if found.status in {"SUCCEEDED", "FAILED"}:
            assert found.status == job.status
            assert found.stopped_at
        if found.status == "SUCCEEDED" and not job.size:
            assert found.exit_code == 0
            assert found.ran_seconds
        if found.status in {"SUCCEEDED", "FAILED"} and found.attempts:
            assert found.exit_code == found.attempts[-1].exit_code == job.outcome.exit_code
            assert found.reason == job.outcome.reason
    changes = {"PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED"}
    assert seen == {
        *(("Batch Job State Change", status) for status in changes),
        ("Batch Job Queue Blocked", "RUNNABLE"),
    }


def test_should_lead_through_the_states_in_their_order():
    world = World(reclaimed_on_instance(), Outcome(60.0))
    job = world.submit(queue=EC2)
    found = [parse(event["detail"]) for event in world.end()]
    first = ["RUNNABLE", "STARTING", "RUNNING"]
    assert [one.status for one in found] == [*first, *first, "SUCCEEDED"]
    assert [len(one.attempts) for one in found] == [0, 0, 0, 1, 1, 1, 2]
    assert len({event["id"] for event in world.events}) == len(world.events)
    assert job.attempts[0]["statusReason"].startswith("Host EC2 (instance i-")
    assert all(one.ran_seconds for one in found[-1].attempts)


def recorded(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    return found


def keys(value: Any, path: str = "") -> set[str]:
    """The path of every member."""
    if isinstance(value, list):
        return set().union(*(keys(one, f"{path}[]") for one in value))
    if not isinstance(value, dict):
        return set()
    below = (
        keys(one, f"{path}.{name}") | {f"{path}.{name}"} for name, one in value.items() if name not in DATA
    )
    return set().union({f"{path}.{name}" for name in value}, *below)


def last(world: World, status: str) -> dict[str, Any]:
    return next(event for event in reversed(world.end()) if event["detail"]["status"] == status)


SITUATIONS = {
    "batch_runnable": (Outcome(60.0), FARGATE, "RUNNABLE"),
    "batch_running": (Outcome(60.0), FARGATE, "RUNNING"),
    "batch_succeeded": (Outcome(60.0), FARGATE, "SUCCEEDED"),
    "batch_failed_exit_code": (Outcome(60.0, 67), FARGATE, "FAILED"),
    "batch_failed_out_of_memory": (out_of_memory(60.0), FARGATE, "FAILED"),
    "batch_failed_timeout": (Outcome(7200.0), FARGATE, "FAILED"),
    "batch_failed_spot_reclaimed_ec2": (reclaimed_on_instance(), EC2, "FAILED"),
    "batch_failed_image_tag_missing_ec2": (not_pulled("image"), EC2, "FAILED"),
}


@pytest.mark.parametrize("name", SITUATIONS)
def test_should_have_the_keys_of_a_recorded_event(name):
    outcome, queue, status = SITUATIONS[name]
    world = World(outcome)
    world.submit(queue=queue)
    assert keys(last(world, status)) == keys(recorded(name))


def test_should_have_the_keys_of_a_recorded_event_when_tried_again():
    world = World(Outcome(60.0, 75), Outcome(60.0))
    rule = {"onStatusReason": "Essential*", "onReason": "*", "action": "RETRY"}
    world.submit(retryStrategy={"attempts": 3, "evaluateOnExit": [rule]})
    again = last(world, "RUNNABLE")
    before = recorded("batch_retried_runnable")
    # Where the next attempt will run is not known yet.
    assert keys(again) == keys(before)


def test_should_have_the_keys_of_a_recorded_event_of_an_array():
    world = World(Outcome(60.0, 1))
    array = world.submit(arrayProperties={"size": 4})
    events = {event["detail"]["jobId"]: event for event in world.end()}
    parent, child = events[array.id], events[f"{array.id}:3"]
    assert keys(parent) == keys(recorded("batch_failed_array_parent"))
    assert keys(child) == keys(recorded("batch_failed_array_child"))
    assert parent["detail"]["arrayProperties"]["statusSummary"]["FAILED"] == 4
    assert parent["detail"]["statusReason"] == "Array Child Job failed"


def test_should_have_the_keys_of_a_recorded_event_of_a_dependent_job():
    world = World(Outcome(60.0, 1))
    first = world.submit("first")
    after = world.submit("after", dependsOn=[{"jobId": first.id}])
    world.end()
    assert after.status == "FAILED"
    assert keys(world.events[-1]) == keys(recorded("batch_failed_dependency"))


def test_should_have_the_keys_of_a_recorded_event_of_a_stopped_job():
    world = World(Outcome(3000.0))
    running, waiting = world.submit("running"), world.submit("waiting")
    world.until(running, "RUNNING")
    world.service.terminate(running.id, "Stopped from the console")
    again = world.submit("again")
    world.service.terminate(again.id, "Cancelled through Pulse: wrong period")
    assert keys(world.events[-1]) == keys(recorded("batch_failed_cancelled_through_pulse"))
    stopped = next(
        e for e in world.end() if e["detail"]["jobId"] == running.id and "stoppedAt" in e["detail"]
    )
    assert keys(stopped) == keys(recorded("batch_failed_terminated"))
    assert waiting.status == "SUCCEEDED"


def test_should_have_the_keys_of_a_recorded_event_of_a_blocked_queue():
    world = World(Outcome(60.0), blocked=1.0)
    job = world.submit()
    events = world.end()
    blocked = next(event for event in events if event["detail-type"] == "Batch Job Queue Blocked")
    assert keys(blocked) == keys(recorded("batch_queue_blocked"))
    assert blocked["resources"] == [job.arn, FARGATE]
    assert job.status == "SUCCEEDED"
    assert "statusReason" not in events[-2]["detail"]


def test_should_have_the_keys_of_a_recorded_event_of_a_queue_that_gave_up():
    world = World(Outcome(60.0), blocked=1.0)
    for number in range(20):
        world.submit(f"job-{number}", LIMITED)
    given_up = [event for event in world.end() if event["detail"]["status"] == "FAILED"]
    assert given_up
    assert {frozenset(keys(event)) for event in given_up} == {
        frozenset(keys(recorded("batch_failed_time_limit")))
    }


@pytest.mark.parametrize("name", ["batch_succeeded", "batch_failed_array_child", "batch_queue_blocked"])
def test_should_tell_a_missing_key(name):
    whole = recorded(name)
    del whole["detail"]["container"]["image"]
    assert keys(whole) < keys(recorded(name))
