"""What a container costs on an EC2 instance: its share of what the instance costs while it runs.

Its share is that of the vCPUs, of the memory or of the GPUs it reserves, whichever is largest: what no other
container can have meanwhile. The time in which an instance starts or has no job is in no job's cost.
https://aws.amazon.com/ec2/pricing/on-demand/
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from pulse.domain.cost.prices import InstancePrice

_SECONDS_AN_HOUR = 3600
_LEAST_RESERVE_MIB, _RESERVE_DIVISOR = 512, 20
BUNDLES = {
    "default_x86_64": ("m6i", "c6i", "r6i", "c7i"),
    "default_arm64": ("m6g", "c6g", "r6g", "c7g"),
    "optimal": ("m6i", "c6i", "r6i", "c7i"),
}
"""https://docs.aws.amazon.com/batch/latest/APIReference/API_ComputeResource.html"""


class Instance(Struct, frozen=True, kw_only=True):
    """On what a container ran: `type` as in `m7i.large`, `zone` as in `us-east-1a`."""

    type: str
    zone: str
    spot: bool


class SpotPrice(Struct, frozen=True):
    """US dollars an hour of an instance type in a zone, from `since` to the next one."""

    since: datetime
    hour_usd: Decimal


def usable_mib(memory_mib: int) -> int:
    """What an instance has left for jobs: it registers less than it is sold with, because the kernel and the
    agent of Amazon ECS take some, and a job that asks for more is never placed. Taken to be a twentieth, and
    at least 512 MiB: https://docs.aws.amazon.com/batch/latest/userguide/memory-management.html
    """
    return memory_mib - max(_LEAST_RESERVE_MIB, memory_mib // _RESERVE_DIVISOR)


def share(price: InstancePrice, *, vcpus: float, memory_mib: int, gpus: int) -> Decimal:
    """The share of an instance that a container takes; above 1 it does not fit."""
    pairs = [(Decimal(str(vcpus)), price.vcpus), (Decimal(memory_mib), price.memory_mib)]
    pairs += [(Decimal(gpus), price.gpus)] if price.gpus else []
    return max(need / has for need, has in pairs)


def of_kind(prices: dict[str, InstancePrice], kinds: Iterable[str]) -> dict[str, InstancePrice]:
    """Those of these types (`m7i.large`), families (`m7i`) and bundles of families (`default_x86_64`), as a
    compute environment names them.
    """
    wanted = {name for kind in kinds for name in BUNDLES.get(kind, (kind,))}
    return {name: price for name, price in prices.items() if wanted & {name, name.partition(".")[0]}}


def largest_memory_mib(prices: dict[str, InstancePrice], kinds: Iterable[str]) -> int | None:
    """The most that a job can get on any of these types; None where one of them is not known, or a family,
    which has sizes that nobody listed.
    """
    names = list(kinds)
    if not names or any(name not in prices for name in names):
        return None
    return max(usable_mib(prices[name].memory_mib) for name in names)


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
        if gpus <= price.gpus
        and memory_mib <= usable_mib(price.memory_mib)
        and (part := share(price, vcpus=vcpus, memory_mib=memory_mib, gpus=gpus)) <= 1
    }
    return dict(sorted(held.items(), key=lambda one: one[1]))


def on_demand_usd(hour_usd: Decimal, start: datetime, stop: datetime) -> Decimal:
    """The price of the whole instance, by the second, not rounded."""
    return hour_usd * Decimal(max(0.0, (stop - start).total_seconds())) / _SECONDS_AN_HOUR


def spot_usd(prices: Sequence[SpotPrice], start: datetime, stop: datetime) -> Decimal | None:
    """The price of the whole instance as Spot prices changed; None when the first is later than `start`."""
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
