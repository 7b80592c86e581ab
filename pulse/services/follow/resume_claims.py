"""Sees to submissions that nobody came back to finish: a function died, and its caller did not ask again.

Whether AWS Batch took such a job is found out by the function that submits, as for whoever asks again; it is
only asked to here. A claim that AWS Batch may have forgotten ends as FAILED, so that somebody hears of it.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from pulse.domain.envelope import CLAIM_ABANDONED, JOB_DESCRIBED
from pulse.domain.job.drift import unknown_end
from pulse.domain.job.record import JobRecord
from pulse.domain.plan.claim import standing
from pulse.services.follow.ledger_walk import each
from pulse.services.ports.ledger import Ledger
from pulse.services.ports.messages import Messages

LEFT_BEHIND_FOR = timedelta(days=1)
"""So long it is tried to submit what merges or ranks; what AWS Batch refuses until then needs a person."""


class Resumed(Struct, frozen=True):
    """Job ids: of submissions that are being finished, and of claims that are given up."""

    resumed: tuple[str, ...]
    given_up: tuple[str, ...]


class ResumeClaims(Struct, frozen=True, kw_only=True):
    """`submissions` and `job_events` are the queues of submit_job and of on_job_event. `queues`: the ARNs of
    AWS Batch's queues by their names.
    """

    ledger: Ledger
    submissions: Messages
    job_events: Messages
    queues: Mapping[str, str]
    clock: Callable[[], datetime]

    def resume(self) -> Resumed:
        """Raises Unavailable, Misconfigured; what was asked for before that stays so."""
        now = self.clock()
        claimed = [*each(self.ledger, "CLAIMED")]
        abandoned = [record for record in claimed if standing(record, now) == "abandoned"]
        # An array and the job that follows it are one submission.
        resumed = {record.results_id for record in (*abandoned, *self._left_behind(now))}
        for job_id in sorted(resumed):
            self.submissions.send(CLAIM_ABANDONED, {"job_id": job_id})
        given_up = [record for record in claimed if standing(record, now) == "forgotten"]
        for record in given_up:
            detail = unknown_end(record, self.queues.get(record.queue, ""))
            self.job_events.send(JOB_DESCRIBED, detail, time=now)
        return Resumed(tuple(sorted(resumed)), tuple(record.job_id for record in given_up))

    def _left_behind(self, now: datetime) -> Iterator[JobRecord]:
        """Jobs that merge or rank, never submitted although their array was. Of any other RELEASED job,
        whoever asked for it was told that nothing was submitted.
        """
        for record in each(self.ledger, "RELEASED"):
            if now - record.created_at > LEFT_BEHIND_FOR:
                return
            array = self.ledger.record(record.follows) if record.follows else None
            if array and array.batch_job_id:
                yield record
