"""What is usual for a job: how long earlier runs like it waited and ran, and what they cost."""

from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct

from pulse.domain.history import LEAST_RUNS, percentile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulse.domain.job.record import JobRecord

_MEDIAN, _P95 = 50, 95


class Usual(Struct, frozen=True, kw_only=True):
    """`runs`: of how many it is. Medians and 95th percentiles by nearest rank, so each is a value that
    occurred. `ran`: all attempts of a job; `waited`: from the request to the start of the first one. The cost
    in US dollars, None where no run has a price.
    """

    runs: int
    ran_median_seconds: float
    ran_p95_seconds: float
    waited_median_seconds: float
    waited_p95_seconds: float
    cost_median_usd: Decimal | None = None


def usual(records: "Sequence[JobRecord]") -> Usual | None:
    """The usual times and costs of the runs that ended well, without arrays and what merges or ranks them;
    None below LEAST_RUNS of them.
    """
    runs = [record for record in records if is_run(record)]
    ran = [record.ran_seconds for record in runs if record.ran_seconds is not None]
    waited = [record.waited_seconds for record in runs if record.waited_seconds is not None]
    costs = [record.cost_usd for record in runs if record.cost_usd is not None]
    if len(runs) < LEAST_RUNS:
        return None
    return Usual(
        runs=len(runs),
        ran_median_seconds=percentile(ran, _MEDIAN) or 0.0,
        ran_p95_seconds=percentile(ran, _P95) or 0.0,
        waited_median_seconds=percentile(waited, _MEDIAN) or 0.0,
        waited_p95_seconds=percentile(waited, _P95) or 0.0,
        cost_median_usd=sorted(costs)[(len(costs) - 1) // 2] if costs else None,
    )


def is_run(record: "JobRecord") -> bool:
    """Whether it ran on its own and ended well, and is known how long it waited and ran."""
    return (
        record.status == "SUCCEEDED"
        and not (record.array_size or record.follows)
        and record.ran_seconds is not None
        and record.waited_seconds is not None
    )
