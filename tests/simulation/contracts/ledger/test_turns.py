"""Whose turn it is to send an alert."""

from datetime import timedelta
from decimal import Decimal

from pulse.domain.alerts.turn import MonthShare
from pulse.domain.cost.months import Spent
from tests.simulation.contracts.ledger.records import KEY, MARCH, MINUTE, NOW, PLAN, RECORD, numbered


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


def test_should_give_one_turn_for_each_share_of_a_month(ledger, turns):
    def turn(percent):
        return turns.take(MonthShare(MARCH, percent), "BUDGET", now=NOW, lease=MINUTE)

    ledger.note_cost(numbered(1, cost_usd=Decimal(8)))
    assert [turn(50), turn(80), turn(80)] == ["ours", "ours", "theirs"]
    turns.sent(MonthShare(MARCH, 80), "BUDGET", now=NOW)
    assert turn(80) == "done"
    assert ledger.note_cost(numbered(1, cost_usd=Decimal(8))) == Spent(MARCH, Decimal(8), frozenset({80}))


def test_should_keep_alerts_out_of_the_record_and_the_claim(ledger, turns):
    turns.take(KEY, "REJECTED", now=NOW, lease=timedelta(seconds=60))
    assert ledger.claim(KEY, [RECORD], PLAN) is None, "a turn is no claim"
