"""Ends a job that nobody wants any more. AWS Batch fails what depends on it, and its events tell the rest."""

from msgspec import Struct, structs

from pulse.domain.access import Guard
from pulse.domain.caller import cancellation
from pulse.domain.errors import HasEnded, NotSubmitted, NotYetSubmitted
from pulse.domain.job.record import JobRecord
from pulse.services.ports.batch import Batch
from pulse.services.ports.ledger import Ledger

MAX_REASON_CHARACTERS = 1024
"""https://docs.aws.amazon.com/batch/latest/APIReference/API_TerminateJob.html"""


class CancelJob(Struct, frozen=True, kw_only=True):
    ledger: Ledger
    batch: Batch

    def cancel(self, job_id: str, reason: str, guard: Guard) -> JobRecord:
        """Tells a job to end, and AWS Batch who does; again does no harm. Returns the job. Of an array whose
        children are done, that is the job which merges or ranks. Raises NotFound, NotAllowed, HasEnded,
        NotSubmitted, NotYetSubmitted, Unavailable, Misconfigured.
        """
        record = guard.seen(self.ledger.record(job_id), job_id)
        guard.demand_change(record)
        status_reason = cancellation(guard.arn, reason, MAX_REASON_CHARACTERS)
        record = self._stopped(self._following(record) if record.is_terminal else record, status_reason)
        if record.follower and self._has_succeeded(record):
            # The event of that is still to come. What follows an array that fails, fails by itself.
            return self._stopped(self._following(structs.replace(record, status="SUCCEEDED")), status_reason)
        return record

    def _stopped(self, record: JobRecord, status_reason: str) -> JobRecord:
        if record.status == "RELEASED":
            raise NotSubmitted(record.job_id, record.status_reason)
        if not record.batch_job_id:
            raise NotYetSubmitted(record.job_id)
        self.batch.stop(record.batch_job_id, status_reason)
        return structs.replace(record, status_reason=status_reason)

    def _has_succeeded(self, record: JobRecord) -> bool:
        return any(job["status"] == "SUCCEEDED" for job in self.batch.describe([record.batch_job_id]))

    def _following(self, ended: JobRecord) -> JobRecord:
        """The job that merges or ranks what an ended array wrote, where it has not ended. Raises HasEnded."""
        follower = self.ledger.record(ended.follower) if ended.follower else None
        if follower is None or follower.is_terminal:
            raise HasEnded(ended.job_id, ended.status)
        return follower
