from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from pulse.domain.cost.fargate import actual_cost, hourly_usd
from pulse.domain.cost.prices import Prices
from pulse.domain.validation import InvalidInput, convert

RAW = yaml.safe_load((Path(__file__).parents[2] / "config" / "prices.yaml").read_text())
PRICES = convert(RAW, Prices)


def test_should_read_the_prices_of_the_configuration_as_dated_decimals():
    assert isinstance(PRICES.as_of, date)
    assert PRICES.region == "us-east-1"
    assert PRICES.fargate.x86_64.vcpu_hour_usd == Decimal("0.04048")
    assert PRICES.fargate.rates("ARM64").vcpu_hour_usd < PRICES.fargate.rates("X86_64").vcpu_hour_usd


def test_should_report_every_fault_of_the_prices_at_once():
    raw = {
        "as_of": "2026",
        "region": "Virginia",
        "source": "",
        "fargate": {
            "X86_64": {"vcpu_hour_usd": "0", "gb_hour_usd": "-1"},
            "ARM64": {"vcpu_hour_usd": "NaN", "gb_hour_usd": "cheap"},
            "ephemeral_gb_hour_usd": "Infinity",
        },
        "spot_discount": {"least_percent": 70, "most_percent": 50, "kind": "x"},
    }
    with pytest.raises(InvalidInput) as caught:
        convert(raw, Prices)
    assert {fault.field for fault in caught.value.faults} >= {
        "as_of",
        "region",
        "source",
        "fargate.X86_64.vcpu_hour_usd",
        "fargate.X86_64.gb_hour_usd",
        "fargate.ARM64.gb_hour_usd",
        "spot_discount.most_percent",
        "spot_discount.kind",
    }


@pytest.mark.parametrize("amount", ["0", "-0.01", "NaN", "sNaN", "Infinity", "1001"])
def test_should_refuse_an_amount_that_is_no_price(amount):
    with pytest.raises(InvalidInput, match="ephemeral_gb_hour_usd: allowed is US dollars an hour above 0"):
        convert(RAW | {"fargate": RAW["fargate"] | {"ephemeral_gb_hour_usd": amount}}, Prices)


def test_should_add_vcpu_memory_and_the_scratch_space_beyond_the_free_20_gib():
    hour = hourly_usd(PRICES, vcpus=0.5, memory_mib=1024)
    assert hour == Decimal("0.04048") / 2 + Decimal("0.004445")
    assert hourly_usd(PRICES, vcpus=0.5, memory_mib=1024, ephemeral_gib=20) == hour
    assert hourly_usd(PRICES, vcpus=0.5, memory_mib=1024, ephemeral_gib=30) == hour + Decimal("0.00111")
    assert hourly_usd(PRICES, vcpus=1, memory_mib=2048, cpu_architecture="ARM64") == Decimal("0.03950")


def test_should_bill_every_attempt_by_the_second_and_a_minute_at_least():
    def cost(*attempt_seconds, spot=False):
        return actual_cost(PRICES, vcpus=1, memory_mib=2048, spot=spot, attempt_seconds=attempt_seconds)

    assert cost(3600) == Decimal("0.049370")
    assert cost(3600, 3600) == 2 * cost(3600)
    assert cost(5) == cost(60) == cost(59.01)
    assert cost(60.2) == cost(61) > cost(60)
    assert cost(3600, spot=True) == Decimal("0.019748")
    assert cost() == 0
