"""The contract of the ports Batch and JobQueues, on every AWS Batch there is: the simulated one, that of the
AWS on this machine, and, where PULSE_CONTRACT_BATCH names a queue and a job definition of an account (their
ARNs, with a comma between; the image has Python, and Fargate offers 0.25 vCPU), the real one. Each gives the
same answers and raises the same errors. moto's is left out: it needs Docker.
"""

import os
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import boto3
import pytest

from localaws.instance import Instance
from pulse.aws.batch import job_queues, jobs
from pulse.domain.errors import Misconfigured, RefusedByBatch
from pulse.services.ports import batch as ports
from tests.localaws.batch_live import Stage
from tests.simulation.batch import Batch
from tests.simulation.batch_definitions import training_definition
from tests.simulation.batch_job import Job, Queue
from tests.simulation.batch_life import Pace
from tests.simulation.batch_outcome import EXITED, Outcome
from tests.simulation.batch_service import BatchService
from tests.simulation.kernel import Kernel

VARIABLE = "PULSE_CONTRACT_BATCH"
NOWHERE = str(uuid.UUID(int=0))
ENDS = ("SUCCEEDED", "FAILED")
ON_THIS_MACHINE_SECONDS, IN_AN_ACCOUNT_SECONDS, SIMULATED_SECONDS = 30.0, 900.0, 86_400.0
PROGRAM = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
time.sleep(int(sys.argv[1]))
sys.exit(int(sys.argv[2]))
"""
LONG_SECONDS = 300
"""Of a job that is stopped before."""


class Place(Protocol):
    queue: str
    definition: str
    batch: ports.Batch
    queues: ports.JobQueues

    def eventually(self, question: Callable[[], Any]) -> Any:
        """Asks until the answer is true, and returns it."""


class Simulated:
    """A job's container does what its command says, as everywhere else."""

    def __init__(self) -> None:
        self.queue = "arn:aws:batch:us-east-1:123456789012:job-queue/pulse"
        self.definition = "arn:aws:batch:us-east-1:123456789012:job-definition/training:7"
        self.kernel = Kernel(1, {})
        service = BatchService(
            self.kernel,
            [Queue(self.queue)],
            [training_definition(self.definition)],
            lambda _: None,
            outcome=_by_command,
            pace=Pace(blocked=0.0),
        )
        client: Any = Batch(self.kernel, service)
        self.batch, self.queues = jobs.Batch(lambda: client), job_queues.JobQueues(client)

    def eventually(self, question: Callable[[], Any]) -> Any:
        until = self.kernel.now + SIMULATED_SECONDS
        while not (answer := question()) and self.kernel.now < until:
            self.kernel.after(0.5, lambda: None)
            self.kernel.run(self.kernel.now + 0.5)
        return answer


class Real:
    """An AWS Batch behind boto3."""

    def __init__(self, client: Any, queue: str, definition: str, seconds: float) -> None:
        self.queue, self.definition, self._seconds = queue, definition, seconds
        self.batch, self.queues = jobs.Batch(lambda: client), job_queues.JobQueues(client)

    def eventually(self, question: Callable[[], Any]) -> Any:
        until = time.monotonic() + self._seconds
        while not (answer := question()) and time.monotonic() < until:
            time.sleep(self._seconds / 1000)
        return answer


def _by_command(job: Job, attempt: int) -> Outcome:
    *_, seconds, code = job.command
    return Outcome(float(seconds), int(code))


@pytest.fixture(scope="module")
def stage(local_aws: Instance) -> Stage:
    return Stage(local_aws)


@pytest.fixture(
    params=[
        "simulated",
        pytest.param("local", marks=pytest.mark.local),
        pytest.param(
            "account",
            marks=pytest.mark.skipif(
                not os.environ.get(VARIABLE),
                reason=f"{VARIABLE}=queue,definition tries it on a queue of the account of the environment",
            ),
        ),
    ]
)
def place(request: pytest.FixtureRequest) -> Place:
    if request.param == "simulated":
        return Simulated()
    if request.param == "account":
        queue, definition = os.environ[VARIABLE].split(",")
        return Real(boto3.client("batch"), queue, definition, IN_AN_ACCOUNT_SECONDS)
    stage: Stage = request.getfixturevalue("stage")
    found = stage.batch.describe_job_queues(jobQueues=["queue"])["jobQueues"]
    return Real(stage.batch, found[0]["jobQueueArn"], stage.definition(), ON_THIS_MACHINE_SECONDS)


@pytest.fixture
def submitted(place: Place) -> Iterator[list[str]]:
    """The ids of the test's jobs, which end with it."""
    ids: list[str] = []
    yield ids
    for job_id in ids:
        place.batch.stop(job_id, "The test is over")


@pytest.fixture
def submit(place: Place, submitted: list[str]) -> Callable[..., str]:
    def sent(seconds: int = 0, code: int = 0, **members: Any) -> str:
        job_id = place.batch.submit(asked(place, seconds, code, **members))
        submitted.append(job_id)
        return job_id

    return sent


def asked(place: Place, seconds: int = 0, code: int = 0, **members: Any) -> dict[str, Any]:
    """A job that takes so long and ends with this exit code."""
    return {
        "jobName": f"contract-{uuid.uuid4().hex}",
        "jobQueue": place.queue,
        "jobDefinition": place.definition,
        "containerOverrides": {
            "command": ["python", "-c", PROGRAM, str(seconds), str(code)],
            "resourceRequirements": [{"type": "VCPU", "value": "0.25"}, {"type": "MEMORY", "value": "512"}],
        },
        **members,
    }


def described(place: Place, job_id: str) -> Mapping[str, Any]:
    """The job, as soon as AWS Batch knows it."""
    found: Sequence[Mapping[str, Any]] = place.eventually(lambda: place.batch.describe([job_id]))
    return found[0]


def at(place: Place, job_id: str, *statuses: str) -> Mapping[str, Any]:
    """The job in one of these states."""

    def there() -> Mapping[str, Any] | None:
        job = described(place, job_id)
        return job if job["status"] in statuses else None

    found: Mapping[str, Any] | None = place.eventually(there)
    assert found is not None, described(place, job_id)
    return found


def ended(place: Place, job_id: str) -> Mapping[str, Any]:
    return at(place, job_id, *ENDS)


def test_should_describe_what_was_submitted(place, submit):
    request = {"jobName": f"contract-{uuid.uuid4().hex}", "tags": {"Project": "Pulse"}}
    job = described(place, submit(**request))
    assert job["jobName"] == request["jobName"]
    assert job["jobQueue"] == place.queue
    assert job["jobDefinition"] == place.definition
    assert job["tags"] == {"Project": "Pulse"}
    assert job["container"]["command"][:2] == ["python", "-c"]
    amounts = {one["type"]: one["value"] for one in job["container"]["resourceRequirements"]}
    assert amounts == {"VCPU": "0.25", "MEMORY": "512"}
    assert job["jobArn"].endswith(f":job/{job['jobId']}")


def test_should_describe_only_known_jobs_of_those_asked_for(place, submit):
    job_id = submit()
    described(place, job_id)
    assert [job["jobId"] for job in place.batch.describe([NOWHERE, job_id])] == [job_id]
    assert place.batch.describe([NOWHERE]) == []


def test_should_find_jobs_by_their_name_the_oldest_first(place, submit):
    name = f"contract-{uuid.uuid4().hex}"
    assert place.batch.find(place.queue, name) == []
    ids = [submit(jobName=name)]
    ended(place, ids[0])
    ids.append(submit(jobName=name))
    assert ids[0] != ids[1]
    assert place.eventually(lambda: place.batch.find(place.queue, name) == ids)
    assert place.batch.find(place.queue, name.upper()) == [], "another name, though AWS Batch lists it"


def test_should_say_how_a_job_ended_well(place, submit):
    job = ended(place, submit())
    assert (job["status"], job["statusReason"]) == ("SUCCEEDED", EXITED)
    [attempt] = job["attempts"]
    assert attempt["container"]["exitCode"] == job["container"]["exitCode"] == 0
    assert attempt["container"]["logStreamName"] == job["container"]["logStreamName"]
    assert job["createdAt"] <= job["startedAt"] <= job["stoppedAt"]


@pytest.mark.parametrize(
    ("strategy", "attempts"),
    [
        ({"attempts": 1}, 1),
        ({"attempts": 2}, 2),
        ({"attempts": 2, "evaluateOnExit": [{"onExitCode": "65", "action": "EXIT"}]}, 1),
        ({"attempts": 2, "evaluateOnExit": [{"onStatusReason": "Host EC2*", "action": "EXIT"}]}, 2),
        ({"attempts": 2, "evaluateOnExit": [{"onReason": "*", "action": "EXIT"}]}, 1),
        ({"attempts": 2, "evaluateOnExit": [{"onReason": "A*", "action": "EXIT"}]}, 2),
    ],
)
def test_should_try_again_as_the_strategy_says(place, submit, strategy, attempts):
    job = ended(place, submit(code=65, retryStrategy=strategy))
    assert (job["status"], job["statusReason"]) == ("FAILED", EXITED)
    assert [attempt["container"]["exitCode"] for attempt in job["attempts"]] == [65] * attempts


def test_should_stop_a_job_that_was_just_submitted(place, submit):
    job_id = submit(LONG_SECONDS)
    place.batch.stop(job_id, "Cancelled through Pulse: wrong period")
    job = ended(place, job_id)
    assert (job["status"], job["statusReason"]) == ("FAILED", "Cancelled through Pulse: wrong period")


def test_should_stop_a_running_job(place, submit):
    job_id = submit(LONG_SECONDS, retryStrategy={"attempts": 3})
    at(place, job_id, "RUNNING")
    place.batch.stop(job_id, "enough")
    place.batch.stop(job_id, "again")
    job = ended(place, job_id)
    assert job["status"] == "FAILED"
    assert job["isTerminated"]
    assert len(job["attempts"]) == 1
    assert job["attempts"][0]["container"]["exitCode"] in {137, 143}


def test_should_stop_a_job_that_waits_for_others_after_them(place, submit):
    first = submit(LONG_SECONDS)
    after = submit(dependsOn=[{"jobId": first}])
    at(place, after, "PENDING")
    place.batch.stop(after, "enough")
    assert described(place, after)["status"] == "PENDING"
    place.batch.stop(first, "this too")
    assert ended(place, after)["status"] == "FAILED"
    assert described(place, after)["attempts"] == []


def test_should_leave_an_ended_job_as_it_is(place, submit):
    job_id = submit()
    before = ended(place, job_id)
    place.batch.stop(job_id, "too late")
    assert described(place, job_id) == before


def test_should_say_nothing_when_there_is_nothing_to_stop(place):
    place.batch.stop(NOWHERE, "enough")
    assert place.batch.describe([NOWHERE]) == []


@pytest.mark.parametrize(
    "members",
    [
        {"jobName": "no name"},
        {"jobName": "x" * 129},
        {"jobQueue": "nowhere"},
        {"jobDefinition": "nothing:1"},
        {"shareIdentifier": "team"},
        {"schedulingPriorityOverride": 1},
        {"retryStrategy": {"attempts": 11}},
        {"retryStrategy": {"attempts": 2, "evaluateOnExit": [{"onExitCode": "1", "action": "EXIT"}] * 6}},
        {"timeout": {"attemptDurationSeconds": 59}},
        {"tags": {f"tag{number}": "" for number in range(51)}},
        {"containerOverrides": {"environment": [{"name": "AWS_BATCH_JOB_ID", "value": "mine"}]}},
        {"arrayProperties": {"size": 1}},
        {"arrayProperties": {"size": 10_001}},
        {"dependsOn": [{"jobId": NOWHERE}]},
        {"dependsOn": [{"type": "SEQUENTIAL"}]},
    ],
    ids=str,
)
def test_should_refuse_what_is_no_job(place, submitted, members):
    with pytest.raises(RefusedByBatch):
        submitted.append(place.batch.submit(asked(place) | members))


def test_should_not_send_what_is_no_request(place):
    with pytest.raises(Misconfigured, match="jobQueue"):
        place.batch.submit({"jobName": "job", "jobDefinition": place.definition})


def test_should_not_look_into_a_queue_that_is_not_there(place):
    with pytest.raises(Misconfigured, match="does not exist"):
        place.batch.find("nowhere", "job")
    with pytest.raises(Misconfigured, match="does not exist"):
        place.queues.snapshot("nowhere")


def test_should_say_what_runs_in_a_queue(place, submit):
    at(place, submit(LONG_SECONDS), "RUNNING")
    [usage] = place.queues.snapshot(place.queue).in_use
    assert (usage.unit, usage.share) == ("VCPU", "")
    assert usage.quantity >= 0.25


def test_should_run_the_children_of_an_array_and_find_it_only(place, submit):
    name = f"contract-{uuid.uuid4().hex}"
    array = submit(jobName=name, arrayProperties={"size": 2})
    parent = ended(place, array)
    assert (parent["status"], parent["attempts"]) == ("SUCCEEDED", [])
    assert parent["arrayProperties"]["size"] == 2
    summary = parent["arrayProperties"]["statusSummary"]
    assert {status: count for status, count in summary.items() if count} == {"SUCCEEDED": 2}
    children = place.batch.describe([f"{array}:{index}" for index in range(2)])
    assert [child["arrayProperties"]["index"] for child in children] == [0, 1]
    assert {child["status"] for child in children} == {"SUCCEEDED"}
    assert place.eventually(lambda: place.batch.find(place.queue, name) == [array])


def test_should_fail_an_array_of_which_a_child_fails(place, submit):
    parent = ended(place, submit(code=67, arrayProperties={"size": 2}))
    assert (parent["status"], parent["statusReason"]) == ("FAILED", "Array Child Job failed")


def test_should_stop_an_array_with_its_children(place, submit):
    array = submit(LONG_SECONDS, arrayProperties={"size": 2})
    at(place, f"{array}:0", "RUNNING")
    place.batch.stop(array, "enough")
    parent = ended(place, array)
    assert (parent["status"], parent["statusReason"]) == ("FAILED", "enough")
    children = place.batch.describe([f"{array}:{index}" for index in range(2)])
    assert [(child["status"], child["statusReason"]) for child in children] == [("FAILED", "enough")] * 2


def test_should_run_what_depends_on_a_job_after_it(place, submit):
    first = submit(arrayProperties={"size": 2})
    after = ended(place, submit(dependsOn=[{"jobId": first}]))
    assert after["status"] == "SUCCEEDED"
    assert described(place, first)["stoppedAt"] <= after["startedAt"]
    assert after["dependsOn"] == [{"jobId": first}]


def test_should_fail_what_depends_on_a_failed_job(place, submit):
    first = submit(code=67)
    after = ended(place, submit(dependsOn=[{"jobId": first}]))
    assert (after["status"], after["statusReason"]) == ("FAILED", "Dependent Job failed")
    assert after["attempts"] == []
    assert "startedAt" not in after


def test_should_run_children_one_after_the_other(place, submit):
    array = submit(arrayProperties={"size": 2}, dependsOn=[{"type": "SEQUENTIAL"}])
    assert ended(place, array)["status"] == "SUCCEEDED"
    first, second = place.batch.describe([f"{array}:{index}" for index in range(2)])
    assert first["stoppedAt"] <= second["startedAt"]


def test_should_run_each_child_after_its_like(place, submit):
    first = submit(arrayProperties={"size": 2})
    second = submit(arrayProperties={"size": 2}, dependsOn=[{"jobId": first, "type": "N_TO_N"}])
    assert ended(place, second)["status"] == "SUCCEEDED"
    befores = place.batch.describe([f"{first}:{index}" for index in range(2)])
    afters = place.batch.describe([f"{second}:{index}" for index in range(2)])
    for before, after in zip(befores, afters, strict=True):
        assert before["stoppedAt"] <= after["startedAt"]


def test_should_refuse_arrays_of_different_sizes_child_by_child(place, submit, submitted):
    first = submit(arrayProperties={"size": 2})
    dependency = {"jobId": first, "type": "N_TO_N"}
    with pytest.raises(RefusedByBatch):
        submitted.append(
            place.batch.submit(asked(place, arrayProperties={"size": 3}, dependsOn=[dependency]))
        )
