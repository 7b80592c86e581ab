"""Failures on demand: how attempts end, and what retries make of it."""

import pytest

from localaws.batch.border import control
from localaws.batch.running.faults import FAULTS, Faults, Rule
from tests.localaws.batch_world import region_with_queue, waiting

SLEEPS = "import time; time.sleep(60)"
EXITS_143 = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
print('up', flush=True)
time.sleep(60)
"""
EXITS_0 = EXITS_143.replace("143", "0")
GOES_ON = "import os, time; time.sleep(0 if os.environ['AWS_BATCH_JOB_ATTEMPT'] != '1' else 60)"


def order(world, **document):
    assert control.check(document) == []
    control.put(world.engine, document)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("image-not-found", "failed to resolve ref image: not found"),
        ("image-forbidden", "is not authorized to perform: ecr:BatchGetImage"),
        ("image-rate-limited", "toomanyrequests: You have reached your pull rate limit"),
    ],
)
def test_an_image_is_not_pulled_for_each_reason_that_aws_gives(play, how, words):
    async def scenario(world):
        order(world, jobs=[{"how": how}])
        job = await world.until(world.submit("pass"))
        assert (job.status, job.detail["statusReason"]) == ("FAILED", "Task failed to start")
        [attempt] = job.attempts
        assert "exitCode" not in attempt["container"]
        assert attempt["container"]["reason"].startswith("CannotPullContainerError: ")
        assert words in attempt["container"]["reason"]
        assert world.aws.statuses(job) == ["RUNNABLE", "STARTING", "FAILED"]

    play(scenario)


@pytest.mark.parametrize(
    ("code", "status", "exit_code"),
    [(SLEEPS, "FAILED", 137), (EXITS_143, "FAILED", 143), (EXITS_0, "SUCCEEDED", 0)],
    ids=["with no handler", "with a handler", "with a handler that says all is well"],
)
def test_fargate_spot_takes_its_capacity_back_with_a_warning(play, code, status, exit_code):
    async def scenario(world):
        order(world, jobs=[{"how": "spot-fargate", "after_seconds": 1}])
        job = await world.until(world.submit(code))
        assert (job.status, job.task["exitCode"]) == (status, exit_code)
        assert job.detail["statusReason"] == "Your Spot Task was interrupted."

    play(scenario)


@pytest.mark.parametrize(("how", "word"), [("spot-ec2", "terminated"), ("host-lost", "stopped")])
def test_with_its_host_an_attempt_loses_its_exit_code(play, how, word):
    async def scenario(world):
        order(world, jobs=[{"how": how}])
        job = await world.until(world.submit(EXITS_0))
        assert job.status == "FAILED"
        reason = job.detail["statusReason"]
        assert reason == f"Host EC2 (instance i-{job.id.replace('-', '')[:17]}) {word}."
        [attempt] = job.attempts
        assert "exitCode" not in attempt["container"]
        assert "startedAt" in attempt
        assert "exitCode" not in job.task

    play(scenario)


def test_memory_runs_out_on_demand(play):
    async def scenario(world):
        order(world, jobs=[{"how": "out-of-memory"}])
        job = await world.until(world.submit(SLEEPS))
        assert job.task["exitCode"] == 137
        assert job.task["reason"] == "OutOfMemoryError: Container killed due to memory usage"
        assert job.detail["statusReason"] == "Essential container in task exited"

    play(scenario)


@pytest.mark.parametrize(
    ("how", "again"),
    [
        *((how, True) for how in ("spot-ec2", "spot-fargate", "host-lost", "start-timed-out")),
        *((how, False) for how in ("out-of-memory", "image-not-found", "image-forbidden")),
    ],
)
def test_evaluate_on_exit_decides_over_what_fails_on_demand(play, how, again):
    rules = [
        {"action": "EXIT", "onStatusReason": "Essential container in task exited*", "onExitCode": "*"},
        {"action": "EXIT", "onReason": "Cannot*"},
    ]

    async def scenario(world):
        order(world, jobs=[{"how": how, "times": 1}])
        job = world.submit(GOES_ON, retryStrategy={"attempts": 3, "evaluateOnExit": rules})
        await world.until(job)
        assert (job.status, len(job.attempts)) == (("SUCCEEDED", 2) if again else ("FAILED", 1))

    play(scenario)


def test_a_process_that_ends_before_its_fate_ends_well(play):
    async def scenario(world):
        order(world, jobs=[{"how": "spot-ec2", "after_seconds": 60}])
        job = await world.until(world.submit("pass"))
        assert (job.status, job.task["exitCode"]) == ("SUCCEEDED", 0)

    play(scenario)


def test_a_rule_is_for_the_jobs_and_the_queue_that_it_names_and_for_so_many_attempts():
    region = region_with_queue()
    first, second, other = (waiting(region, name) for name in ("a-1", "a-2", "b"))
    faults = Faults([Rule("spot-ec2", job="a-*", queue="que*", times=1), Rule("host-lost", queue="nowhere")])
    assert faults.of_attempt(other) is None
    assert faults.of_attempt(first).fault == FAULTS["spot-ec2"]
    assert faults.of_attempt(second) is None
    first.attempts.append({})
    assert faults.of_attempt(first) is None


def test_the_first_rule_that_fits_decides_and_a_child_has_its_own_id():
    region = region_with_queue()
    child = waiting(region, "array")
    child.detail["jobId"] = "parent:3"
    faults = Faults([Rule("spot-ec2", job="*:3"), Rule("host-lost", job="array")])
    assert faults.of_attempt(child).fault == FAULTS["spot-ec2"]
    assert faults.of_attempt(waiting(region, "array")).fault == FAULTS["host-lost"]


def test_all_faults_of_a_document_are_named_at_once():
    document = {
        "jobs": [{"how": "magic", "times": 0, "color": 1}, {"job": 3}, "x"],
        "events": {"drop": 2, "seed": "s"},
    }
    found = "\n".join(control.check(document))
    for words in (
        "jobs[0] has no 'color': it has how, job, queue, times, after_seconds",
        "jobs[0].how must be one of image-not-found, ",
        "jobs[0].times must be a whole number of at least 1, or null, found 0",
        "jobs[1].how is required: one of ",
        "jobs[1].job must be a glob, found 3",
        'jobs[2] must be an object, found "x"',
        "events.drop must be a number from 0 to 1, found 2",
        'events.seed must be a whole number, found "s"',
    ):
        assert words in found
    assert control.check([]) == ["the document must be an object, found []"]
    assert control.check({"job": []}) == ["the document has no 'job': it has jobs, events"]
