"""A job as the ledger knows it, with the request it was asked for with, and why it failed."""

from msgspec import Struct

from pulse.domain.catalogue import Catalogue
from pulse.domain.errors import NotFound
from pulse.domain.job_record import JobRecord
from pulse.domain.stored_plan import StoredPlan
from pulse.services.ports import Ledger
from pulse.services.read_last_lines import ReadLastLines


class KnownJob(Struct, frozen=True):
    """`plan`: None for a job that another client submitted. A merge or a ranking has that of its array.
    `spot`: the job's queue tries Spot first. `log`: how the log of a FAILED one ends, with secrets.
    """

    record: JobRecord
    plan: StoredPlan | None
    spot: bool
    log: tuple[str, ...]


class GetJob(Struct, frozen=True, kw_only=True):
    ledger: Ledger
    catalogue: Catalogue
    read_last_lines: ReadLastLines

    def get(self, job_id: str) -> KnownJob:
        """Raises NotFound, Unavailable, Misconfigured."""
        record = self.ledger.record(job_id)
        if record is None:
            raise NotFound(job_id)
        queue = self.catalogue.queues.get(record.queue)
        plan = None if record.foreign else self.ledger.plan(record.results_id)
        log = self.read_last_lines.of(record).texts if record.status == "FAILED" else ()
        return KnownJob(record, plan, spot=bool(queue and queue.spot), log=log)
