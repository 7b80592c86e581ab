"""The life of jobs in the simulated AWS Batch, and that the same seed leads them the same way."""

import json
from itertools import pairwise
from typing import Any

import pytest

from pulse.domain.job.event import parse
from pulse.domain.plan.claim import LISTED_WITHIN
from tests.simulation.batch import Batch
from tests.simulation.batch_job import Job
from tests.simulation.batch_life import Pace
from tests.simulation.batch_outcome import DUPLICATE, Outcome, reclaimed, tries_again
from tests.simulation.batch_service import KEPT_SECONDS, BatchService
from tests.simulation.batch_world import (
    DEFINITIONS,
    EC2,
    FARGATE,
    FOREVER,
    LIMITED,
    QUEUES,
    World,
    reclaimed_on_instance,
    request,
)
from tests.simulation.kernel import START, Invocation, Kernel


def test_should_happen_again_from_the_same_seed():
    def story(seed: int, *, without: int | None = None) -> list[str]:
        world = World(seed=seed, blocked=0.2)
        for number in range(30):
            if number != without:
                world.submit(f"job-{number % 20}")
        return [json.dumps(event, sort_keys=True) for event in world.end()]

    assert story(1) == story(1)
    assert story(1) != story(2)
    others = [event for event in story(1) if '"batch-job-15"' not in event]
    assert story(1, without=15) == others, "to leave one out changes nothing for the others"


def test_should_give_two_of_one_name_two_ids():
    world = World(Outcome(60.0))
    one, other = world.submit(), world.submit()
    assert one.id != other.id
    assert world.service.by_pulse_id["batch-job"] == [one, other] == world.service.by_name["job"]


def test_should_list_every_job_in_time_and_some_late():
    world = World(Outcome(60.0))
    jobs = [world.submit(f"job-{number}") for number in range(300)]
    lags = sorted(job.listed_at for job in jobs)
    assert 0 <= lags[0] < lags[270] < 3.0 < lags[-1] < LISTED_WITHIN.total_seconds()
    assert world.service.listed(FARGATE, "job-1") == []
    world.later(60.0)
    assert [len(world.service.listed(FARGATE, f"JOB-{number}")) for number in range(300)] == [1] * 300


def test_should_describe_most_jobs_at_once_and_all_soon():
    world = World(Outcome(60.0))
    ids = [world.submit(f"job-{number}").id for number in range(100)]
    assert 50 < len(world.service.described(ids)) < 100
    world.later(1.0)
    assert [job["jobId"] for job in world.service.described(ids)] == ids


def test_should_forget_an_ended_job_after_a_week():
    world = World(Outcome(60.0))
    job = world.submit()
    world.end()
    world.later(KEPT_SECONDS - 60.0)
    assert world.service.described([job.id])
    assert world.service.listed(FARGATE, "job")
    world.later(61.0)
    assert world.service.described([job.id]) == world.service.listed(FARGATE, "job") == []


def test_should_go_on_before_the_answer_of_some_submissions():
    world = World(Outcome(60.0))
    client = Batch(world.kernel, world.service)
    early = []

    def ended(invocation: Invocation) -> None:
        early.append(any(one["detail"]["jobId"] == invocation.answer["jobId"] for one in world.events))

    for number in range(100):
        one = request(f"job-{number}")
        world.kernel.start(f"submit {number}", lambda one=one: client.submit_job(**one), ended)
    world.end()
    assert 1 <= sum(early) <= 50


def test_should_let_the_container_say_how_it_ends():
    began = []

    def run(job: Job, attempt: int) -> Outcome | None:
        began.append((job.environment["AWS_BATCH_JOB_ID"], attempt))
        return Outcome(2.0, DUPLICATE) if len(began) > 1 else None

    exits: list[tuple[str, int | None]] = []
    kernel = Kernel(1, {})
    service = BatchService(
        kernel,
        QUEUES,
        DEFINITIONS.values(),
        lambda _: None,
        outcome=lambda _job, _attempt: Outcome(900.0),
        run=run,
        exited=lambda job, outcome: exits.append((job.id, outcome.exit_code)),
        pace=Pace(blocked=0.0),
    )
    ends = []
    service.watchers.append(lambda job: ends.append((job.id, job.status)))
    ids = [service.submit(request("job")).id for _ in range(2)]
    kernel.run(FOREVER)
    (first, _), (second, _) = began
    assert {first, second} == set(ids)
    assert exits == [(second, DUPLICATE), (first, 0)]
    assert ends == [*((one, "SUBMITTED") for one in ids), (second, "FAILED"), (first, "SUCCEEDED")]


def test_should_not_try_a_stopped_job_again():
    world = World(Outcome(600.0, 1))
    jobs = [world.submit(f"job-{number}", retryStrategy={"attempts": 3}) for number in range(40)]
    for job in jobs:
        # Some end by themselves before the signal comes.
        world.until(job, "RUNNING")
        ran = world.kernel.now - (job.started_ms / 1000 - START.timestamp())
        world.kernel.after(595.0 - ran, lambda job=job: world.service.terminate(job.id, "enough"))
    world.end()
    assert {(job.status, job.status_reason, len(job.attempts)) for job in jobs} == {("FAILED", "enough", 1)}
    assert {job.attempts[0]["container"]["exitCode"] for job in jobs} == {1, 137, 143}


def test_should_know_jobs_of_other_programs():
    world = World(Outcome(60.0, 65))
    job = world.service.submit_foreign("nightly-report", EC2)
    assert job.is_foreign
    found = parse(world.end()[-1]["detail"])
    assert (found.named_job_id, found.runs_training, found.exit_code) == ("", False, 65)
    assert world.service.by_pulse_id == {}


def test_should_count_what_runs_in_a_queue():
    world = World(Outcome(600.0))
    jobs = [world.submit(f"job-{number}") for number in range(3)]
    for job in jobs:
        world.until(job, "RUNNING")
    used = world.service.snapshot(FARGATE)["queueUtilization"]["totalCapacityUsage"]
    assert used == [{"capacityUnit": "VCPU", "quantity": 3.0}]
    world.end()
    used = world.service.snapshot(FARGATE)["queueUtilization"]["totalCapacityUsage"]
    assert used == [{"capacityUnit": "VCPU", "quantity": 0.0}]


def test_should_say_since_when_a_job_is_at_its_place():
    world = World(Outcome(60.0), waiting=(100.0, 100.0))
    first, second = world.submit("first"), world.submit("second")
    world.until(first, "RUNNABLE")
    world.until(second, "RUNNABLE")
    world.until(min(first, second, key=lambda job: job.runnable_ms), "STARTING")
    left = max(first, second, key=lambda job: job.runnable_ms)
    [place] = world.service.snapshot(FARGATE)["frontOfQueue"]["jobs"]
    assert place["jobArn"] == left.arn
    assert place["earliestTimeAtPosition"] == left.line.left_ms > left.runnable_ms


def test_should_fail_the_children_that_wait_for_an_array_that_never_ran():
    world = World(Outcome(60.0, 1))
    failing = world.submit("failing")
    first = world.submit("first", arrayProperties={"size": 2}, dependsOn=[{"jobId": failing.id}])
    second = world.submit(
        "second", arrayProperties={"size": 2}, dependsOn=[{"jobId": first.id, "type": "N_TO_N"}]
    )
    world.end()
    assert (first.children, first.status) == ([], "FAILED")
    assert [child.status_reason for child in second.children] == ["Dependent Job failed"] * 2
    assert (second.status, second.status_reason) == ("FAILED", "Array Child Job failed")


def test_should_lead_every_job_to_one_end_whatever_happens():
    """Jobs, arrays and dependencies, many of them stopped at any moment."""
    world = World(blocked=0.2)

    def stop(job: Job) -> None:
        world.service.terminate(job.id, "enough")

    jobs: list[Job] = []
    for number in range(300):
        waits = [{"jobId": jobs[number - 1].id}] if number % 5 == 1 else []
        array = {"arrayProperties": {"size": 3}} if number % 7 == 0 else {}
        jobs.append(world.submit(f"job-{number}", dependsOn=waits, **array))
        if number % 2 == 0:
            seconds = 600 * world.kernel.chance("stop", number)
            world.kernel.after(seconds, lambda job=jobs[-1]: stop(job))
            world.kernel.after(seconds + 1, lambda job=jobs[-1]: stop(job))
    told: dict[str, list[dict[str, Any]]] = {}
    for event in world.end():
        if event["detail-type"] == "Batch Job State Change":
            told.setdefault(event["detail"]["jobId"], []).append(event["detail"])
    assert told.keys() == world.service.jobs.keys()
    for details in told.values():
        ends = [one for one in details if one["status"] in {"SUCCEEDED", "FAILED"}]
        assert ends == details[-1:]
        made = [len(one["attempts"]) for one in details]
        assert made == sorted(made)
    assert len({job.status for job in world.service.jobs.values()}) == 2
    snapshot = world.service.snapshot(FARGATE)
    assert snapshot["frontOfQueue"]["jobs"] == []
    assert snapshot["queueUtilization"]["totalCapacityUsage"][0]["quantity"] == 0


def test_should_have_children_of_one_array_wait_for_those_of_another():
    world = World(Outcome(60.0))
    first = world.submit("first", arrayProperties={"size": 3})
    second = world.submit(
        "second", arrayProperties={"size": 3}, dependsOn=[{"jobId": first.id, "type": "N_TO_N"}]
    )
    third = world.submit("third", arrayProperties={"size": 3}, dependsOn=[{"type": "SEQUENTIAL"}])
    world.end()
    assert {first.status, second.status, third.status} == {"SUCCEEDED"}
    for before, after in zip(first.children, second.children, strict=True):
        assert before.stopped_ms <= after.started_ms
    for before, after in pairwise(third.children):
        assert before.stopped_ms <= after.started_ms


@pytest.mark.parametrize(
    ("outcome", "rules", "again"),
    [
        (Outcome(1.0), [], False),
        (Outcome(1.0, 1), [], True),
        (Outcome(1.0, 1), [{"onExitCode": "1", "action": "exit"}], False),
        (Outcome(1.0, 10), [{"onExitCode": "1", "action": "exit"}], True),
        (Outcome(1.0, 10), [{"onExitCode": "1*", "action": "exit"}], False),
        (Outcome(1.0, None), [{"onExitCode": "0", "action": "exit"}], True),
        (Outcome(1.0, 1), [{"onReason": "*", "action": "exit"}], False),
        (reclaimed_on_instance(), [{"onStatusReason": "host ec2*", "action": "retry"}], True),
        (Outcome(1.0, 137, is_last=True), [], False),
    ],
)
def test_should_try_again_as_the_rules_say(outcome, rules, again):
    assert tries_again({"attempts": 2, "evaluateOnExit": rules}, 1, outcome) is again
    assert not tries_again({"attempts": 2, "evaluateOnExit": rules}, 2, outcome)


def test_should_interrupt_spot_tasks_in_the_words_of_the_platform():
    world = World(Outcome(60.0))
    on_fargate, on_ec2 = world.submit("fargate"), world.submit("ec2", EC2)
    assert reclaimed(on_fargate, 1.0).status_reason == "Your Spot Task was interrupted."
    assert reclaimed(on_ec2, 1.0).status_reason.startswith("Host EC2 (instance i-")


def test_should_never_give_up_for_no_known_reason():
    world = World(Outcome(60.0), blocked=1.0)
    for number in range(30):
        world.submit(f"job-{number}", LIMITED)
    blocked = [event["detail"] for event in world.end() if event["detail-type"] == "Batch Job Queue Blocked"]
    unknown = [world.service.jobs[one["jobId"]] for one in blocked if "UNDETERMINED" in one["statusReason"]]
    assert {job.status for job in unknown} == {"SUCCEEDED"}
