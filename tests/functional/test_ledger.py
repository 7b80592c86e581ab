"""The ledger's conditional writes against DynamoDB as moto has it."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs

from pulse.domain.errors import Misconfigured, Unavailable
from pulse.domain.idempotency import Identity
from pulse.domain.job_record import JobRecord

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
RECORD = JobRecord(
    job_id="batch-1",
    status="CLAIMED",
    created_at=NOW,
    job_name="pulse-1",
    vcpus="0.25",
    memory_mib=512,
    variables=("a", "ü b"),
    lease_until=NOW + timedelta(seconds=90),
)
KEY = Identity(key="k", payload_hash="h")


def test_should_read_back_what_was_written(ledger):
    full = structs.replace(
        RECORD,
        status="FAILED",
        attempts=2,
        ran_seconds=0.125,
        exit_code=0,
        stopped_by_request=True,
        started_at=NOW,
    )
    assert ledger.create(full)
    assert ledger.record("batch-1") == full
    assert ledger.record("batch-2") is None


def test_should_write_claim_and_record_together_or_not_at_all(ledger, table):
    assert ledger.claim(KEY, RECORD) is None
    with pytest.raises(Unavailable):
        ledger.claim(structs.replace(KEY, key="other"), RECORD)
    assert {item["pk"] for item in table.scan()["Items"]} == {"KEY#k", "JOB#batch-1"}


def test_should_tell_who_claimed_first(ledger):
    ledger.claim(KEY, RECORD)
    claim = ledger.claim(structs.replace(KEY, payload_hash="x"), structs.replace(RECORD, job_id="batch-2"))
    assert (claim.job_id, claim.payload_hash) == ("batch-1", "h")
    assert ledger.record("batch-2") is None


def test_should_forget_a_claim_after_its_window_only(ledger):
    brief = structs.replace(KEY, key="brief", window_seconds=600)
    ledger.claim(brief, RECORD)
    early = structs.replace(RECORD, job_id="batch-2", created_at=NOW + timedelta(seconds=599))
    late = structs.replace(RECORD, job_id="batch-3", created_at=NOW + timedelta(seconds=600))
    assert ledger.claim(brief, early).job_id == "batch-1"
    assert ledger.claim(brief, late) is None
    ledger.claim(KEY, structs.replace(RECORD, job_id="batch-4"))
    much_later = structs.replace(RECORD, job_id="batch-5", created_at=NOW + timedelta(days=300))
    assert ledger.claim(KEY, much_later).job_id == "batch-4"


def test_should_settle_only_a_claimed_job(ledger):
    ledger.claim(KEY, RECORD)
    ledger.settle("batch-1", "aws-1")
    ledger.settle("batch-1", "aws-2")
    ledger.release("batch-1", "late")
    record = ledger.record("batch-1")
    assert (record.status, record.batch_job_id, record.lease_until) == ("SUBMITTED", "aws-1", None)


def test_should_renew_only_a_released_job(ledger):
    ledger.claim(KEY, RECORD)
    assert not ledger.renew(RECORD)
    ledger.release("batch-1", "throttled")
    assert (ledger.record("batch-1").status, ledger.record("batch-1").status_reason) == (
        "RELEASED",
        "throttled",
    )
    assert ledger.renew(RECORD)
    assert not ledger.renew(RECORD)
    assert ledger.record("batch-1") == RECORD


def test_should_move_a_record_only_from_the_position_it_was_read_at(ledger):
    ledger.create(RECORD)
    running = structs.replace(RECORD, status="RUNNING", batch_job_id="aws-1", lease_until=None, exit_code=1)
    assert ledger.move(running, before=RECORD.position)
    assert not ledger.move(structs.replace(running, status="SUCCEEDED"), before=RECORD.position)
    again = structs.replace(running, status="RUNNABLE", attempts=1, exit_code=None)
    assert ledger.move(again, before=running.position)
    assert ledger.record("batch-1") == again, "a field that became empty is empty in the table, too"


def test_should_not_move_what_is_not_there(ledger):
    assert not ledger.move(RECORD, before=0)
    assert ledger.record("batch-1") is None


def test_should_give_the_turn_to_alert_to_one_at_a_time(ledger):
    def turn(seconds, kind="FAILED", subject=RECORD):
        now = NOW + timedelta(seconds=seconds)
        return ledger.alert_turn(subject, kind, now=now, lease=timedelta(seconds=60))

    assert turn(0) == "ours"
    assert turn(59) == "theirs"
    assert turn(60) == "ours", "the first died"
    assert turn(61, kind="SUCCEEDED") == "ours"
    assert turn(61, subject=KEY) == "ours"
    ledger.alert_sent(RECORD, "FAILED", now=NOW)
    assert turn(1000) == "done"


def test_should_keep_alerts_out_of_the_record_and_the_claim(ledger):
    ledger.alert_turn(KEY, "REJECTED", now=NOW, lease=timedelta(seconds=60))
    assert ledger.claim(KEY, RECORD) is None, "a rejected drop may be submitted once it can be"


def test_should_say_misconfigured_when_the_table_is_not_there(ledger, table):
    table.delete()
    with pytest.raises(Misconfigured, match="Reading a job from the ledger"):
        ledger.record("batch-1")
    with pytest.raises(Misconfigured, match="Claiming job batch-1"):
        ledger.claim(KEY, RECORD)


def test_should_let_everything_expire(ledger, table):
    ledger.claim(KEY, RECORD)
    ledger.alert_turn(RECORD, "FAILED", now=NOW, lease=timedelta(seconds=60))
    expiries = {item["sk"]: item["expires_at"] for item in table.scan()["Items"]}
    assert set(expiries) == {"CLAIM", "RECORD", "ALERTS"}
    assert set(expiries.values()) == {int((NOW + timedelta(days=400)).timestamp())}
