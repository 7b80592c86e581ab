"""Claims, their records, plans and reservations: all or none, and whose they are."""

from datetime import timedelta
from decimal import Decimal

import pytest
from msgspec import structs

from pulse.aws.ledger.alert_turns import AlertTurns
from pulse.aws.ledger.ledger import Ledger
from pulse.aws.ledger.table import LedgerTable
from pulse.domain.cost.budget import Reservation
from pulse.domain.errors import Misconfigured, NotFound, OverLimit, Unavailable
from pulse.domain.request.identity import Identity
from tests.simulation.contracts.ledger.records import KEPT, KEY, MARCH, MINUTE, NOW, PLAN, RECORD


def test_should_write_claim_and_record_together_or_not_at_all(ledger, place):
    assert ledger.claim(KEY, [RECORD], PLAN) is None
    with pytest.raises(Unavailable):
        ledger.claim(structs.replace(KEY, key="other"), [RECORD], PLAN)
    assert {item["pk"]["S"] for item in place.items()} == {"KEY#k", "JOB#batch-1"}


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


def test_should_never_claim_what_was_refused(ledger):
    assert ledger.refuse(KEY, "No rows.", now=NOW) is None
    assert ledger.refuse(KEY, "No rows at all.", now=NOW) is None
    claim = ledger.claim(KEY, [RECORD], PLAN)
    assert (claim.job_id, claim.payload_hash, claim.refused) == ("", "h", "No rows at all.")
    assert ledger.claimed(KEY, now=NOW) == claim
    assert ledger.record("batch-1") is None


def test_should_not_refuse_what_has_a_job(ledger):
    ledger.claim(KEY, [RECORD], PLAN)
    claim = ledger.refuse(KEY, "No rows.", now=NOW)
    assert (claim.job_id, claim.refused) == ("batch-1", "")
    assert ledger.claimed(KEY, now=NOW) == claim


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
    assert ledger.spent(MARCH) == 10
    assert ledger.record("batch-2") is None, "what is refused leaves no trace"


def test_should_give_a_reservation_back_with_the_claim_and_take_it_again(ledger):
    budget = Decimal(10)
    until = NOW + timedelta(seconds=500)
    record = structs.replace(RECORD, reserved_usd=Decimal(6))
    ledger.claim(KEY, [record], PLAN, Reservation(usd=Decimal(6), budget_usd=budget))
    for _ in range(2):
        ledger.release(record, "throttled")
        assert ledger.spent(MARCH) == 0
    other = structs.replace(RECORD, job_id="batch-2", reserved_usd=Decimal(5))
    reservation = Reservation(usd=Decimal(5), budget_usd=budget)
    ledger.claim(structs.replace(KEY, key="other"), [other], PLAN, reservation)
    released = ledger.record("batch-1")
    with pytest.raises(OverLimit, match=r"at most \$5, which"):
        ledger.take_over(released, until=until, budget_usd=budget)
    assert ledger.record("batch-1") == released

    ledger.release(other, "refused")
    held = ledger.take_over(released, until=until, budget_usd=budget)
    assert ledger.spent(MARCH) == 6
    assert ledger.take_over(held, until=until + timedelta(seconds=500), budget_usd=budget)
    assert ledger.spent(MARCH) == 6, "what was not given back is not taken again"


def test_should_not_settle_or_release_what_an_event_has_moved(ledger):
    ledger.claim(KEY, [RECORD], PLAN)
    running = structs.replace(RECORD, status="RUNNING", batch_job_id="aws-1", lease_until=None)
    assert ledger.update_if_unchanged(running, before=RECORD.position)
    ledger.settle("batch-1", "aws-2")
    ledger.release(RECORD, "refused")
    assert ledger.record("batch-1") == running
    assert ledger.take_over(running, until=NOW, budget_usd=None) is None


def test_should_not_settle_or_take_over_what_is_not_there(ledger, place):
    ledger.settle("batch-1", "aws-1")
    ledger.release(RECORD, "refused")
    assert ledger.take_over(RECORD, until=NOW, budget_usd=None) is None
    assert place.items() == []


def test_should_say_misconfigured_when_the_table_is_not_there(place):
    absent = LedgerTable(place.client, "absent")
    ledger, turns = Ledger(absent, KEPT), AlertTurns(absent, KEPT)
    with pytest.raises(Misconfigured, match="Reading a job from the ledger"):
        ledger.record("batch-1")
    with pytest.raises(Misconfigured, match="Claiming job batch-1"):
        ledger.claim(KEY, [RECORD], PLAN)
    with pytest.raises(Misconfigured, match="Moving a job"):
        ledger.update_if_unchanged(RECORD, before=0)
    with pytest.raises(Misconfigured, match="Listing the jobs"):
        ledger.runs(profile="small", most=1)
    with pytest.raises(Misconfigured, match="Taking the turn"):
        turns.take(RECORD, "FAILED", now=NOW, lease=MINUTE)


def test_should_let_everything_expire(ledger, turns, expiries):
    ledger.claim(KEY, [RECORD], PLAN)
    turns.take(RECORD, "FAILED", now=NOW, lease=timedelta(seconds=60))
    assert expiries().keys() == {"CLAIM", "RECORD", "PLAN", "ALERTS"}
    assert set(expiries().values()) == {int((NOW + KEPT).timestamp())}
