"""What a lost event left behind, found and repaired through the functions' real entry points."""

import json
from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import boto3
import pytest
from msgspec import structs

from lambdas import on_job_event, reconcile_jobs, submit_job
from pulse.domain.job.drift import END_UNKNOWN
from pulse.domain.job.record import JobRecord
from tests.functional.api import Api
from tests.functional.conftest import QUEUE_ARN, START

JOB = "batch-20260302093000-0a1b2c3d"
BATCH_JOB = "4c7599ae-0a82-49aa-ba5a-4727fcce14a8"
NOTHING = {"looked_up": 0, "repaired": 0, "blocked": 0, "resumed": 0, "given_up": 0, "floods": 0}


@dataclass
class World:
    """`alerts` gives those that went out since it was last asked."""

    ledger: Any
    batch: Any
    clock: Any
    alerts: Any
    settings: Any
    context: Any
    event: Any
    sqs_event: Any

    def compare(self):
        """What reconcile_jobs found that is not zero."""
        found = reconcile_jobs.handler({}, self.context)
        assert found.keys() == NOTHING.keys()
        return {name: count for name, count in found.items() if count}

    def waiting(self):
        """The bodies of what was put into the two queues, which are empty then, by the queue's name."""
        sqs, bodies = boto3.client("sqs"), {"events": [], "drops": []}
        for url in (self.settings.job_events_queue, self.settings.reruns_queue):
            while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
                bodies[url.rpartition("/")[2]] += [message["Body"] for message in found]
                for message in found:
                    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return bodies

    def deliver(self):
        """Hands on what is in the queues, without a failure; how many messages."""
        bodies = self.waiting()
        for name, handler in {"events": on_job_event.handler, "drops": submit_job.handler}.items():
            if bodies[name]:
                answer = handler(self.sqs_event(*bodies[name]), self.context)
                assert answer == {"batchItemFailures": []}
        return sum(map(len, bodies.values()))

    def knows(self, status="SUBMITTED", **more):
        """The ledger has a job in this state."""
        record = JobRecord(
            job_id=JOB,
            status=status,
            created_at=START,
            batch_job_id=BATCH_JOB,
            job_name="pulse-retrodiction-20260302093000-0a1b2c3d",
            queue="fifo",
            vcpus="1",
            memory_mib=2048,
            results_bucket="pulse-results",
        )
        known = structs.replace(record, **more)
        assert self.ledger.create(known)
        if known.array_size and known.is_terminal:
            self.ledger.note_ended_array(known.job_id, now=self.clock())

    def says(self, name, **changes):
        """AWS Batch says of a job what a recorded event says."""
        detail = deepcopy(self.event(name)["detail"]) | {"jobQueue": QUEUE_ARN} | changes
        self.batch.described[detail["jobId"]] = detail


@pytest.fixture
def settings(settings):
    sqs = boto3.client("sqs")
    events, drops = (sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("events", "drops"))
    return structs.replace(settings, job_events_queue=events, reruns_queue=drops)


@pytest.fixture
def world(deployed, ledger, batch, clock, alerts, settings, context, event, sqs_event):  # noqa: PLR0913, PLR0917 - fixtures
    return World(ledger, batch, clock, alerts, settings, context, event, sqs_event)


def test_should_repair_a_job_whose_end_was_lost_and_alert_once(world):
    world.knows()
    world.says("batch_succeeded")
    world.clock.forward(hours=2)

    assert world.compare() == {"looked_up": 1, "repaired": 1}
    assert world.deliver() == 1

    record = world.ledger.record(JOB)
    assert record.status == "SUCCEEDED"
    assert record.cost_usd > 0
    assert record.changes[-1].at == record.stopped_at, "the story tells when it ended, not when it was found"
    assert [alert["job_id"] for alert in world.alerts()] == [JOB]
    assert world.compare() == {}
    assert world.deliver() == 0


def test_should_ask_nothing_of_aws_batch_as_long_as_jobs_move_as_usual(world):
    world.knows()
    world.clock.forward(minutes=5)
    assert world.compare() == {}
    world.clock.forward(seconds=1)
    assert world.compare() == {"looked_up": 1}


def test_should_wait_for_an_event_that_may_still_come(world):
    world.knows()
    world.clock.forward(hours=2)
    ended_at = world.clock() - timedelta(seconds=119)
    world.says("batch_succeeded", stoppedAt=int(ended_at.timestamp() * 1000))

    assert world.compare() == {"looked_up": 1}
    assert world.deliver() == 0
    world.clock.forward(seconds=2)
    assert world.compare() == {"looked_up": 1, "repaired": 1}


def test_should_end_a_job_that_aws_batch_has_forgotten_and_tell_once(world):
    world.knows("RUNNING")
    world.clock.forward(days=6)
    assert world.compare() == {"looked_up": 1}
    world.clock.forward(days=2)

    assert world.compare() == {"looked_up": 1, "repaired": 1}
    world.deliver()

    record = world.ledger.record(JOB)
    assert (record.status, record.status_reason) == ("FAILED", END_UNKNOWN)
    assert [alert["kind"] for alert in world.alerts()] == ["FAILED"]
    assert world.compare() == {}


@pytest.mark.long
def test_should_look_hundreds_of_jobs_up_a_hundred_at_a_time(world, monkeypatch):
    asked = []

    def described(body):
        asked.append(len(body["jobs"]))
        return {"jobs": []}

    monkeypatch.setattr(world.batch, "_describejobs", described)
    for i in range(205):
        world.knows(job_id=f"job-{i}", batch_job_id=f"aws-{i}", created_at=START + timedelta(seconds=i))
    world.clock.forward(hours=2)
    assert world.compare() == {"looked_up": 205}
    assert asked == [100, 100, 5]


def test_should_leave_alone_the_jobs_of_queues_that_are_no_longer_ours(world):
    world.knows(queue="gone")
    world.says("batch_succeeded")
    world.clock.forward(hours=2)
    assert world.compare() == {}


def test_should_note_the_children_of_an_array_that_nobody_heard_of(world):
    world.knows("PENDING", array_size=3)
    ended = int(START.timestamp() * 1000)
    world.says("batch_failed_array_parent", jobId=BATCH_JOB, stoppedAt=ended)
    for i in (0, 2):
        world.says("batch_failed_array_child", jobId=f"{BATCH_JOB}:{i}", arrayProperties={"index": i})
    world.clock.forward(hours=2)

    assert world.compare() == {"looked_up": 4, "repaired": 3}
    world.deliver()

    record = world.ledger.record(JOB)
    assert record.status == "FAILED"
    assert [child.index for child in world.ledger.children(JOB)] == [0, 2]
    assert record.cost_usd == sum(child.cost_usd for child in world.ledger.children(JOB))


def test_should_note_a_child_whose_event_was_lost_while_the_end_of_its_array_was_heard_of(world):
    world.knows("PENDING", array_size=2)
    end = world.event("batch_failed_array_parent")
    end["detail"] |= {"jobId": BATCH_JOB, "jobQueue": QUEUE_ARN}
    on_job_event.handler(world.sqs_event(end), world.context)
    for i in range(2):
        child = f"{BATCH_JOB}:{i}"
        world.says("batch_failed_array_child", jobId=child, arrayProperties={"index": i}, stoppedAt=1)
    world.clock.forward(minutes=3)

    assert world.compare() == {"looked_up": 2, "repaired": 2}
    world.deliver()

    assert len(world.ledger.children(JOB)) == 2
    assert world.compare() == {}


def test_should_count_the_children_of_an_array_that_has_just_ended_however_many_others_have(world):
    world.knows("FAILED", array_size=2)
    for i in range(101):
        world.knows("FAILED", job_id=f"job-{i}", created_at=START + timedelta(seconds=i))
    child = f"{BATCH_JOB}:1"
    world.says("batch_failed_array_child", jobId=child, arrayProperties={"index": 1}, stoppedAt=1)
    world.clock.forward(minutes=3)
    assert world.compare() == {"looked_up": 2, "repaired": 1}
    world.clock.forward(hours=2)
    assert world.compare() == {}


def test_should_tell_of_a_job_that_waits_beyond_the_dwell_time_of_its_reason(world):
    world.knows("RUNNABLE")
    world.says("batch_queue_blocked_capacity")
    world.clock.forward(minutes=20)
    assert world.compare() == {"looked_up": 1, "blocked": 1}
    world.deliver()
    assert world.alerts() == [], "heard of now, so since ten minutes"
    world.clock.forward(minutes=20)

    assert world.compare() == {"looked_up": 1, "blocked": 1}
    world.deliver()

    assert world.ledger.record(JOB).blocked_reason.startswith("CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY")
    assert [alert["kind"] for alert in world.alerts()] == ["BLOCKED"]
    world.compare()
    world.deliver()
    assert world.alerts() == []


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"status": "RUNNABLE"}, ["aws-0"]),
        ({"status": "PENDING", "array_size": 9}, ["aws-0"]),
        ({"status": "STARTING"}, []),
        ({"status": "RUNNING", "queue": "fair"}, []),
        ({"status": "RUNNING", "queue": "instances"}, ["aws-0"]),
        ({"status": "PENDING", "array_size": 9, "started_at": START}, []),
    ],
)
def test_should_count_without_a_reason_only_the_first_of_a_queue_while_nothing_is_in_its_way(
    world, other, told
):
    for i in range(3):
        asked_at = START + timedelta(seconds=i)
        world.knows("RUNNABLE", job_id=f"job-{i}", batch_job_id=f"aws-{i}", created_at=asked_at)
        world.says("batch_runnable", jobId=f"aws-{i}")
    world.knows(**other, job_id="job-x", batch_job_id="aws-x", created_at=START + timedelta(hours=2))
    world.clock.forward(hours=2, minutes=1)

    assert world.compare().get("blocked", 0) == len(told)

    details = [json.loads(body)["detail"] for body in world.waiting()["events"]]
    assert [(detail["jobId"], detail["statusReason"]) for detail in details] == [
        (job, "UNDETERMINED") for job in told
    ]


@pytest.mark.parametrize("taken", [True, False])
def test_should_finish_a_submission_that_nobody_came_back_for(world, taken):
    """Its answer was lost: AWS Batch has the job, or has not."""
    record = _abandoned(world, {})
    if taken:
        world.batch.listed[record.job_name] = "aws-first"
    assert world.compare() == {}
    world.clock.forward(minutes=3)

    assert world.compare() == {"resumed": 1}
    assert world.deliver() == 1

    found = world.ledger.record(record.job_id)
    assert (found.status, found.batch_job_id) == ("SUBMITTED", "aws-first" if taken else "aws-2")
    assert len(world.batch.requests) == (1 if taken else 2)
    assert "resumed" not in world.compare()


def test_should_submit_what_merges_when_its_array_was_taken_and_nobody_came_back(world):
    array = _abandoned(world, {"shards": 2})
    merge = array.follower
    assert world.ledger.record(merge).status == "RELEASED"
    world.ledger.settle(array.job_id, "aws-array")  # by its first event

    assert world.compare() == {"resumed": 1}
    world.deliver()

    assert world.ledger.record(merge).status == "SUBMITTED"
    assert world.batch.requests[-1]["dependsOn"] == [{"jobId": "aws-array"}]


def test_should_leave_to_its_caller_what_was_surely_not_taken(world):
    world.batch.answers.append((400, "ClientException", "no such queue"))
    answer = Api(world.context)("POST /jobs", {"shards": 2})
    assert answer.status >= 400
    world.clock.forward(hours=1)
    assert world.compare() == {}


def test_should_give_a_claim_up_that_aws_batch_may_have_forgotten_and_tell(world):
    record = _abandoned(world, {})
    world.clock.forward(days=7)

    assert world.compare() == {"given_up": 1}
    world.deliver()

    found = world.ledger.record(record.job_id)
    assert (found.status, found.status_reason) == ("FAILED", END_UNKNOWN)
    assert [alert["job_id"] for alert in world.alerts()] == [record.job_id]
    assert world.compare() == {}


def test_should_measure_drift_at_each_run_and_name_each_job_that_is_repaired(world, capsys, log_lines):
    world.compare()
    assert _drift(capsys) == [0.0]
    world.knows()
    world.says("batch_succeeded")
    world.clock.forward(hours=2)
    world.compare()
    assert _drift(capsys) == [1.0]
    (line,) = [line for line in log_lines() if line["message"] == "Job repaired"]
    assert (line["job_id"], line["was"], line["status"]) == (JOB, "SUBMITTED", "SUCCEEDED")


def _abandoned(world, request):
    """The record of a job whose submission got no answer."""
    world.batch.answers.append(ConnectionError("reset"))
    assert Api(world.context)("POST /jobs", request).status == 503
    (record,) = world.ledger.newest("status", "CLAIMED", most=10, after=None)
    return record


def _drift(capsys):
    documents = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [value for document in documents for value in document.get("Drift", [])]


def drop_bad_files(world, count, first=0):
    """So many objects that no trigger fits; what is not to be delivered again."""
    for number in range(first, first + count):
        bad = world.event("s3_object_created_no_trigger")
        bad["detail"]["object"]["version-id"] = f"v{number}"
        assert submit_job.handler(world.sqs_event(bad), world.context) == {"batchItemFailures": []}


def test_should_tell_of_a_flood_of_bad_drops_once_with_their_count(world):
    drop_bad_files(world, 25)
    assert len(world.alerts()) == 10, "the first ones, one by one"
    assert world.compare() == {}, "it may go on"
    world.clock.forward(minutes=21)
    drop_bad_files(world, 3, first=25)
    assert len(world.alerts()) == 3, "ten minutes later each is told again"
    assert world.compare() == {"floods": 1}
    assert world.deliver() == 1
    (alert,) = world.alerts()
    assert (alert["kind"], alert["headline"]) == ("REJECTED", "No job for 25 dropped objects")
    assert "between 09:30 and 09:40 (UTC)" in alert["reason"]
    assert world.compare() == {}


def test_should_tell_of_a_flood_once_however_often_it_is_found(world):
    drop_bad_files(world, 11)
    world.alerts()
    world.clock.forward(minutes=21)
    assert world.compare() == world.compare() == {"floods": 1}
    assert world.deliver() == 2
    assert len(world.alerts()) == 1


def test_should_leave_a_few_bad_drops_alone(world):
    drop_bad_files(world, 10)
    drop_bad_files(world, 10)
    assert len(world.alerts()) == 10, "delivered twice, told and counted once"
    world.clock.forward(minutes=21)
    assert world.compare() == {}
