"""A job as the ledger knows it, with the request it was asked for with, and why it failed."""

from collections.abc import Callable, Sequence
from datetime import datetime

from msgspec import Struct

from pulse.domain.access import Guard
from pulse.domain.catalogue.catalogue import Catalogue
from pulse.domain.diagnosis.children import Failures, failures, has_failures
from pulse.domain.diagnosis.next_run import rerun_reason
from pulse.domain.job.record import JobRecord
from pulse.domain.request import identity
from pulse.domain.views.known_job import KnownJob
from pulse.services.alert.read_last_lines import ReadLastLines
from pulse.services.ports.ledger import Ledger


class GetJob(Struct, frozen=True, kw_only=True):
    ledger: Ledger
    catalogue: Catalogue
    read_last_lines: ReadLastLines
    clock: Callable[[], datetime]

    def get(self, job_id: str, guard: Guard) -> KnownJob:
        """Raises NotFound, Unavailable, Misconfigured."""
        record = guard.seen(self.ledger.record(job_id), job_id)
        queue = self.catalogue.queues.get(record.queue)
        log = self.read_last_lines.of(record).texts if record.status == "FAILED" else ()
        return KnownJob(
            record=record,
            plan=None if record.foreign else self.ledger.plan(record.results_id),
            spot=bool(queue and queue.spot),
            log=log,
            rerun=self._rerun(record, log),
            failed=self._failed(record),
        )

    def _rerun(self, record: JobRecord, log: Sequence[str]) -> str:
        because = rerun_reason(record, log)
        if because is None:
            return ""
        claim = self.ledger.claimed(identity.of_rerun(record.results_id, because), now=self.clock())
        return claim.job_id if claim else ""

    def _failed(self, record: JobRecord) -> Failures | None:
        """The children are read only where some failed: there may be 10,000."""
        return failures(record, self.ledger.children(record.job_id)) if has_failures(record) else None
