"""Submits the request of an earlier job again: as it was, with changes, or with the next size up."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from pulse.domain import idempotency
from pulse.domain.errors import NoRequest, NotFound
from pulse.domain.idempotency import Identity
from pulse.domain.job_record import JobRecord, Rerun
from pulse.domain.job_request import JobRequest
from pulse.domain.sizing import next_size_up
from pulse.services.finish_claim import Submission
from pulse.services.ports import Ledger
from pulse.services.submit_job import SubmitJob


class RerunJob(Struct, frozen=True, kw_only=True):
    ledger: Ledger
    submit_job: SubmitJob

    def request(self, job_id: str, changes: Mapping[str, Any]) -> JobRequest:
        """The request of a job with `changes` laid over it. Raises NotFound, NoRequest (of a job that another
        client submitted), InvalidRequest.
        """
        try:
            first = self.ledger.plan(job_id).request.given()
        except NotFound:
            record = self.ledger.record(job_id)
            if record and record.foreign:
                raise NoRequest(job_id) from None
            raise
        return self.submit_job.read({**first, **changes})

    def rerun(self, job_id: str, request: JobRequest, identity: Identity) -> Submission:
        """Raises what SubmitJob.submit raises."""
        return self.submit_job.submit(request, identity, rerun=Rerun(job_id, "asked"))

    def with_more_memory(self, job_id: str) -> Submission | None:
        """Once a job that died of memory, with the next size up; None when there is none. However often it is
        asked for, it is one job. Raises NotFound and what SubmitJob.submit raises.
        """
        record = self.ledger.record(job_id)
        if record is None:
            raise NotFound(job_id)
        pair = self._next_size(record)
        if pair is None:
            return None
        request = self.request(record.results_id, {"vcpus": pair[0], "memory_mib": pair[1]})
        identity = idempotency.of_rerun(record.results_id)
        return self.submit_job.submit(request, identity, rerun=Rerun(record.results_id, "memory"))

    def _next_size(self, record: JobRecord) -> tuple[float, int] | None:
        queue = self.submit_job.catalogue.queues.get(record.queue)
        if queue is None or record.memory_mib is None or not record.vcpus:
            return None
        return next_size_up(float(record.vcpus), record.memory_mib, queue.platform, max_vcpus=queue.max_vcpus)
