"""Quote: what a job will cost before it runs, and what speaks against that."""

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_CEILING, Decimal

from msgspec import Struct
from msgspec.structs import replace

from pulse.domain.cost.budget import over_budget
from pulse.domain.cost.fargate import billed_seconds, for_seconds, hourly_usd
from pulse.domain.cost.instances import fitting
from pulse.domain.cost.prices import Prices
from pulse.domain.fault import Fault
from pulse.domain.history import LEAST_RUNS, percentile
from pulse.domain.request.batch_limits import CpuArchitecture, Platform
from pulse.domain.text.duration import in_words

_SHORT_RUNS_PERCENT, _HALF_PERCENT = 10, 50
_STEP_USD = Decimal("0.0001")


class Quote(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """US dollars, rounded up to four places; all three None where no price is known. `as_of`, `region` and
    `source` are those of the prices. `expected_wait_seconds` from the request to the start, None where fewer
    than LEAST_RUNS earlier runs tell of it.
    """

    low_usd: Decimal | None
    likely_usd: Decimal | None
    high_usd: Decimal | None
    as_of: date
    region: str
    source: str
    expected_wait_seconds: float | None = None
    why: str = ""


def quote(  # noqa: PLR0913 - each is one number of the same job
    prices: Prices,
    *,
    vcpus: float,
    memory_mib: int,
    gpus: int = 0,
    platform: Platform = "FARGATE",
    instance_types: Sequence[str] = (),
    spot: bool,
    region: str = "",
    cpu_architecture: CpuArchitecture = "X86_64",
    ephemeral_gib: int | None = None,
    expected_seconds: float | None,
    timeout_seconds: int,
    attempts: int,
    jobs: int = 1,
    ran_seconds: Sequence[float] = (),
    waited_seconds: Sequence[float] = (),
) -> Quote:
    """The quote of `jobs` containers: 1, shards + 1, combinations of a sweep + 1.

    | | each container | price |
    | --- | --- | --- |
    | low | one attempt as short as the shortest tenth of earlier runs | the largest Spot discount |
    | likely | one attempt, as long as expected, else as the median, else as the timeout | the mean one |
    | high | every attempt runs into its timeout | on demand |

    On EC2 a container's price is its share of an instance's: for low and likely of the cheapest of
    `instance_types` that holds it, for high of the dearest. `spot`: the queue tries Spot first; without it
    all three are on demand. `region`: where it runs; empty: not known. `timeout_seconds` of one attempt.
    `expected_seconds`: None when neither the request nor its data tells. `ran_seconds` of earlier runs of its
    profile, whose median counts from LEAST_RUNS of them on; `waited_seconds` of those in its queue.
    """
    blank = Quote(
        low_usd=None,
        likely_usd=None,
        high_usd=None,
        as_of=prices.as_of,
        region=prices.region,
        source=prices.source,
        expected_wait_seconds=_median(waited_seconds),
    )
    if platform == "EC2":
        hourly = fitting(prices.ec2, instance_types, vcpus=vcpus, memory_mib=memory_mib, gpus=gpus)
    else:
        fargate = hourly_usd(
            prices,
            vcpus=vcpus,
            memory_mib=memory_mib,
            cpu_architecture=cpu_architecture,
            ephemeral_gib=ephemeral_gib,
        )
        hourly = {"Fargate": fargate}
    if not hourly:
        return replace(
            blank,
            why="No cost is known beforehand: none of the instance types of its queue that hold the job "
            f"({', '.join(instance_types)}) has a price in config/prices.yaml. "
            "pulse cost --refresh-prices --instance-type TYPE adds one.",
        )
    (cheapest, least_usd), *_, (dearest, most_usd) = [*hourly.items()] * 2
    likely_seconds, by = _likely(expected_seconds, ran_seconds, timeout_seconds)
    short_seconds = percentile(ran_seconds, _SHORT_RUNS_PERCENT) or 0
    most, mean = (prices.spot_discount.most_percent, prices.spot_discount.mean_percent) if spot else (0, 0)
    return replace(
        blank,
        low_usd=_usd(jobs * least_usd, billed_seconds(min(short_seconds, likely_seconds)), most),
        likely_usd=_usd(jobs * least_usd, billed_seconds(likely_seconds), mean),
        high_usd=_usd(jobs * most_usd, billed_seconds(timeout_seconds) * attempts, 0),
        why=f"{_containers(jobs)} likely: one attempt billed for "
        f"{in_words(billed_seconds(likely_seconds))}{by}, "
        f"{cheapest} {f'Spot at {mean:f} % less' if spot else 'on demand'}; at most: "
        f"{_attempts(attempts)} to the timeout of {in_words(timeout_seconds)}, "
        f"{'' if dearest == cheapest else f'{dearest} '}on demand. "
        f"{'A job costs its share of an instance. ' if platform == 'EC2' else ''}"
        f"Prices of {prices.region} as of {prices.as_of}. {prices.of_another_region(region)}".rstrip(),
    )


def over_limits(
    quoted: Quote,
    *,
    max_cost_usd: Decimal | None,
    default_max_usd: Decimal | None,
    month_to_date_usd: Decimal,
    monthly_budget_usd: Decimal | None,
) -> list[Fault]:
    """What refuses the job: its high quote above what the request allows (`default_max_usd` where it says
    nothing), or above what is left of the month's budget. A job without a price cannot keep `max_cost_usd`;
    against the default and the budget it counts as nothing.
    """
    high_usd = quoted.high_usd
    if high_usd is None:
        unpriced = Fault("max_cost_usd", "nothing where no price is known", f"${max_cost_usd}")
        return [] if max_cost_usd is None else [unpriced]
    faults = []
    max_usd = default_max_usd if max_cost_usd is None else max_cost_usd
    if max_usd is not None and high_usd > max_usd:
        limit = f"at least ${high_usd}, or a shorter timeout, fewer attempts or smaller resources"
        found = f"${max_usd}" if max_cost_usd is not None else f"nothing, and ${max_usd} is the default"
        faults.append(Fault("max_cost_usd", limit, found))
    if monthly_budget_usd is not None and month_to_date_usd + high_usd > monthly_budget_usd:
        faults.append(over_budget(high_usd, month_to_date_usd, monthly_budget_usd))
    return faults


def _likely(
    expected_seconds: float | None, ran_seconds: Sequence[float], timeout_seconds: int
) -> tuple[float, str]:
    """How long an attempt will likely run, and in words what tells it."""
    if expected_seconds is not None:
        return min(expected_seconds, timeout_seconds), ""
    usual_seconds = _median(ran_seconds)
    if usual_seconds is None:
        return timeout_seconds, " (its timeout: too few earlier runs are known)"
    return min(usual_seconds, timeout_seconds), f" (the median of {len(ran_seconds)} earlier runs)"


def _median(seconds: Sequence[float]) -> float | None:
    """The median of at least LEAST_RUNS runs, else None."""
    return percentile(seconds, _HALF_PERCENT) if len(seconds) >= LEAST_RUNS else None


def _usd(hour_usd: Decimal, seconds: int, discount_percent: Decimal | int) -> Decimal:
    cost = for_seconds(hour_usd, seconds, discount_percent=discount_percent)
    return cost.quantize(_STEP_USD, ROUND_CEILING)


def _containers(jobs: int) -> str:
    return "One container," if jobs == 1 else f"{jobs:,} containers, each"


def _attempts(attempts: int) -> str:
    return "one attempt" if attempts == 1 else f"{attempts} attempts"
