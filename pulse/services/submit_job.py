"""One request, one job: claim it in the ledger, submit it to AWS Batch once, settle the claim.

SubmitJob has no client token, so the claim comes first and holds the job's name. Whoever meets the claim
later never submits on suspicion: only a job that AWS Batch has surely not taken is submitted again.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NoReturn

from msgspec import Struct

from pulse.domain.catalogue import Catalogue
from pulse.domain.claim import Claim, check_payload, standing
from pulse.domain.errors import (
    InFlight,
    InvalidRequest,
    Misconfigured,
    NotAccepted,
    OutcomeUnknown,
    PulseError,
    RefusedByBatch,
    Unavailable,
)
from pulse.domain.idempotency import Identity
from pulse.domain.job_id import job_id
from pulse.domain.job_plan import JobPlan, Site, plan, plan_faults
from pulse.domain.job_record import JobRecord, claimed
from pulse.domain.job_request import JobRequest
from pulse.domain.validation import collect
from pulse.services.ports import Batch, Ledger

LEASE = timedelta(seconds=90)
"""Longer than a function that submits may live: after it, nobody is at work on the claim any more."""

_SURELY_NOT_TAKEN = (NotAccepted, RefusedByBatch, Misconfigured)


class Submission(Struct, frozen=True, kw_only=True):
    """`replayed`: the request was known, and this is what it led to. `unsettled`: why the ledger does not
    know the outcome; the job's first event will tell it.
    """

    record: JobRecord
    batch_job_id: str
    replayed: bool = False
    unsettled: str = ""


class SubmitJob(Struct, frozen=True, kw_only=True):
    """`random_hex` gives at least 8 hexadecimal digits, `clock` the time in UTC."""

    ledger: Ledger
    batch: Batch
    catalogue: Catalogue
    site: Site
    clock: Callable[[], datetime]
    random_hex: Callable[[], str]

    def read(self, raw: object) -> JobRequest:
        """The request in decoded JSON, valid here and now. Raises InvalidRequest with every fault."""
        request, faults = collect(raw, JobRequest)
        if request is not None:
            known = {fault.field for fault in faults}
            faults += [
                fault for fault in plan_faults(request, self.catalogue, self.site) if fault.field not in known
            ]
        if request is None or faults:
            raise InvalidRequest(faults)
        return request

    def plan(self, request: JobRequest, *, asked_at: datetime | None = None) -> JobPlan:
        """What `submit` would send, under a job id of its own."""
        now = self.clock()
        new_id = job_id(now, self.random_hex())
        return plan(request, self.catalogue, self.site, job_id=new_id, now=asked_at or now)

    def submit(
        self, request: JobRequest, identity: Identity, *, asked_at: datetime | None = None
    ) -> Submission:
        """Submits a request that `read` gave, or returns what the same request led to before. `asked_at`:
        since when somebody waits for the job, UTC; None: since this call.

        Raises IdempotencyConflict, RefusedByBatch, Misconfigured; and, to be tried again: InFlight,
        NotAccepted, OutcomeUnknown, Unavailable.
        """
        planned = self.plan(request, asked_at=asked_at)
        claim = self.ledger.claim(identity, self._claimed(planned))
        if claim is None:
            return self._send(planned)
        check_payload(claim, identity)
        return self._resume(request, claim)

    def _resume(self, request: JobRequest, claim: Claim) -> Submission:
        """What to do about a claim that was there before: depends on how far it came."""
        record = self.ledger.record(claim.job_id)
        if record is None:
            raise Unavailable(f"Job {claim.job_id} is claimed but its record cannot be read. Try again.")
        now = self.clock()
        match standing(record, now):
            case "submitted":
                return Submission(record=record, batch_job_id=record.batch_job_id, replayed=True)
            case "in flight":
                left = record.lease_until - now if record.lease_until else LEASE
                raise InFlight(record.job_id, int(left.total_seconds()))
            case "released":
                return self._again(request, record)
            case "unsettled":
                return self._wait_for_event(record)

    def _again(self, request: JobRequest, record: JobRecord) -> Submission:
        """Submits a released record under the id it has."""
        planned = plan(request, self.catalogue, self.site, job_id=record.job_id, now=record.created_at)
        if not self.ledger.renew(self._claimed(planned)):
            raise InFlight(record.job_id, 1)
        return self._send(planned)

    def _wait_for_event(self, record: JobRecord) -> NoReturn:
        """A claim whose call ended without a word: AWS Batch may have the job, so it is not sent again.
        The job's first event settles the claim, and then the request is answered.
        """
        raise OutcomeUnknown(f"the call that claimed job {record.job_id} ended without a word")

    def _send(self, planned: JobPlan) -> Submission:
        try:
            batch_job_id = self.batch.submit(planned.parameters)
        except _SURELY_NOT_TAKEN as error:
            self.ledger.release(planned.job_id, str(error))
            raise
        unsettled = ""
        try:
            self.ledger.settle(planned.job_id, batch_job_id)
        except PulseError as error:
            # The job runs: the caller shall have its id, and its first event settles the claim.
            unsettled = str(error)
        return Submission(record=self._claimed(planned), batch_job_id=batch_job_id, unsettled=unsettled)

    def _claimed(self, planned: JobPlan) -> JobRecord:
        return claimed(planned, now=self.clock(), results_bucket=self.site.results_bucket, lease=LEASE)
