"""BLOCKED: noted when AWS Batch says so, told once when the dwell time of the reason is over."""

import pytest
from msgspec import structs

from lambdas.wiring import on_job_event as wiring
from lambdas.wiring import shared
from pulse.domain.request.alerts_wanted import AlertsWanted
from pulse.services.alert.publish_alert import TURN
from tests.functional.jobs import RECORDED_JOB as JOB
from tests.functional.jobs import submitted, told

pytestmark = pytest.mark.usefixtures("deployed", "started_at_nine")

AT_ONCE, LATER = "batch_queue_blocked_max_resource", "batch_queue_blocked"


@pytest.fixture
def started_at_nine(clock):
    """The recorded events happened up to 09:35."""
    clock.forward(minutes=6)


def waits(name=LATER, **detail):
    """What the reconciler sends of a job that it found RUNNABLE for too long."""
    return {"source": "pulse", "detail-type": "Job Waits", "detail": told(name)["detail"] | detail}


def test_should_tell_at_once_what_never_passes(happen, ledger, alerts):
    submitted(ledger)
    assert happen(told("batch_runnable"), told(AT_ONCE), told(AT_ONCE)) == []
    (alert,) = alerts()
    assert (alert["kind"], alert["cause"], alert["job_id"]) == ("BLOCKED", "exceeds-max-vcpus", JOB)
    assert "max_vcpus" in alert["next_step"]
    assert ledger.record(JOB).blocked_reason.startswith("MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE")


def test_should_tell_while_another_call_sends_another_alert_of_the_job(happen, ledger, alerts):
    record = submitted(ledger, alerts=AlertsWanted(kinds=("SUBMITTED", "BLOCKED")))
    turns, now = shared.publish_alert().turns, shared.now()
    assert turns.take(record, "SUBMITTED", now=now, lease=TURN) == "ours"
    assert happen(told(AT_ONCE)) == ["message-0"], "it comes again, for the other alert"
    assert [alert["kind"] for alert in alerts()] == ["BLOCKED"]


def test_should_wait_for_what_may_pass_and_tell_when_it_has_not(happen, ledger, alerts, clock):
    submitted(ledger)
    happen(told("batch_runnable"), told(LATER))
    assert alerts() == []
    assert ledger.record(JOB).blocked_reason.startswith("MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT")
    clock.forward(minutes=20)
    assert happen(waits(), waits()) == []
    assert [alert["kind"] for alert in alerts()] == ["BLOCKED"]


def test_should_forget_why_a_job_was_blocked_when_it_moves_on(happen, ledger, alerts, clock):
    submitted(ledger)
    happen(told("batch_runnable"), told(LATER), told("batch_running"))
    assert ledger.record(JOB).blocked_reason == ""
    clock.forward(hours=2)
    assert happen(told(LATER), waits()) == []
    assert alerts() == []


def test_should_take_a_blocked_queue_for_the_runnable_event_that_was_lost(happen, ledger, alerts):
    submitted(ledger)
    happen(told(AT_ONCE))
    assert ledger.record(JOB).status == "RUNNABLE"
    assert [alert["kind"] for alert in alerts()] == ["BLOCKED"]


def test_should_take_no_reason_for_undetermined(happen, ledger, alerts, clock):
    submitted(ledger)
    clock.forward(hours=2)
    happen(waits(statusReason=None))
    assert alerts() == [], "it has waited for long, but perhaps for others"
    clock.forward(minutes=50)
    happen(waits(statusReason=None))
    (alert,) = alerts()
    assert ledger.record(JOB).blocked_reason == "UNDETERMINED"
    assert alert["cause"] == "undetermined"


def test_should_say_nothing_to_those_who_do_not_want_to_hear_of_it(happen, ledger, alerts):
    submitted(ledger, alerts=AlertsWanted(kinds=("SUCCEEDED",)))
    happen(told(AT_ONCE))
    assert alerts() == []
    assert ledger.record(JOB).blocked_reason


def test_should_tell_of_an_array_once_for_all_its_children(happen, ledger, alerts):
    submitted(ledger, array_size=4)
    children = []
    for index in range(4):
        child = told(AT_ONCE)
        child["detail"] |= {
            "jobId": f"{child['detail']['jobId']}:{index}",
            "arrayProperties": {"index": index},
        }
        children.append(child)
    happen(told("batch_runnable", status="PENDING"), *children)
    (alert,) = alerts()
    assert (alert["kind"], alert["job_id"]) == ("BLOCKED", JOB)
    assert ledger.record(JOB).blocked_reason == "", "only some of its children wait"


def test_should_count_the_dwell_time_of_an_array_from_when_no_child_starts_any_more(
    happen, ledger, alerts, clock
):
    submitted(ledger, array_size=4)

    def of_child(name, index, **detail):
        event = told(name, **detail)
        event["detail"] |= {
            "jobId": f"{event['detail']['jobId']}:{index}",
            "arrayProperties": {"index": index},
        }
        return event

    happen(told("batch_runnable", status="PENDING"), of_child(LATER, 0), of_child("batch_running", 0))
    clock.forward(hours=5)
    happen(of_child(LATER, 1))
    assert alerts() == [], "for the first ten minutes"
    clock.forward(minutes=10)
    happen(of_child(LATER, 1))
    assert [alert["kind"] for alert in alerts()] == ["BLOCKED"]


def test_should_leave_other_teams_queues_alone(happen, alerts):
    elsewhere = told(AT_ONCE, jobQueue="arn:aws:batch:us-east-1:123456789012:job-queue/of-another-team")
    assert happen(elsewhere) == []
    assert alerts() == []


def test_should_cut_a_reason_without_end(happen, ledger, alerts):
    submitted(ledger)
    assert happen(told(AT_ONCE, statusReason="ACTION_REQUIRED " + "x\n" * 20_000)) == []
    assert len(ledger.record(JOB).blocked_reason) == 1024
    assert len(alerts()) == 1


def test_should_note_the_reason_beside_another_event_of_the_same_moment(happen, ledger, alerts, monkeypatch):
    submitted(ledger)
    happen(told("batch_runnable"))
    read = ledger.record(JOB)
    later = structs.replace(read, log_group="another event was faster", revision=read.revision + 1)
    assert ledger.update_if_unchanged(later, before=read.position)
    assert wiring.watch_blocked().check(read, "ACTION_REQUIRED - x")
    record = ledger.record(JOB)
    assert (record.log_group, record.blocked_reason) == ("another event was faster", "ACTION_REQUIRED - x")
    assert [alert["kind"] for alert in alerts()] == ["BLOCKED"]
