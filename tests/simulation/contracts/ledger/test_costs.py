"""What a month costs: what ended jobs cost, and what the others may cost at most."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from msgspec import structs

from pulse.domain.cost.budget import Reservation
from pulse.domain.cost.months import JobCost, Spent
from pulse.domain.errors import OverLimit
from pulse.domain.job.record import JobRecord
from pulse.domain.plan.stored_plan import StoredPlan
from pulse.domain.request.identity import Identity
from pulse.domain.request.job_request import JobRequest
from tests.simulation.contracts.ledger.records import KEPT, MARCH

MONTH_END = datetime(2026, 3, 31, 23, 59, 59, tzinfo=UTC)
ENDED = JobRecord(
    job_id="batch-1",
    status="SUCCEEDED",
    created_at=MONTH_END,
    profile="small",
    queue="fifo",
    dataset="datasets/ü.csv",
    share_identifier="team1",
    tags={"Team": "a=b"},
    cost_usd=Decimal("0.25"),
)


def job(number, usd, **more):
    return structs.replace(ENDED, job_id=f"batch-{number}", cost_usd=usd and Decimal(usd), **more)


def claimed(ledger, number, usd, budget="10"):
    record = job(number, None, status="CLAIMED", reserved_usd=Decimal(usd))
    ledger.claim(
        Identity(key=f"k{number}", payload_hash=""),
        [record],
        StoredPlan(request=JobRequest(), steps=()),
        Reservation(usd=Decimal(usd), budget_usd=Decimal(budget)),
    )
    return record


def test_should_add_the_cost_of_a_job_to_its_month_once(ledger):
    assert ledger.note_cost(job(1, "0.25")) == Spent(MARCH, Decimal("0.25"))
    assert ledger.note_cost(job(1, "0.25")) == Spent(MARCH, Decimal("0.25"))
    assert ledger.note_cost(job(2, "0.5")) == Spent(MARCH, Decimal("0.75"))


def test_should_add_what_late_children_cost_more_and_never_take_back(ledger):
    ledger.note_cost(job(1, "2"))
    assert ledger.note_cost(job(1, "3")) == Spent(MARCH, Decimal(3))
    assert ledger.note_cost(job(1, "2.5")) == Spent(MARCH, Decimal(3))
    assert [cost.usd for cost in ledger.costs(MARCH)] == [3]


def test_should_know_nothing_of_a_job_without_a_price(ledger):
    assert ledger.note_cost(job(1, None)) is None
    assert list(ledger.costs(MARCH)) == []


def test_should_count_a_job_in_the_month_it_was_asked_for_in(ledger):
    ledger.note_cost(job(1, "1"))
    april = job(2, "1", created_at=MONTH_END + timedelta(seconds=1))
    assert ledger.note_cost(april) == Spent("2026-04", Decimal(1))


def test_should_keep_what_a_cost_is_counted_under(ledger):
    ledger.note_cost(ENDED)
    assert list(ledger.costs(MARCH)) == [
        JobCost(
            usd=Decimal("0.25"),
            profile="small",
            share="team1",
            dataset="datasets/ü.csv",
            queue="fifo",
            tags={"Team": "a=b"},
        )
    ]


def test_should_put_the_cost_in_the_place_of_what_was_reserved(ledger):
    claimed(ledger, 1, "6")
    claimed(ledger, 2, "4")
    with pytest.raises(OverLimit):
        claimed(ledger, 3, "0.01")
    assert (ledger.spent(MARCH), ledger.reserved(MARCH)) == (10, 10)

    for _ in range(2):
        ledger.note_cost(job(1, "0.5", reserved_usd=Decimal(6)))
    assert (ledger.spent(MARCH), ledger.reserved(MARCH)) == (Decimal("4.5"), 4)

    ledger.note_cost(job(1, "0.75", reserved_usd=Decimal(6)))
    ledger.note_cost(job(9, "5"))
    assert (ledger.spent(MARCH), ledger.reserved(MARCH)) == (Decimal("9.75"), 4)
    with pytest.raises(OverLimit, match=r"at most \$0\.25"):
        claimed(ledger, 4, "0.26")


def test_should_tell_of_a_job_that_ended_meanwhile_as_well(ledger, ledger_table, monkeypatch):
    """So that of two jobs that end at once, one sees the sum pass what both pass together."""
    transact = ledger_table.transact

    def after_another(doing, writes):
        monkeypatch.undo()
        ledger.note_cost(job(2, "3"))
        return transact(doing, writes)

    monkeypatch.setattr(ledger_table, "transact", after_another)
    assert ledger.note_cost(job(1, "2")) == Spent(MARCH, Decimal(5))


def test_should_add_the_difference_only_when_the_cost_was_noted_meanwhile(ledger, ledger_table, monkeypatch):
    transact = ledger_table.transact

    def after_itself(doing, writes):
        monkeypatch.undo()
        ledger.note_cost(job(1, "2"))
        return transact(doing, writes)

    monkeypatch.setattr(ledger_table, "transact", after_itself)
    assert ledger.note_cost(job(1, "3")) == Spent(MARCH, Decimal(3))
    assert [cost.usd for cost in ledger.costs(MARCH)] == [3]


def test_should_let_costs_expire_with_the_jobs(ledger, expiries):
    ledger.note_cost(ENDED)
    assert expiries().keys() == {"JOB#batch-1", "TOTAL"}
    assert set(expiries().values()) == {int((MONTH_END + KEPT).timestamp())}
