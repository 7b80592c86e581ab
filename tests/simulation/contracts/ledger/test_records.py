"""Records, and what is noted beside them."""

from datetime import timedelta
from decimal import Decimal

from msgspec import structs

from pulse.domain.cost.instances import Instance
from pulse.domain.job.child import Child
from pulse.domain.job.record import RunMeasures
from pulse.domain.request.alerts_wanted import AlertsWanted
from tests.simulation.contracts.ledger.records import MINUTE, NOW, RECORD


def test_should_read_back_what_was_written(ledger):
    full = structs.replace(
        RECORD,
        status="FAILED",
        attempts=2,
        ran_seconds=0.125,
        exit_code=0,
        stopped_by_request=True,
        started_at=NOW,
        cost_usd=Decimal("0.1234"),
        measured=RunMeasures(peak_memory_mib=210.5, rows=9513),
        alerts=AlertsWanted(kinds=("FAILED",)),
    )
    assert ledger.create(full)
    assert ledger.record("batch-1") == full
    assert ledger.record("batch-2") is None


def test_should_remember_how_children_ended(ledger):
    assert ledger.child("batch-1", 0) is None
    assert ledger.children("batch-1") == []
    ended = [
        Child(index=index, status="FAILED", exit_code=1, ran_seconds=0.5, cost_usd=Decimal("0.0001"))
        for index in (10, 2, 1)
    ]
    for child in [*ended, ended[0]]:
        ledger.note_child("batch-1", child, now=NOW)
    ledger.note_child("batch-10", Child(index=0, status="SUCCEEDED"), now=NOW)
    assert ledger.children("batch-1") == sorted(ended, key=lambda child: child.index)
    assert ledger.child("batch-1", 2) == ended[1]
    corrected = structs.replace(ended[0], status="SUCCEEDED", exit_code=0)
    ledger.note_child("batch-1", corrected, now=NOW)
    assert ledger.child("batch-1", 10) == corrected


def test_should_remember_arrays_by_when_they_ended(ledger):
    for number in range(4):
        ledger.note_ended_array(f"batch-{number}", now=NOW + number * MINUTE)
    ledger.note_ended_array("batch-2", now=NOW + 2 * MINUTE)
    # The last moment itself sorts before the job ids that stand behind it.
    until = NOW + 2 * MINUTE + timedelta(microseconds=1)
    assert ledger.ended_arrays(since=NOW + MINUTE, until=until) == {"batch-1", "batch-2"}
    assert ledger.ended_arrays(since=NOW - MINUTE, until=NOW) == set()


def test_should_remember_an_instance(ledger):
    arn = "arn:aws:ecs:us-east-1:123456789012:container-instance/pulse/0a1b"
    assert ledger.instance(arn) is None
    for zone in ("us-east-1a", "us-east-1b"):
        known = Instance(type="m7i.large", zone=zone, spot=True)
        ledger.note_instance(arn, known, now=NOW)
        assert ledger.instance(arn) == known


def test_should_move_a_record_only_from_the_position_it_was_read_at(ledger):
    ledger.create(RECORD)
    running = structs.replace(RECORD, status="RUNNING", batch_job_id="aws-1", lease_until=None, exit_code=1)
    assert ledger.update_if_unchanged(running, before=RECORD.position)
    assert not ledger.update_if_unchanged(
        structs.replace(running, status="SUCCEEDED"), before=RECORD.position
    )
    again = structs.replace(running, status="RUNNABLE", attempts=1, exit_code=None)
    assert ledger.update_if_unchanged(again, before=running.position)
    assert ledger.record("batch-1") == again, "a field that became empty is empty in the table, too"


def test_should_move_a_record_only_from_the_revision_it_was_read_at(ledger):
    ledger.create(RECORD)
    first = structs.replace(RECORD, reason="first", revision=1)
    assert ledger.update_if_unchanged(first, before=RECORD.position)
    assert not ledger.update_if_unchanged(structs.replace(first, reason="as late"), before=RECORD.position)
    second = structs.replace(first, reason="", revision=2)
    assert ledger.update_if_unchanged(second, before=RECORD.position)
    assert ledger.record("batch-1") == second


def test_should_create_a_record_once(ledger):
    assert ledger.create(RECORD)
    assert not ledger.create(structs.replace(RECORD, job_name="other"))
    assert ledger.record("batch-1") == RECORD


def test_should_not_move_what_is_not_there(ledger):
    assert not ledger.update_if_unchanged(RECORD, before=0)
    assert ledger.record("batch-1") is None
