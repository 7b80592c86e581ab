"""BUDGET: told once a month and share, by the job whose cost passed it."""

from decimal import Decimal

import pytest
from msgspec import structs

from lambdas.wiring import on_job_event as wiring
from lambdas.wiring import shared
from pulse.aws.sns import Topic
from pulse.domain.errors import Misconfigured, Unavailable
from tests.functional.jobs import submitted, told

pytestmark = pytest.mark.usefixtures("deployed")

COST = Decimal("0.002467")
"""Of the recorded success: 1 vCPU and 2 GiB, $0.048 an hour, for 185 seconds."""


@pytest.fixture
def settings(settings):
    return structs.replace(settings, monthly_budget_usd=4 * COST)


@pytest.fixture
def ends(happen, ledger):
    """Has the numbered jobs start and end."""

    def end(*numbers):
        for number in numbers:
            submitted(ledger, number)
            assert happen(told("batch_running", number), told("batch_succeeded", number)) == []

    return end


@pytest.fixture
def budgets(alerts):
    """The headlines of the budget's alerts since the last call."""
    return lambda: [alert["headline"] for alert in alerts() if alert["kind"] == "BUDGET"]


def test_should_tell_of_each_share_when_it_is_passed(ends, budgets):
    seen = []
    for number in range(5):
        ends(number)
        seen.append(len(budgets()))
    assert seen == [0, 1, 0, 1, 0], "25, 50, 75, 100 and 125 percent: 80 is passed together with 100"


def test_should_tell_once_however_often_the_end_is_delivered(ends, happen, budgets):
    ends(0, 1)
    assert happen(*[told("batch_succeeded", 1)] * 3, told("batch_succeeded", 0)) == []
    assert len(budgets()) == 1


def test_should_tell_when_the_end_is_delivered_again_after_it_died(ends, happen, ledger, budgets, clock):
    ends(0)
    submitted(ledger, 1)
    with pytest.MonkeyPatch.context() as broken:
        publish = Topic.publish

        def die(self, alert):
            if alert.kind == "BUDGET":
                raise Unavailable("SNS is away")
            publish(self, alert)

        broken.setattr(Topic, "publish", die)
        assert happen(told("batch_succeeded", 1)) == ["message-0"]
    clock.forward(minutes=3)
    assert happen(told("batch_succeeded", 1), told("batch_succeeded", 1)) == []
    assert len(budgets()) == 1


def test_should_tell_of_what_is_passed_because_the_budget_was_lowered(ends, budgets, monkeypatch):
    ends(0)
    assert budgets() == []
    monkeypatch.setenv("PULSE_MONTHLY_BUDGET_USD", str(COST))
    for module in (shared, wiring):
        for wired in vars(module).values():
            if hasattr(wired, "cache_clear"):
                wired.cache_clear()
    ends(1, 2)
    (headline,) = budgets()
    assert headline == "The budget of 2026-03 is used up"


def test_should_begin_anew_with_each_month(happen, ledger, ends, budgets):
    ends(0, 1)
    for number in (2, 3):
        record = submitted(ledger, number)
        april = structs.replace(record, created_at=record.created_at.replace(month=4), revision=1)
        assert ledger.update_if_unchanged(april, before=record.position)
        assert happen(told("batch_succeeded", number)) == []
    first, second = budgets()
    assert "2026-03" in first or "March" in first
    assert first != second


def test_should_say_nothing_without_a_budget(settings, happen, ledger, budgets, monkeypatch):
    monkeypatch.delenv("PULSE_MONTHLY_BUDGET_USD")
    submitted(ledger)
    assert happen(told("batch_succeeded")) == []
    assert budgets() == []


def test_should_count_the_cost_of_a_job_whose_alert_cannot_be_sent(happen, ledger, monkeypatch):
    def denied(self, alert):
        raise Misconfigured("SNS denies it")

    monkeypatch.setattr(Topic, "publish", denied)
    submitted(ledger)
    assert happen(told("batch_succeeded")) == ["message-0"]
    assert ledger.spent("2026-03") == COST
