"""Submits the request of an earlier job again: as it was, with changes, or with what it lacked."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from pulse.domain.access import UNLIMITED, Guard
from pulse.domain.alerts.job_ended import Deployment
from pulse.domain.alerts.not_rerun import NOTHING_MORE, rerun_alert
from pulse.domain.diagnosis.next_run import NextRun, next_run
from pulse.domain.errors import NoRequest, NotFound
from pulse.domain.job.record import JobRecord, Rerun
from pulse.domain.request import identity as idempotency
from pulse.domain.request.alerts_wanted import is_wanted
from pulse.domain.request.identity import AutomaticReason, Identity
from pulse.domain.request.job_request import JobRequest
from pulse.services.alert.publish_alert import PublishAlert
from pulse.services.ports.ledger import Ledger
from pulse.services.submit.finish_claim import Submission
from pulse.services.submit.submit_drop import DropOutcome
from pulse.services.submit.submit_job import SubmitJob


class RerunJob(Struct, frozen=True, kw_only=True):
    ledger: Ledger
    submit_job: SubmitJob
    publish_alert: PublishAlert
    deployment: Deployment

    def request(self, job_id: str, changes: Mapping[str, Any], guard: Guard) -> JobRequest:
        """The request of a job with `changes` laid over it. Raises NotFound, NoRequest (of a job that another
        client submitted), InvalidRequest.
        """
        if guard.sees != "all":
            guard.seen(self.ledger.record(job_id), job_id)
        try:
            first = self.ledger.plan(job_id).request.given()
        except NotFound:
            record = self.ledger.record(job_id)
            if record and record.foreign:
                raise NoRequest(job_id) from None
            raise
        return self.submit_job.read({**first, **changes, **_parameters(first, changes)})

    def rerun(
        self, job_id: str, request: JobRequest, identity: Identity, *, asked_by: str = ""
    ) -> Submission:
        """Raises what SubmitJob.submit raises."""
        return self.submit_job.submit(request, identity, asked_by=asked_by, rerun=Rerun(job_id, "asked"))

    def with_what_it_lacked(self, job_id: str, because: AutomaticReason) -> DropOutcome:
        """Once a job that failed for this reason, with more of what it lacked; however often it is asked for,
        it is one job. A refusal becomes an alert REJECTED. Raises what SubmitJob.submit raises to be tried
        again.
        """
        record = self.ledger.record(job_id)
        if record is None:
            return DropOutcome(reason=str(NotFound(job_id)))
        following = next_run(record, because, self.submit_job.catalogue)
        identity = idempotency.of_rerun(record.results_id, because)
        done = self.submit_job.submit_or_refuse(
            identity, lambda: self._submit(record, because, following, identity)
        )
        if isinstance(done, Submission):
            return DropOutcome(submission=done)
        alerted = is_wanted(record.alerts, "FAILED") and self.publish_alert.once(
            record, "REJECTED", lambda: rerun_alert(record, self.deployment, because, following, done)
        )
        return DropOutcome(reason=str(done), alerted=alerted)

    def _submit(
        self, record: JobRecord, because: AutomaticReason, following: NextRun | None, identity: Identity
    ) -> Submission:
        if following is None:
            raise NOTHING_MORE[because](record.queue)
        # What was submitted before stays one job, whatever of the configuration changed since.
        if known := self.submit_job.resume(identity):
            return known
        request = self.request(record.results_id, following.changes, UNLIMITED)
        again = Rerun(record.results_id, because)
        return self.submit_job.submit(request, identity, asked_by=record.asked_by, rerun=again)


def _parameters(first: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a training that stays the same: each that is not changed keeps its value."""
    given = changes.get("parameters")
    is_another = changes.get("training", first.get("training")) != first.get("training")
    if is_another or not isinstance(given, Mapping) or "parameters" not in first:
        return {}
    return {"parameters": {**first["parameters"], **given}}
