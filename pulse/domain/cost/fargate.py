"""What a container costs on AWS Fargate. https://aws.amazon.com/fargate/pricing/"""

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from math import ceil

from pulse.domain.cost.prices import Prices
from pulse.domain.request.batch_limits import CpuArchitecture

LEAST_BILLED_SECONDS = 60
FREE_EPHEMERAL_GIB = 20

_SECONDS_AN_HOUR = 3600
_ALL_PERCENT, _QUOTED = 100, Decimal("0.0001")
MICRODOLLAR = Decimal("0.000001")


def hourly_usd(
    prices: Prices,
    *,
    vcpus: float,
    memory_mib: int,
    cpu_architecture: CpuArchitecture = "X86_64",
    ephemeral_gib: int | None = None,
) -> Decimal:
    """US dollars an hour on demand. `ephemeral_gib`: all of the scratch space, None for the free 20 GiB."""
    rates = prices.fargate.rates(cpu_architecture)
    beyond_free = max(0, (ephemeral_gib or 0) - FREE_EPHEMERAL_GIB)
    return (
        Decimal(str(vcpus)) * rates.vcpu_hour_usd
        + Decimal(memory_mib) / 1024 * rates.gb_hour_usd
        + beyond_free * prices.fargate.ephemeral_gb_hour_usd
    )


def ran_on_spot(cluster: str, environments: Mapping[str, bool]) -> bool | None:
    """Whether a container in this cluster of Amazon ECS ran on Spot; None where nobody knows. `environments`:
    which compute environments of AWS Batch are Spot, by name. A cluster is named `AWSBatch-NAME-…`, older
    ones `NAME_Batch_…`: https://docs.aws.amazon.com/batch/latest/APIReference/API_ComputeEnvironmentDetail.html
    """
    named = cluster.removeprefix("AWSBatch-")
    own = [name for name in environments if named.startswith((f"{name}-", f"{name}_"))]
    return environments[max(own, key=len)] if own else None


def billed_seconds(seconds: float) -> int:
    """The seconds that AWS bills for one attempt: whole ones, at least 60."""
    return max(LEAST_BILLED_SECONDS, ceil(seconds))


def for_seconds(hour_usd: Decimal, seconds: int, *, discount_percent: Decimal | int = 0) -> Decimal:
    """What so many billed seconds cost, not rounded."""
    return hour_usd * seconds / _SECONDS_AN_HOUR * (100 - discount_percent) / 100


def actual_cost(  # noqa: PLR0913 - each is one number of the same container
    prices: Prices,
    *,
    vcpus: float,
    memory_mib: int,
    cpu_architecture: CpuArchitecture = "X86_64",
    ephemeral_gib: int | None = None,
    spot: bool,
    attempt_seconds: Sequence[float],
) -> Decimal:
    """US dollars, to the millionth, of attempts that ran so long: every one is billed, failed or not. On Spot
    at the mean of the discounts that are seen. An array's cost is the sum over its children.

    A lower bound by some seconds: AWS bills from the image pull, a job's times count from its start.
    """
    hour_usd = hourly_usd(
        prices,
        vcpus=vcpus,
        memory_mib=memory_mib,
        cpu_architecture=cpu_architecture,
        ephemeral_gib=ephemeral_gib,
    )
    seconds = sum(map(billed_seconds, attempt_seconds))
    discount_percent = prices.spot_discount.mean_percent if spot else 0
    return for_seconds(hour_usd, seconds, discount_percent=discount_percent).quantize(
        MICRODOLLAR, ROUND_HALF_EVEN
    )


def without_discount(usd: Decimal, discount_percent: Decimal) -> Decimal | None:
    """US dollars on demand of what costs so much on Spot, to the ten-thousandth, as quotes are; None where
    Spot is free.
    """
    if discount_percent >= _ALL_PERCENT:
        return None
    return (_ALL_PERCENT * usd / (_ALL_PERCENT - discount_percent)).quantize(_QUOTED, ROUND_HALF_EVEN)
