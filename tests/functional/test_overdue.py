"""OVERDUE: a schedule is set when a job starts, gone when it ends, and tells once when it fires."""

import json
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from msgspec import structs

from pulse.aws.schedules import Schedules
from pulse.domain.errors import Unavailable
from pulse.domain.request.alerts_wanted import AlertsWanted
from pulse.domain.schedule_target import ScheduleTarget
from tests.functional.jobs import RECORDED_BATCH_JOB, earlier_run, submitted, told
from tests.functional.jobs import RECORDED_JOB as JOB

pytestmark = pytest.mark.usefixtures("deployed")

STARTED = datetime(2026, 3, 2, 9, 30, 42, tzinfo=UTC)
ARN = "arn:aws:sqs:us-east-1:123456789012"
TARGET = ScheduleTarget(
    group="due",
    queue_arn=f"{ARN}:events",
    dead_letters_arn=f"{ARN}:dead",
    role_arn="arn:aws:iam::123456789012:role/due",
)


@pytest.fixture
def settings(settings):
    return structs.replace(settings, overdue_schedules=TARGET)


@pytest.fixture
def scheduler():
    scheduler = boto3.client("scheduler")
    scheduler.create_schedule_group(Name="due")
    return scheduler


@pytest.fixture
def schedules(scheduler):
    """The schedules that stand, by name."""

    def found():
        names = [s["Name"] for s in scheduler.list_schedules(GroupName="due")["Schedules"]]
        return {name: scheduler.get_schedule(GroupName="due", Name=name) for name in names}

    return found


def fired(schedule):
    return json.loads(schedule["Target"]["Input"])


def test_should_schedule_for_what_the_request_expects(happen, ledger, schedules):
    submitted(ledger, due_seconds=600)
    assert happen(told("batch_runnable"), told("batch_running")) == []
    schedule = schedules()[JOB]
    assert schedule["ScheduleExpression"] == "at(2026-03-02T09:40:42)"
    assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert schedule["Target"]["Arn"] == TARGET.queue_arn
    assert schedule["Target"]["RoleArn"] == TARGET.role_arn
    assert schedule["Target"]["DeadLetterConfig"] == {"Arn": TARGET.dead_letters_arn}
    assert ledger.record(JOB).due_at == STARTED + timedelta(seconds=600)


def test_should_schedule_for_what_earlier_runs_took_with_a_margin(happen, ledger, schedules):
    for number, seconds in enumerate([1000, 900, 1100]):
        earlier_run(ledger, number, ran_seconds=seconds)
    submitted(ledger)
    happen(told("batch_running"))
    assert schedules()[JOB]["ScheduleExpression"] == "at(2026-03-02T09:58:12)", "1100 s and half of it more"
    record = ledger.record(JOB)
    assert (record.usual.runs, record.usual.ran_median_seconds) == (3, 1000)
    assert record.quoted_usd is not None


def test_should_take_the_profile_s_runs_where_the_data_set_has_too_few(happen, ledger):
    earlier_run(ledger, 1, ran_seconds=5000)
    for number in range(2, 5):
        earlier_run(ledger, number, ran_seconds=1000, dataset="datasets/other.csv", days_ago=number)
    submitted(ledger)
    happen(told("batch_running"))
    record = ledger.record(JOB)
    assert (record.usual.runs, record.usual.ran_median_seconds) == (4, 1000)
    assert record.compared_to == "batch-20260201000000-00000001"


@pytest.mark.parametrize("runs", [2, 3])
def test_should_learn_from_runs_of_its_own_profile_only(happen, ledger, schedules, runs):
    for number in range(3):
        earlier_run(ledger, number, ran_seconds=1000)
    for number in range(10, 10 + runs):
        earlier_run(ledger, number, ran_seconds=5000, profile="large", days_ago=2)
    submitted(ledger, profile="large")
    happen(told("batch_running"))
    record = ledger.record(JOB)
    assert (record.usual.ran_median_seconds if record.usual else None) == (5000 if runs == 3 else None)
    assert len(schedules()) == (1 if runs == 3 else 0)


def test_should_not_schedule_what_nobody_expects_or_wants_to_hear_of(happen, ledger, schedules):
    submitted(ledger)
    submitted(ledger, 1, due_seconds=600, alerts=AlertsWanted(kinds=("FAILED",)))
    assert happen(told("batch_running"), told("batch_running", 1)) == []
    assert schedules() == {}


def test_should_have_learned_the_same_when_the_start_was_never_heard_of(happen, ledger, schedules):
    for number in range(3):
        earlier_run(ledger, number, ran_seconds=1000)
    submitted(ledger)
    happen(told("batch_succeeded"))
    record = ledger.record(JOB)
    assert (record.usual.ran_median_seconds, record.due_at) == (1000, STARTED + timedelta(seconds=1500))
    assert schedules() == {}


def test_should_tell_once_when_the_schedule_fires_twice(happen, ledger, schedules, alerts):
    submitted(ledger, due_seconds=600)
    happen(told("batch_running"))
    event = fired(schedules()[JOB])
    assert happen(event, event) == []
    (alert,) = alerts()
    assert (alert["kind"], alert["severity"], alert["job_id"]) == ("OVERDUE", "warning", JOB)


def test_should_tell_of_a_job_between_two_attempts(happen, ledger, schedules, alerts):
    submitted(ledger, due_seconds=600)
    happen(told("batch_running"), told("batch_retried_runnable"), fired_for(JOB))
    assert [alert["kind"] for alert in alerts()] == ["OVERDUE"]


def test_should_delete_the_schedule_at_the_end_and_say_nothing_when_it_fires_late(
    happen, ledger, schedules, alerts, log_lines
):
    submitted(ledger, due_seconds=600)
    happen(told("batch_running"))
    event = fired(schedules()[JOB])
    assert happen(told("batch_succeeded"), told("batch_succeeded")) == []
    assert schedules() == {}
    assert happen(event) == []
    assert [alert["kind"] for alert in alerts()] == ["SUCCEEDED"]
    assert [line["effect"] for line in log_lines() if line["message"] == "Job due"] == ["ended"]


@pytest.mark.parametrize("job_id", ["", "batch-20260302093000-ffffffff", "x\n" * 4000])
def test_should_do_nothing_when_it_fires_for_a_job_that_nobody_knows(happen, alerts, job_id):
    assert happen(fired_for(job_id)) == []
    assert alerts() == []


@pytest.mark.usefixtures("scheduler")
def test_should_end_the_job_all_the_same_when_its_schedule_cannot_be_deleted(
    happen, ledger, alerts, monkeypatch, log_lines
):
    def away(self, job_id):
        raise Unavailable("Scheduler is away")

    submitted(ledger, due_seconds=600)
    happen(told("batch_running"))
    monkeypatch.setattr(Schedules, "delete", away)
    assert happen(told("batch_succeeded")) == []
    assert [alert["kind"] for alert in alerts()] == ["SUCCEEDED"]
    assert [line["reason"] for line in log_lines() if line["level"] == "ERROR"] == ["Scheduler is away"]


def test_should_keep_the_start_and_schedule_again_when_the_scheduler_was_away(
    happen, ledger, schedules, monkeypatch
):
    def away(self, job_id, at):
        raise Unavailable("Scheduler is away")

    submitted(ledger, due_seconds=600)
    with monkeypatch.context() as broken:
        broken.setattr(Schedules, "set", away)
        assert happen(told("batch_running")) == ["message-0"]
    assert ledger.record(JOB).status == "RUNNING"
    assert schedules() == {}
    assert happen(told("batch_running")) == []
    assert set(schedules()) == {JOB}


def test_should_fire_soon_when_the_start_was_heard_of_too_late(happen, ledger, schedules, clock):
    submitted(ledger, due_seconds=600)
    clock.forward(hours=1)
    happen(told("batch_running"))
    soon = clock.now + timedelta(seconds=60)
    assert schedules()[JOB]["ScheduleExpression"] == f"at({soon:%Y-%m-%dT%H:%M:%S})"


def test_should_start_an_array_with_its_first_child(happen, ledger, schedules):
    submitted(ledger, due_seconds=600, array_size=4)
    child = told("batch_running")
    child["detail"] |= {"jobId": f"{child['detail']['jobId']}:0", "arrayProperties": {"index": 0}}
    assert happen(child, child) == []
    record = ledger.record(JOB)
    assert (record.status, record.started_at, record.due_at) == (
        "SUBMITTED",
        STARTED,
        STARTED + timedelta(seconds=600),
    )
    assert set(schedules()) == {JOB}


@pytest.mark.parametrize(("name", "index"), [("batch_running", 3), ("batch_succeeded", 1)])
def test_should_start_an_array_with_any_child_that_has_run(happen, ledger, schedules, name, index):
    """The events of the first may be lost, or it may never have run."""
    submitted(ledger, due_seconds=600, array_size=4)
    never_ran = {"attempts": [], "startedAt": None, "stoppedAt": None}
    assert happen(told("batch_failed_image_not_pulled", **_child(0), **never_ran)) == []
    assert ledger.record(JOB).started_at is None
    assert happen(*[told(name, **_child(index))] * 2, told("batch_running", **_child(2))) == []
    record = ledger.record(JOB)
    assert record.started_at
    assert record.due_at == record.started_at + timedelta(seconds=600)
    assert set(schedules()) == {JOB}


def _child(index):
    return {"jobId": f"{RECORDED_BATCH_JOB}:{index}", "arrayProperties": {"index": index}}


def test_should_look_nothing_up_for_a_job_that_another_client_submitted(happen, ledger, schedules):
    assert happen(told("batch_running")) == []
    record = ledger.record(JOB)
    assert (record.foreign, record.usual, record.due_at) == (True, None, None)
    assert schedules() == {}


def fired_for(job_id):
    return {"source": "pulse", "detail-type": "Job Overdue", "detail": {"job_id": job_id}}
