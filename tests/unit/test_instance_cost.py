"""What a container costs on an instance: its share, and the Spot prices as they changed."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulse.domain.cost.instances import (
    SpotPrice,
    fitting,
    largest_memory_mib,
    of_kind,
    on_demand_usd,
    share,
    spot_usd,
)
from pulse.domain.cost.prices import InstancePrice

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
LARGE = InstancePrice(hour_usd=Decimal("0.1"), vcpus=2, memory_mib=8192)
XLARGE = InstancePrice(hour_usd=Decimal("0.2"), vcpus=4, memory_mib=16384)
GPU = InstancePrice(hour_usd=Decimal(1), vcpus=4, memory_mib=16384, gpus=1)
PRICES = {"m5.large": LARGE, "m5.xlarge": XLARGE, "g5.xlarge": GPU}


@pytest.mark.parametrize(
    ("price", "asked", "part"),
    [
        (LARGE, {"vcpus": 1, "memory_mib": 2048, "gpus": 0}, "0.5"),
        (LARGE, {"vcpus": 0.5, "memory_mib": 6144, "gpus": 0}, "0.75"),
        (GPU, {"vcpus": 1, "memory_mib": 2048, "gpus": 1}, "1"),
        (GPU, {"vcpus": 1, "memory_mib": 2048, "gpus": 0}, "0.25"),
        (LARGE, {"vcpus": 4, "memory_mib": 2048, "gpus": 0}, "2"),
    ],
)
def test_should_take_the_largest_share_of_what_an_instance_has(price, asked, part):
    assert share(price, **asked) == Decimal(part)


@pytest.mark.parametrize(
    ("kinds", "asked", "found"),
    [
        (["m5"], {"vcpus": 1, "memory_mib": 2048, "gpus": 0}, {"m5.large": "0.05", "m5.xlarge": "0.05"}),
        (["m5.xlarge"], {"vcpus": 1, "memory_mib": 2048, "gpus": 0}, {"m5.xlarge": "0.05"}),
        (["g5", "m5"], {"vcpus": 3, "memory_mib": 512, "gpus": 0}, {"m5.xlarge": ".15", "g5.xlarge": ".75"}),
        (["g5", "m5"], {"vcpus": 1, "memory_mib": 512, "gpus": 1}, {"g5.xlarge": "1"}),
        (["m5"], {"vcpus": 8, "memory_mib": 512, "gpus": 0}, {}),
        (["c7i"], {"vcpus": 1, "memory_mib": 512, "gpus": 0}, {}),
        (["m5"], {"vcpus": 1, "memory_mib": 8192, "gpus": 0}, {"m5.xlarge": "0.1"}),  # not all of an m5.large
    ],
)
def test_should_find_what_holds_a_job_the_cheapest_first(kinds, asked, found):
    fits = fitting(PRICES, kinds, **asked)
    assert [*fits.items()] == [(name, Decimal(usd)) for name, usd in found.items()]


def test_should_know_the_families_of_a_bundle():
    prices = {"m6i.large": LARGE, "m6g.large": LARGE, "m5.large": LARGE}
    assert [*of_kind(prices, ["default_x86_64"])] == [*of_kind(prices, ["optimal"])] == ["m6i.large"]
    assert [*of_kind(prices, ["default_arm64", "m5"])] == ["m6g.large", "m5.large"]


@pytest.mark.parametrize(
    ("kinds", "most"),
    [
        (["m5.large"], 7680),
        (["m5.large", "m5.xlarge"], 15565),
        (["m5"], None),
        (["m5.large", "x2"], None),
        ([], None),
    ],
)
def test_should_know_the_most_that_types_of_known_size_leave_for_a_job(kinds, most):
    assert largest_memory_mib(PRICES, kinds) == most


def test_should_follow_the_price_over_its_changes_in_whatever_order_they_come():
    changes = [
        SpotPrice(NOON + HOUR, Decimal(4)),
        SpotPrice(NOON - HOUR, Decimal(2)),
        SpotPrice(NOON + 3 * HOUR, Decimal(100)),
    ]
    # Half an hour at 2 dollars, one at 4.
    assert spot_usd(changes, NOON + HOUR / 2, NOON + 2 * HOUR) == 5


def test_should_not_guess_a_price_that_is_not_known():
    assert spot_usd([], NOON, NOON + HOUR) is None
    assert spot_usd([SpotPrice(NOON + HOUR / 2, Decimal(1))], NOON, NOON + HOUR) is None


SECONDS = st.integers(0, 100_000)
CHANGES = st.lists(st.tuples(SECONDS, st.integers(1, 100)), max_size=8)


@given(CHANGES, SECONDS, SECONDS, SECONDS)
def test_should_cost_the_same_in_one_piece_or_two(changes, first, second, third):
    start, middle, stop = (NOON + timedelta(seconds=s) for s in sorted([first, second, third]))
    prices = [SpotPrice(NOON - HOUR, Decimal(36))]
    prices += [SpotPrice(NOON + timedelta(seconds=s), Decimal(36 * usd)) for s, usd in changes]
    whole = spot_usd(prices, start, stop)
    assert round(whole, 9) == round(spot_usd(prices, start, middle) + spot_usd(prices, middle, stop), 9)


@given(SECONDS, SECONDS)
def test_should_cost_as_on_demand_at_a_price_that_never_changes(first, second):
    start, stop = (NOON + timedelta(seconds=s) for s in sorted([first, second]))
    assert spot_usd([SpotPrice(start, Decimal(36))], start, stop) == on_demand_usd(Decimal(36), start, stop)
