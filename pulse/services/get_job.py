"""A job as the ledger knows it, with the request it was asked for with."""

from msgspec import Struct

from pulse.domain.errors import NotFound
from pulse.domain.job_record import JobRecord
from pulse.domain.stored_plan import StoredPlan
from pulse.services.ports import Ledger


class KnownJob(Struct, frozen=True):
    """`plan`: None for a job that another client submitted. A merge or a ranking has that of its array."""

    record: JobRecord
    plan: StoredPlan | None


class GetJob(Struct, frozen=True):
    ledger: Ledger

    def get(self, job_id: str) -> KnownJob:
        """Raises NotFound, Unavailable, Misconfigured."""
        record = self.ledger.record(job_id)
        if record is None:
            raise NotFound(job_id)
        return KnownJob(record, None if record.foreign else self.ledger.plan(record.results_id))
