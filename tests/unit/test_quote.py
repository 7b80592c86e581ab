from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pulse.domain.cost.prices import Prices
from pulse.domain.cost.quote import over_limits, quote
from pulse.domain.validation import convert

PRICES = convert(yaml.safe_load((Path(__file__).parents[2] / "config" / "prices.yaml").read_text()), Prices)
HOUR_USD = Decimal("0.04937")  # 1 vCPU, 2 GiB
RAN, WAITED = [60 * n for n in range(1, 21)], [10 * n for n in range(1, 21)]


def quoted(**options):
    usual = {
        "vcpus": 1,
        "memory_mib": 2048,
        "spot": True,
        "expected_seconds": 1800,
        "timeout_seconds": 7200,
        "attempts": 3,
        "ran_seconds": RAN,
        "waited_seconds": WAITED,
    }
    return quote(PRICES, **usual | options)


def up(amount):
    return amount.quantize(Decimal("0.0001"), "ROUND_CEILING")


def test_should_quote_the_shortest_tenth_the_expected_and_every_attempt_to_its_timeout():
    found = quoted()
    assert found.low_usd == up(HOUR_USD * 120 / 3600 * Decimal("0.3"))
    assert found.likely_usd == up(HOUR_USD / 2 * Decimal("0.4"))
    assert found.high_usd == up(HOUR_USD * 2 * 3)
    assert found.expected_wait_seconds == 100
    assert (found.as_of, found.region, found.source) == (PRICES.as_of, PRICES.region, PRICES.source)
    assert found.why == (
        "One container, likely: one attempt billed for 30 min, Fargate Spot at 60 % less; at most: 3 "
        f"attempts to the timeout of 2 h, on demand. Prices of us-east-1 as of {PRICES.as_of}."
    )


@pytest.mark.parametrize(("region", "warned"), [("eu-central-1", True), ("us-east-1", False), ("", False)])
def test_should_warn_of_prices_of_another_region_than_the_one_it_runs_in(region, warned):
    words = "jobs run in eu-central-1, where they differ: pulse cost --refresh-prices --region eu-central-1"
    assert (words in quoted(region=region).why) is warned


def test_should_price_every_container():
    one, five = quoted(), quoted(jobs=5)
    assert five.high_usd == 5 * HOUR_USD * 6
    assert five.likely_usd > 4 * one.likely_usd
    assert five.why.startswith("5 containers, each likely: ")


def test_should_know_no_discount_on_a_queue_without_spot():
    found = quoted(spot=False, attempts=1, expected_seconds=7200)
    assert found.likely_usd == found.high_usd
    assert "Fargate on demand" in found.why


def test_should_quote_the_least_that_is_billed_when_there_are_no_earlier_runs():
    found = quoted(ran_seconds=[], waited_seconds=[])
    assert found.low_usd == up(HOUR_USD / 60 * Decimal("0.3"))
    assert found.expected_wait_seconds is None


def test_should_expect_what_earlier_runs_took_when_nothing_is_expected():
    found = quoted(expected_seconds=None)
    assert found.likely_usd == quoted(expected_seconds=600).likely_usd
    assert "billed for 10 min (the median of 20 earlier runs), Fargate Spot" in found.why


def test_should_expect_the_timeout_when_nothing_is_known():
    found = quoted(expected_seconds=None, ran_seconds=[60, 60])
    assert found.likely_usd == quoted(expected_seconds=7200).likely_usd
    assert "billed for 2 h (its timeout: too few earlier runs are known), Fargate Spot" in found.why


def test_should_never_expect_more_than_the_timeout():
    assert (
        quoted(expected_seconds=None, timeout_seconds=300).likely_usd
        == quoted(expected_seconds=300).likely_usd
    )


def test_should_not_tell_how_long_it_waits_by_fewer_than_three_runs():
    assert quoted(waited_seconds=[10, 20]).expected_wait_seconds is None
    assert quoted(waited_seconds=[10, 20, 30]).expected_wait_seconds == 20


def test_should_quote_the_share_of_an_instance_the_cheapest_for_likely_and_the_dearest_for_high():
    found = quoted(platform="EC2", instance_types=["m5", "g5.xlarge"])
    m5_hour_usd, g5_hour_usd = Decimal("0.096") / 2, Decimal("1.006") / 4
    assert found.low_usd == up(m5_hour_usd * 120 / 3600 * Decimal("0.3"))
    assert found.likely_usd == up(m5_hour_usd / 2 * Decimal("0.4"))
    assert found.high_usd == up(g5_hour_usd * 2 * 3)
    assert found.why == (
        "One container, likely: one attempt billed for 30 min, m5.large Spot at 60 % less; at most: 3 "
        "attempts to the timeout of 2 h, g5.xlarge on demand. A job costs its share of an instance. "
        f"Prices of us-east-1 as of {PRICES.as_of}."
    )


def test_should_quote_a_gpu_only_on_instances_that_have_one():
    found = quoted(platform="EC2", instance_types=["m5", "g5.xlarge"], gpus=1, spot=False, attempts=1)
    assert found.high_usd == up(Decimal("1.006") * 2)
    assert "g5.xlarge on demand; at most: one attempt to the timeout of 2 h, on demand" in found.why


UNPRICED = {"platform": "EC2", "instance_types": ["c7i.large", "c7i.xlarge"]}


def test_should_say_which_price_is_missing():
    found = quoted(**UNPRICED)
    assert (found.low_usd, found.likely_usd, found.high_usd) == (None, None, None)
    assert "(c7i.large, c7i.xlarge) has a price in config/prices.yaml" in found.why
    assert found.expected_wait_seconds == 100


@given(
    st.fixed_dictionaries(
        {
            "vcpus": st.sampled_from([0.25, 1, 16]),
            "memory_mib": st.integers(512, 122_880),
            "spot": st.booleans(),
            "expected_seconds": st.none() | st.floats(0, 1e7),
            "timeout_seconds": st.integers(60, 1_209_600),
            "attempts": st.integers(1, 10),
            "jobs": st.integers(1, 10_001),
        }
    )
)
def test_should_never_quote_less_for_more(options):
    found = quoted(**options)
    assert 0 < found.low_usd <= found.likely_usd <= found.high_usd
    assert all(usd.as_tuple().exponent == -4 for usd in (found.low_usd, found.likely_usd, found.high_usd))


def limits(found, max_cost=None, spent="0", budget=None, default=None):
    return over_limits(
        found,
        default_max_usd=default and Decimal(default),
        max_cost_usd=max_cost and Decimal(max_cost),
        month_to_date_usd=Decimal(spent),
        monthly_budget_usd=budget and Decimal(budget),
    )


def test_should_refuse_both_the_request_s_limit_and_the_budget_at_once():
    cost, budget = limits(quoted(), max_cost="0.20", spent="99.9", budget="100")
    assert str(cost) == (
        "max_cost_usd: allowed is at least $0.2963, or a shorter timeout, fewer attempts or smaller "
        "resources; found $0.20"
    )
    assert str(budget) == (
        "monthly_budget_usd: allowed is a job of at most $0.1, which is left of this month's $100 "
        "(budget.monthly_usd in the configuration); found one of up to $0.2963"
    )


def test_should_hold_a_request_without_a_limit_against_the_default():
    (fault,) = limits(quoted(), default="0.20")
    assert (fault.field, fault.found) == ("max_cost_usd", "nothing, and $0.20 is the default")
    assert fault.allowed.startswith("at least $0.2963")
    assert limits(quoted(), max_cost="0.30", default="0.20") == []
    assert limits(quoted(**UNPRICED), default="0.20") == []


@pytest.mark.parametrize(
    ("max_cost", "spent", "budget"), [(None, "1000", None), ("0.2963", "0", None), (None, "0.7037", "1")]
)
def test_should_allow_what_just_fits(max_cost, spent, budget):
    assert limits(quoted(), max_cost, spent, budget) == []


def test_should_have_nothing_left_of_a_budget_that_is_overspent():
    (fault,) = limits(quoted(), spent="120", budget="100")
    assert fault.allowed.startswith("a job of at most $0,")


def test_should_refuse_a_limit_that_cannot_be_kept_because_nothing_is_priced():
    found = quoted(**UNPRICED)
    assert [fault.field for fault in limits(found, max_cost="1", spent="5", budget="1")] == ["max_cost_usd"]
    assert limits(found, spent="5", budget="1") == []
