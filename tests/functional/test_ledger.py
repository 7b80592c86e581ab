"""The ledger's conditional writes against DynamoDB as moto has it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from msgspec import structs

from pulse.domain.alerts_wanted import AlertsWanted
from pulse.domain.errors import Misconfigured, NotFound, OverLimit, Unavailable
from pulse.domain.idempotency import Identity
from pulse.domain.job_plan import Step
from pulse.domain.job_record import JobRecord, RunMeasures
from pulse.domain.job_request import JobRequest
from pulse.domain.stored_plan import Reservation, StoredPlan

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
PLAN = StoredPlan(
    request=JobRequest(shards=2, max_cost_usd=Decimal("1.5"), depends_on=("batch-0",)),
    steps=(
        Step(job_id="batch-1", parameters={"jobName": "pulse-1", "arrayProperties": {"size": 2}}),
        Step(job_id="batch-1-merge", parameters={"jobName": "pulse-1-merge"}, follows="batch-1"),
    ),
    why="as asked",
)


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


def test_should_write_claim_and_record_together_or_not_at_all(ledger, table):
    assert ledger.claim(KEY, [RECORD], PLAN) is None
    with pytest.raises(Unavailable):
        ledger.claim(structs.replace(KEY, key="other"), [RECORD], PLAN)
    assert {item["pk"] for item in table.scan()["Items"]} == {"KEY#k", "JOB#batch-1"}


def test_should_tell_who_claimed_first(ledger):
    ledger.claim(KEY, [RECORD], PLAN)
    claim = ledger.claim(
        structs.replace(KEY, payload_hash="x"), [structs.replace(RECORD, job_id="batch-2")], PLAN
    )
    assert (claim.job_id, claim.payload_hash) == ("batch-1", "h")
    assert ledger.record("batch-2") is None


def test_should_forget_a_claim_after_its_window_only(ledger):
    brief = structs.replace(KEY, key="brief", window_seconds=600)
    ledger.claim(brief, [RECORD], PLAN)
    early = structs.replace(RECORD, job_id="batch-2", created_at=NOW + timedelta(seconds=599))
    late = structs.replace(RECORD, job_id="batch-3", created_at=NOW + timedelta(seconds=600))
    assert ledger.claim(brief, [early], PLAN).job_id == "batch-1"
    assert ledger.claim(brief, [late], PLAN) is None
    ledger.claim(KEY, [structs.replace(RECORD, job_id="batch-4")], PLAN)
    much_later = structs.replace(RECORD, job_id="batch-5", created_at=NOW + timedelta(days=300))
    assert ledger.claim(KEY, [much_later], PLAN).job_id == "batch-4"


def test_should_settle_only_a_claimed_job(ledger):
    ledger.claim(KEY, [RECORD], PLAN)
    ledger.settle("batch-1", "aws-1")
    ledger.settle("batch-1", "aws-2")
    ledger.release(RECORD, "late")
    record = ledger.record("batch-1")
    assert (record.status, record.batch_job_id, record.lease_until) == ("SUBMITTED", "aws-1", None)


def test_should_take_over_what_was_released_or_what_nobody_is_at_work_on(ledger):
    again = {"until": NOW + timedelta(seconds=500), "budget_usd": None}
    ledger.claim(KEY, [RECORD], PLAN)
    late = structs.replace(RECORD, lease_until=NOW)
    assert not ledger.take_over(late, **again), "somebody else has taken it over since it was read"
    held = ledger.take_over(RECORD, **again)
    assert not ledger.take_over(RECORD, **again)
    assert ledger.record("batch-1") == held == structs.replace(RECORD, lease_until=again["until"])

    ledger.release(held, "throttled")
    released = ledger.record("batch-1")
    assert (released.status, released.status_reason) == ("RELEASED", "throttled")
    assert ledger.take_over(released, **again)
    assert not ledger.take_over(released, **again)

    ledger.settle("batch-1", "aws-1")
    assert not ledger.take_over(ledger.record("batch-1"), **again)


def test_should_release_a_claim_only_under_its_own_lease(ledger):
    ledger.claim(KEY, [RECORD], PLAN)
    ledger.release(RECORD, "throttled")
    taken = ledger.take_over(ledger.record("batch-1"), until=NOW + timedelta(seconds=500), budget_usd=None)
    ledger.release(RECORD, "throttled")
    assert ledger.record("batch-1") == taken, "the first release arrived again"


def test_should_keep_the_plan_as_it_was_sent(ledger):
    ledger.claim(KEY, [RECORD, structs.replace(RECORD, job_id="batch-1-merge")], PLAN)
    assert ledger.plan("batch-1") == PLAN
    assert ledger.record("batch-1-merge")
    with pytest.raises(NotFound):
        ledger.plan("batch-2")


def test_should_know_its_own_claim_when_the_answer_to_it_was_lost(ledger):
    assert ledger.claim(KEY, [RECORD], PLAN) is None
    assert ledger.claim(KEY, [RECORD], PLAN) is None


def test_should_tell_a_claim_as_long_as_it_counts(ledger):
    brief = structs.replace(KEY, window_seconds=600)
    assert ledger.claimed(brief, now=NOW) is None
    ledger.claim(brief, [RECORD], PLAN)
    assert ledger.claimed(brief, now=NOW + timedelta(seconds=599)).job_id == "batch-1"
    assert ledger.claimed(brief, now=NOW + timedelta(seconds=600)) is None


def test_should_never_reserve_more_than_the_budget(ledger):
    def claim(number, usd, budget="10"):
        reservation = Reservation(usd=Decimal(usd), budget_usd=Decimal(budget))
        record = structs.replace(RECORD, job_id=f"batch-{number}", reserved_usd=Decimal(usd))
        ledger.claim(Identity(key=f"k{number}", payload_hash=""), [record], PLAN, reservation)

    claim(1, "6")
    with pytest.raises(OverLimit, match=r"at most \$4, which is left.*found one of up to \$4\.01"):
        claim(2, "4.01")
    claim(3, "4")
    with pytest.raises(OverLimit):
        claim(4, "11")
    assert ledger.spent("2026-03") == 10
    assert ledger.record("batch-2") is None, "what is refused leaves no trace"


def test_should_give_a_reservation_back_with_the_claim_and_take_it_again(ledger):
    budget = Decimal(10)
    until = NOW + timedelta(seconds=500)
    record = structs.replace(RECORD, reserved_usd=Decimal(6))
    ledger.claim(KEY, [record], PLAN, Reservation(usd=Decimal(6), budget_usd=budget))
    for _ in range(2):
        ledger.release(record, "throttled")
        assert ledger.spent("2026-03") == 0
    other = structs.replace(RECORD, job_id="batch-2", reserved_usd=Decimal(5))
    reservation = Reservation(usd=Decimal(5), budget_usd=budget)
    ledger.claim(structs.replace(KEY, key="other"), [other], PLAN, reservation)
    released = ledger.record("batch-1")
    with pytest.raises(OverLimit, match=r"at most \$5, which"):
        ledger.take_over(released, until=until, budget_usd=budget)
    assert ledger.record("batch-1") == released

    ledger.release(other, "refused")
    held = ledger.take_over(released, until=until, budget_usd=budget)
    assert ledger.spent("2026-03") == 6
    assert ledger.take_over(held, until=until + timedelta(seconds=500), budget_usd=budget)
    assert ledger.spent("2026-03") == 6, "what was not given back is not taken again"


def test_should_find_the_newest_jobs_of_a_data_set_and_of_a_profile(ledger):
    for number in range(3):
        created_at = NOW + timedelta(minutes=number)
        named = structs.replace(
            RECORD, job_id=f"batch-{number}", created_at=created_at, dataset="datasets/a.csv", profile="small"
        )
        ledger.create(named)
    ledger.create(structs.replace(RECORD, job_id="batch-9", profile="small"))
    newest = [record.job_id for record in ledger.runs(dataset="datasets/a.csv", most=2)]
    assert newest == ["batch-2", "batch-1"]
    assert len(ledger.runs(profile="small", most=50)) == 4


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


def test_should_give_the_turn_to_alert_to_one_at_a_time(turns):
    def turn(seconds, kind="FAILED", subject=RECORD):
        now = NOW + timedelta(seconds=seconds)
        return turns.take(subject, kind, now=now, lease=timedelta(seconds=60))

    assert turn(0) == "ours"
    assert turn(59) == "theirs"
    assert turn(60) == "ours", "the first died"
    assert turn(61, kind="SUCCEEDED") == "ours"
    assert turn(61, subject=KEY) == "ours"
    turns.sent(RECORD, "FAILED", now=NOW)
    assert turn(1000) == "done"


def test_should_keep_alerts_out_of_the_record_and_the_claim(ledger, turns):
    turns.take(KEY, "REJECTED", now=NOW, lease=timedelta(seconds=60))
    assert ledger.claim(KEY, [RECORD], PLAN) is None, "a rejected drop may be submitted once it can be"


def test_should_say_misconfigured_when_the_table_is_not_there(ledger, table):
    table.delete()
    with pytest.raises(Misconfigured, match="Reading a job from the ledger"):
        ledger.record("batch-1")
    with pytest.raises(Misconfigured, match="Claiming job batch-1"):
        ledger.claim(KEY, [RECORD], PLAN)


def test_should_let_everything_expire(ledger, turns, table):
    ledger.claim(KEY, [RECORD], PLAN)
    turns.take(RECORD, "FAILED", now=NOW, lease=timedelta(seconds=60))
    expiries = {item["sk"]: item["expires_at"] for item in table.scan()["Items"]}
    assert set(expiries) == {"CLAIM", "RECORD", "PLAN", "ALERTS"}
    assert set(expiries.values()) == {int((NOW + timedelta(days=400)).timestamp())}
