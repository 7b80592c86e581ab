"""One request, one job: plan it, claim it in the ledger with its plan, and have the claim submitted."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from pulse.domain.catalogue.catalogue import Catalogue
from pulse.domain.deployment import Site
from pulse.domain.errors import InvalidRequest, OverLimit, Refused, RefusedBefore, RefusedByBatch
from pulse.domain.job.ids import job_id
from pulse.domain.job.record import JobRecord, Rerun
from pulse.domain.plan.claim import LEASE, Claim, check_payload, claimed
from pulse.domain.plan.job_plan import JobPlan, plan, plan_faults
from pulse.domain.plan.preparation import Preparation, needs_lookups
from pulse.domain.plan.stored_plan import stored
from pulse.domain.request.identity import Identity
from pulse.domain.request.job_request import JobRequest
from pulse.domain.validation import collect
from pulse.services.ports.ledger import Ledger
from pulse.services.submit.finish_claim import FinishClaim, Submission


class Prepare(Protocol):
    def __call__(self, request: JobRequest, *, quoted: bool = False) -> Preparation: ...


class SubmitJob(Struct, frozen=True, kw_only=True):
    """`random_hex` gives at least 8 hexadecimal digits, `clock` the time in UTC."""

    ledger: Ledger
    finish_claim: FinishClaim
    prepare: Prepare
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

    def plan(
        self, request: JobRequest, prepared: Preparation, *, asked_at: datetime | None = None
    ) -> JobPlan:
        """What `submit` would send, under a job id of its own."""
        now = self.clock()
        return plan(
            request,
            self.catalogue,
            self.site,
            job_id=job_id(now, self.random_hex()),
            now=asked_at or now,
            resources=prepared.resources,
            depends_on=prepared.depends_on,
        )

    def submit(
        self,
        request: JobRequest,
        identity: Identity,
        *,
        asked_at: datetime | None = None,
        asked_by: str = "",
        rerun: Rerun | None = None,
    ) -> Submission:
        """Submits a request that `read` gave, or returns what the same request led to before. `asked_at`:
        since when somebody waits for the job, UTC; None: since this call. `asked_by`: the ARN of who does.

        Raises InvalidRequest (its dependencies), OverLimit, IdempotencyConflict, RefusedByBatch,
        Misconfigured; and, to be tried again: InFlight, NotAccepted, NotYetSubmitted, OutcomeUnknown,
        Unavailable.
        """
        # What is looked up may have changed since: a repeated request gets its first answer all the same.
        if needs_lookups(request, self.catalogue) and (known := self.resume(identity)):
            return known
        prepared = self.prepare(request)
        if prepared.over_limit:
            # So may the prices and the limits.
            if known := self.resume(identity):
                return known
            raise OverLimit(prepared.over_limit)
        planned = self.plan(request, prepared, asked_at=asked_at)
        records = self._claimed(planned, prepared, asked_by, rerun)
        claim = self.ledger.claim(identity, records, stored(planned), prepared.reservation)
        if claim is not None:
            return self._resume(claim, identity)
        return self.finish_claim.send(records, planned.steps)

    def resume(self, identity: Identity) -> Submission | None:
        """What a request led to that was claimed before, finished where that is left to do; None when it
        never was. Raises what `submit` raises.
        """
        known = self.ledger.claimed(identity, now=self.clock())
        return self._resume(known, identity) if known else None

    def submit_or_refuse(self, identity: Identity, submit: Callable[[], Submission]) -> Submission | Refused:
        """What `submit` leads to, or why it is refused. That is written down before anybody is told of it: a
        request that is refused stays so when its message comes again. Raises what `submit` raises to be tried
        again.
        """
        try:
            return submit()
        except (RefusedByBatch, RefusedBefore) as refusal:
            return refusal  # it has its claim
        except Refused as refusal:
            why = refusal  # the name of an exception ends with its block
        known = self.ledger.refuse(identity, str(why), now=self.clock())
        if known is None:
            return why
        try:
            return self._resume(known, identity)
        except Refused as refusal:
            return refusal

    def _resume(self, claim: Claim, identity: Identity) -> Submission:
        if claim.refused:
            raise RefusedBefore(claim.refused)
        check_payload(claim, identity)
        return self.finish_claim.finish(claim.job_id)

    def _claimed(
        self, planned: JobPlan, prepared: Preparation, asked_by: str, rerun: Rerun | None
    ) -> tuple[JobRecord, ...]:
        now = self.clock()
        return tuple(
            claimed(
                planned,
                step,
                now=now,
                results_bucket=self.site.results_bucket,
                lease=LEASE,
                rerun=rerun,
                asked_by=asked_by,
                quoted_usd=prepared.quote.likely_usd if prepared.quote else None,
                reserved_usd=prepared.reservation.usd if prepared.reservation else None,
            )
            for step in planned.steps
        )
