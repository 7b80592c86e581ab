"""KnownJob: a record with what else is known of its job, for those who ask about it."""

from msgspec import Struct

from pulse.domain.diagnosis.children import Failures
from pulse.domain.job.record import JobRecord
from pulse.domain.plan.stored_plan import StoredPlan


class KnownJob(Struct, frozen=True, kw_only=True):
    """`plan`: None for a job that another client submitted. A merge or a ranking has that of its array.
    `spot`: the job's queue tries Spot first. `log`: how the log of a FAILED one ends, with secrets. `rerun`:
    the job that was submitted because this one died of memory. `failed`: which children of an array did.
    """

    record: JobRecord
    plan: StoredPlan | None = None
    spot: bool = False
    log: tuple[str, ...] = ()
    rerun: str = ""
    failed: Failures | None = None
