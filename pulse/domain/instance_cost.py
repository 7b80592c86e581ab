"""What a container costs on an EC2 instance: its share of what the instance costs while it runs.

Its share is that of the vCPUs, of the memory or of the GPUs it reserves, whichever is largest: what no other
container can have meanwhile. The time in which an instance starts or has no job is in no job's cost.
https://aws.amazon.com/ec2/pricing/on-demand/
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from pulse.domain.prices import InstancePrice

_SECONDS_AN_HOUR = 3600


class Instance(Struct, frozen=True, kw_only=True):
    """On what a container ran: `type` as in `m7i.large`, `zone` as in `us-east-1a`."""

    type: str
    zone: str
    spot: bool


class SpotPrice(Struct, frozen=True):
    """US dollars an hour of an instance type in a zone, from `since` to the next one."""

    since: datetime
    hour_usd: Decimal


def share(price: InstancePrice, *, vcpus: float, memory_mib: int, gpus: int) -> Decimal:
    """Of an instance of this type; above 1 the container does not fit."""
    asked = [(Decimal(str(vcpus)), price.vcpus), (Decimal(memory_mib), price.memory_mib)]
    asked += [(Decimal(gpus), price.gpus)] if price.gpus else []
    return max(need / has for need, has in asked)


def of_kind(prices: dict[str, InstancePrice], kinds: Iterable[str]) -> dict[str, InstancePrice]:
    """Those of these types (`m7i.large`) and families (`m7i`), as a compute environment names them."""
    wanted = set(kinds)
    return {name: price for name, price in prices.items() if wanted & {name, name.partition(".")[0]}}


def fitting(
    prices: dict[str, InstancePrice],
    instance_types: Iterable[str],
    *,
    vcpus: float,
    memory_mib: int,
    gpus: int,
) -> dict[str, Decimal]:
    """US dollars an hour of the container's share, on demand, by instance type, cheapest first: of those that
    hold it.
    """
    held = {
        name: price.hour_usd * part
        for name, price in of_kind(prices, instance_types).items()
        if gpus <= price.gpus and (part := share(price, vcpus=vcpus, memory_mib=memory_mib, gpus=gpus)) <= 1
    }
    return dict(sorted(held.items(), key=lambda one: one[1]))


def on_demand_usd(hour_usd: Decimal, start: datetime, stop: datetime) -> Decimal:
    """Of the whole instance, by the second, not rounded."""
    return hour_usd * Decimal(max(0.0, (stop - start).total_seconds())) / _SECONDS_AN_HOUR


def spot_usd(prices: Sequence[SpotPrice], start: datetime, stop: datetime) -> Decimal | None:
    """Of the whole instance, at the prices as they changed; None when the first is later than `start`."""
    ordered = sorted(prices, key=lambda price: price.since)
    if not ordered or ordered[0].since > start:
        return None
    ends = [price.since for price in ordered[1:]] + [stop]
    return sum(
        (
            on_demand_usd(price.hour_usd, max(start, price.since), min(stop, end))
            for price, end in zip(ordered, ends, strict=True)
        ),
        Decimal(0),
    )
