"""`pulse local replay` years after the recording: what the ledger and the reconciler make of its jobs."""

import types
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest
from msgspec import structs
from typer.testing import CliRunner

from lambdas import on_job_event, reconcile_jobs
from pulse.aws.client.replayed_jobs import ReplayedJobs
from pulse.cli.local import recording, replay, stacks
from pulse.cli.main import app
from pulse.domain.job.drift import KEPT_BY_BATCH
from tests.functional.api import Api
from tests.functional.conftest import QUEUE_ARN

RECORDING = Path(__file__).parents[2] / "samples" / "events" / "jobs.jsonl"
YEARS_LATER = datetime(2028, 3, 1, 12, tzinfo=UTC)


class Calendar(datetime):
    """A clock of the command line that shows YEARS_LATER."""

    @classmethod
    def now(cls, tz=None):
        return YEARS_LATER.astimezone(tz)


class Deployed:
    """The deployment of this machine, as far as the command asks for it."""

    def client(self, _name):
        return types.SimpleNamespace(
            describe_job_queues=lambda **_: {"jobQueues": [{"jobQueueArn": QUEUE_ARN}]}
        )

    def session(self):
        return boto3.Session()


@pytest.fixture
def settings(settings):
    return structs.replace(
        settings, job_events_queue=boto3.client("sqs").create_queue(QueueName="events")["QueueUrl"]
    )


@pytest.fixture(autouse=True)
def ledger_of_this_machine(monkeypatch, table):
    def replayed_jobs(_, begins):
        return ReplayedJobs(boto3.client("dynamodb"), table.name, begins)

    monkeypatch.setattr(replay, "replayed_jobs", replayed_jobs)


@pytest.fixture
def replayed(deployed, clock, monkeypatch, context, sqs_event):
    """Types the command at YEARS_LATER; `only` of the events are delivered."""
    clock.now = YEARS_LATER
    where = types.SimpleNamespace(job_queue="fifo", api_url="")
    monkeypatch.setattr(replay, "datetime", Calendar)
    monkeypatch.setattr(stacks, "deployed_here", lambda: (Deployed(), where))
    monkeypatch.setattr(
        replay, "_ledger", lambda _: lambda job_id: Api(context)(f"GET /jobs/{job_id}").content
    )

    def typed(*options, only=lambda _: True, keep=True):
        def deliver(_, events):
            for event in filter(only, events):
                assert on_job_event.handler(sqs_event(event), context) == {"batchItemFailures": []}

        monkeypatch.setattr(replay, "deliver", deliver)
        kept = ["--keep"] if keep else []
        return CliRunner().invoke(app, ["local", "replay", str(RECORDING), *kept, *options])

    return typed


def test_should_say_by_how_much_the_times_are_moved(replayed):
    done = replayed("--shuffle", "--double", "0.5", "--seed", "11")
    assert done.exit_code == 0, done.stderr
    assert (
        "The times of the events are moved forward by 463 d 7 h, so that the last of them is now."
        in done.stderr
    )
    assert done.stdout.count("the same") == 7


@pytest.mark.parametrize("options", [(), ("--shuffle", "--seed", "1"), ("--shuffle", "--seed", "3")])
def test_should_end_as_in_order_whichever_child_of_an_array_is_heard_of_first(replayed, options):
    done = replayed(*options)
    assert done.exit_code == 0, done.stdout
    assert done.stdout.count("the same") == 7


def test_should_leave_a_replayed_job_that_is_under_way_alone(replayed, context, ledger):
    def goes_on(event):
        return event["detail"]["status"] not in {"SUCCEEDED", "FAILED"}

    replayed(only=goes_on)
    under_way = [
        record
        for status in ("RUNNING", "PENDING")
        for record in ledger.newest("status", status, most=20, after=None)
    ]
    assert len(under_way) == 7

    found = reconcile_jobs.handler({}, context)

    assert found["repaired"] == 0, "AWS Batch does not know them, and has not forgotten them either"
    assert {ledger.record(record.job_id).status for record in under_way} == {"RUNNING", "PENDING"}


def test_should_leave_a_job_alone_for_as_long_as_aws_batch_keeps_one(replayed, context, clock):
    replayed(only=lambda event: event["detail"]["status"] == "RUNNABLE")
    clock.forward(seconds=KEPT_BY_BATCH.total_seconds() - 60)
    assert reconcile_jobs.handler({}, context)["repaired"] == 0
    clock.forward(seconds=120)
    assert reconcile_jobs.handler({}, context)["repaired"] > 0


def test_should_write_records_that_are_kept_as_long_as_any(replayed, table):
    replayed()
    items = [item for item in table.scan()["Items"] if item["sk"] == "RECORD"]
    assert len(items) == 7
    kept = (YEARS_LATER + timedelta(days=400)).timestamp()
    assert all(kept - 60 <= int(item["expires_at"]) <= kept for item in items)


def test_should_say_that_a_recording_is_older_than_the_ledger_keeps_its_jobs(replayed):
    done = replayed()
    assert "older than the ledger keeps its jobs (400 d)" in done.stderr


def test_should_not_say_so_of_a_younger_recording(replayed, monkeypatch):
    monkeypatch.setattr(replay.recording, "age", lambda _events, **_: timedelta(days=399))
    assert "older than the ledger" not in replayed().stderr


@pytest.mark.parametrize("options", [(), ("--drop", "0.5", "--seed", "3"), ("--drop", "1")])
def test_should_leave_nothing_of_a_replay_in_the_ledger(replayed, table, context, options):
    before = replayed("--drop", "1")
    assert before.exit_code == 0, before.output
    done = replayed(*options, keep=False)
    assert done.exit_code == 0, done.output
    left = [item for item in table.scan()["Items"] if item["sk"] != "TOTAL"]
    assert left == []
    totals = [item for item in table.scan()["Items"] if item["sk"] == "TOTAL"]
    assert all(item.get("spent_usd", 0) == 0 == item.get("total_usd", 0) for item in totals)
    assert Api(context)("GET /jobs").content["jobs"] == []


def test_should_forget_only_the_jobs_of_its_own_run(replayed, table):
    replayed()
    kept = table.scan()["Items"]
    replayed(keep=False)
    assert table.scan()["Items"] == kept


def test_should_tell_how_far_a_recording_of_the_future_is_moved_back(replayed, monkeypatch, tmp_path):
    events = recording.moved(recording.read(RECORDING.read_text()), timedelta(days=1000))
    assert replay._moved(recording.age(events, now=YEARS_LATER)) == (
        "The times of the events are moved back by 536 d 16 h, so that the last of them is now."
    )
