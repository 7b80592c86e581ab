"""Prices: what an hour on Fargate and on EC2 instances costs, as dated data. config/prices.yaml holds them,
`pulse cost --refresh-prices` renews them.
"""

from datetime import date
from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Struct

from pulse.domain.fault import Fault, shown
from pulse.domain.request.batch_limits import CpuArchitecture

HourlyUsd = Annotated[
    Decimal, Meta(description='US dollars an hour above 0 and up to 1000, in quotes: "0.04048"')
]
Percent = Annotated[int, Meta(ge=0, le=99, description="percent, an integer from 0 to 99")]
Count = Annotated[int, Meta(ge=1, description="an integer from 1")]
_MAX_USD = 1000


class Rates(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """On demand, of one vCPU and of one GB (AWS's word for what a container calls GiB)."""

    vcpu_hour_usd: HourlyUsd
    gb_hour_usd: HourlyUsd

    def faults(self) -> list[Fault]:
        return _not_amounts(vcpu_hour_usd=self.vcpu_hour_usd, gb_hour_usd=self.gb_hour_usd)


class FargatePrices(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename={"x86_64": "X86_64", "arm64": "ARM64"},
):
    x86_64: Rates
    arm64: Rates
    ephemeral_gb_hour_usd: HourlyUsd

    def faults(self) -> list[Fault]:
        return _not_amounts(ephemeral_gb_hour_usd=self.ephemeral_gb_hour_usd)

    def rates(self, cpu_architecture: CpuArchitecture) -> Rates:
        return {"X86_64": self.x86_64, "ARM64": self.arm64}[cpu_architecture]


class InstancePrice(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What an EC2 instance type costs on demand with Linux, and what it has."""

    hour_usd: HourlyUsd
    vcpus: Count
    memory_mib: Count
    gpus: Annotated[int, Meta(ge=0, description="an integer from 0")] = 0

    def faults(self) -> list[Fault]:
        return _not_amounts(hour_usd=self.hour_usd)


class SpotDiscount(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much less Spot costs than on demand. It has no fixed price, so this is what is seen."""

    least_percent: Percent
    most_percent: Percent

    def faults(self) -> list[Fault]:
        if self.most_percent < self.least_percent:
            limit = f"at least least_percent, {self.least_percent}"
            return [Fault("most_percent", limit, shown(self.most_percent))]
        return []

    @property
    def mean_percent(self) -> Decimal:
        return Decimal(self.least_percent + self.most_percent) / 2


class Prices(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`as_of`: the day the prices were looked up. `source`: where, for people. `ec2`: by instance type."""

    as_of: date
    region: Annotated[str, Meta(pattern=r"^[a-z]{2}(-[a-z]+)+-\d\Z", description="an AWS region: us-east-1")]
    source: Annotated[str, Meta(min_length=1, max_length=200, description="1 to 200 characters")]
    fargate: FargatePrices
    spot_discount: SpotDiscount
    ec2: dict[str, InstancePrice] = {}

    def of_another_region(self, region: str) -> str:
        """What to do about prices that are not of `region`, where jobs run; empty where they are."""
        if region in ("", self.region):
            return ""
        return (
            f"Prices of {self.region}, but jobs run in {region}, where they differ: pulse cost "
            f"--refresh-prices --region {region}, then deploy."
        )


def _not_amounts(**amounts: Decimal) -> list[Fault]:
    """A Decimal's bounds are not checked by msgspec, and NaN is one."""
    limit = f"US dollars an hour above 0 and up to {_MAX_USD}"
    return [
        Fault(name, limit, shown(str(amount)))
        for name, amount in amounts.items()
        if not amount.is_finite() or not 0 < amount <= _MAX_USD
    ]
