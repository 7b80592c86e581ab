"""From a claim to its jobs in AWS Batch: submit each once, settle the claim, finish what somebody else left.

SubmitJob has no client token, so the claim comes first and holds the job's name and exact parameters. Whoever
meets the claim later never submits on suspicion: AWS Batch is asked for a job of that name, and only one that
it surely has not taken is submitted again (domain.claim.standing has the table).
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from math import ceil

from msgspec import Struct, structs

from pulse.domain.errors import (
    Forgotten,
    InFlight,
    Misconfigured,
    NotAccepted,
    NotFound,
    OutcomeUnknown,
    PulseError,
    RefusedByBatch,
    Unavailable,
)
from pulse.domain.job.record import JobRecord
from pulse.domain.plan.claim import LEASE, LISTED_WITHIN, standing
from pulse.domain.plan.job_plan import Step
from pulse.services.ports.batch import Batch
from pulse.services.ports.ledger import Ledger

_SURELY_NOT_TAKEN = (NotAccepted, RefusedByBatch, Misconfigured)
_PAUSES_SECONDS = (0.2, 0.4, 0.8, 1.6)
"""Upper bounds of the waits after a throttled SubmitJob; the real ones are random below (full jitter)."""


class Submission(Struct, frozen=True, kw_only=True):
    """`replayed`: the request was known, and this is what it led to. `follower`: the job that merges or ranks
    what the children of an array write. `unsettled`: why the ledger does not know the outcome; the job's
    first event will tell it.
    """

    record: JobRecord
    batch_job_id: str
    follower: JobRecord | None = None
    replayed: bool = False
    unsettled: str = ""


class FinishClaim(Struct, frozen=True, kw_only=True):
    """`clock` gives the time in UTC; `pause_up_to` sleeps for a random part of the seconds it is given;
    `budget_usd` is that of a month, None without one.
    """

    ledger: Ledger
    batch: Batch
    budget_usd: Decimal | None
    clock: Callable[[], datetime]
    pause_up_to: Callable[[float], None]

    def send(self, records: Sequence[JobRecord], steps: Sequence[Step]) -> Submission:
        """Submits the steps of a claim that is ours, each after the one it follows."""
        sent: list[JobRecord] = []
        troubles = []
        for record, step in zip(records, steps, strict=True):
            follows = sent[-1].batch_job_id if sent else ""
            batch_job_id, trouble = self._send(record, step, follows, unsent=records[len(sent) + 1 :])
            sent.append(structs.replace(record, batch_job_id=batch_job_id))
            troubles += [trouble] if trouble else []
        return _submission(sent, unsettled="; ".join(troubles))

    def finish(self, job_id: str) -> Submission:
        """What a claim that was there before leads to: depends on how far each of its steps came. `job_id`:
        of its first step. Raises InFlight, NotAccepted, OutcomeUnknown, Unavailable, RefusedByBatch,
        OverLimit (the month's budget has been used up since), Forgotten, Misconfigured.
        """
        ensured = [self._ensure(job_id, job_id, "")]
        if follower := ensured[0].follower:
            ensured.append(self._ensure(follower, job_id, ensured[0].batch_job_id))
        return _submission(ensured, replayed=True)

    def _ensure(self, job_id: str, planned_as: str, follows: str) -> JobRecord:
        """The record of a step, with AWS Batch's job id: submitted before, found by its name, or submitted
        here. `follows` is AWS Batch's id of the job it follows.
        """
        record = self.ledger.record(job_id)
        if record is None:
            raise Unavailable(f"Job {job_id} is claimed but its record cannot be read. Try again.")
        now = self.clock()
        match standing(record, now):
            case "submitted":
                return record
            case "in flight":
                raise InFlight(job_id, _seconds(record.lease_until, now))
            case "forgotten":
                raise Forgotten(job_id, record.job_name)
            case "released":
                found = ""
            case "unsettled" | "abandoned" as lost:
                found = self._find(self._step(planned_as, job_id))
                if not found and lost == "unsettled":
                    wait_seconds = _seconds(record.lease_until, now - LISTED_WITHIN)
                    raise OutcomeUnknown("the call that claimed it ended without a word", wait_seconds)
        if found:
            self._settle(job_id, found)
        else:
            held = self.ledger.take_over(record, until=now + LEASE, budget_usd=self.budget_usd)
            if held is None:
                raise InFlight(job_id, 1)
            found, _ = self._send(held, self._step(planned_as, job_id), follows)
        return structs.replace(record, status="SUBMITTED", batch_job_id=found, lease_until=None)

    def _step(self, planned_as: str, job_id: str) -> Step:
        try:
            return self.ledger.plan(planned_as).step(job_id)
        except NotFound as error:
            # It was written with the claim, so an answer that holds none was cut short.
            raise Unavailable(f"The plan of job {job_id} cannot be read. Try again.") from error

    def _send(
        self, record: JobRecord, step: Step, follows: str, unsent: Sequence[JobRecord] = ()
    ) -> tuple[str, str]:
        """AWS Batch's job id, and why the ledger does not know it, if so. Whoever comes after a failure need
        not wait for the lease of what was surely not taken: of the step perhaps, of the `unsent` always.
        """
        try:
            batch_job_id = self._submit(step, follows)
        except PulseError as error:
            for one in (record, *unsent) if isinstance(error, _SURELY_NOT_TAKEN) else unsent:
                self.ledger.release(one, str(error))
            raise
        return batch_job_id, self._settle(step.job_id, batch_job_id)

    def _submit(self, step: Step, follows: str) -> str:
        """SubmitJob; again only after an answer that says that nothing was taken. When the answer is lost,
        AWS Batch may list the job already.
        """
        pauses = iter(_PAUSES_SECONDS)
        while True:
            try:
                return self.batch.submit(step.after(follows))
            except NotAccepted:
                if (pause_seconds := next(pauses, None)) is None:
                    raise
                self.pause_up_to(pause_seconds)
            except OutcomeUnknown:
                # A look-up that is denied or fails says nothing about the job.
                with suppress(PulseError):
                    if found := self._find(step):
                        return found
                raise

    def _find(self, step: Step) -> str:
        """AWS Batch's id of the job of this step, which its name decides; empty when none is listed."""
        return next(iter(self.batch.find(step.parameters["jobQueue"], step.job_name)), "")

    def _settle(self, job_id: str, batch_job_id: str) -> str:
        """Why the ledger could not be told, empty when it was; the first event settles the claim."""
        try:
            self.ledger.settle(job_id, batch_job_id)
        except PulseError as error:
            return str(error)
        return ""


def _submission(records: Sequence[JobRecord], *, replayed: bool = False, unsettled: str = "") -> Submission:
    return Submission(
        record=records[0],
        batch_job_id=records[0].batch_job_id,
        follower=records[1] if len(records) > 1 else None,
        replayed=replayed,
        unsettled=unsettled,
    )


def _seconds(until: datetime | None, since: datetime) -> int:
    """Whole seconds, at least one."""
    return max(1, ceil((until - since).total_seconds())) if until else 1
