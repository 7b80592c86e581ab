from decimal import Decimal

import pytest
from msgspec import structs

from pulse.domain.job.usual import Usual, usual
from tests.unit.alert_cases import NOW, submitted


def ran(seconds, waited=30, cost_usd=None, **changes):
    """A record of a run that took so long after it waited so long."""
    record = submitted()
    return structs.replace(
        record,
        status="SUCCEEDED",
        created_at=NOW,
        started_at=NOW.replace(minute=30 + waited // 60, second=waited % 60),
        ran_seconds=float(seconds),
        cost_usd=cost_usd and Decimal(cost_usd),
        **changes,
    )


def test_should_take_median_and_95th_percentile_of_what_occurred():
    runs = [ran(seconds, waited=seconds, cost_usd=f"0.{seconds:03}") for seconds in range(1, 21)]
    assert usual(runs) == Usual(
        runs=20,
        ran_median_seconds=10.0,
        ran_p95_seconds=19.0,
        waited_median_seconds=10.0,
        waited_p95_seconds=19.0,
        cost_median_usd=Decimal("0.010"),
    )


def test_should_know_nothing_of_fewer_than_three_runs():
    assert usual([]) is None
    assert usual([ran(10), ran(20)]) is None
    assert usual([ran(10), ran(20), ran(30)]).ran_median_seconds == 20.0


@pytest.mark.parametrize(
    "change",
    [
        {"status": "FAILED"},
        {"status": "RUNNING"},
        {"array_size": 4},
        {"follows": "batch-1"},
        {"ran_seconds": None},
        {"started_at": None},
    ],
)
def test_should_count_only_whole_runs_that_ended_well(change):
    others = [structs.replace(ran(9999), **change) for _ in range(5)]
    assert usual([ran(10), ran(20), *others]) is None
    assert usual([ran(10), ran(20), ran(30), *others]).ran_p95_seconds == 30.0


def test_should_take_the_cost_of_those_that_have_a_price():
    assert usual([ran(1), ran(2, cost_usd="0.5"), ran(3)]).cost_median_usd == Decimal("0.5")
    assert usual([ran(1), ran(2), ran(3)]).cost_median_usd is None
