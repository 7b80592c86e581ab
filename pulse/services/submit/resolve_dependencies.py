"""From the ids that a request names to the AWS Batch jobs that it waits for."""

from msgspec import Struct

from pulse.domain.access import Guard
from pulse.domain.errors import InvalidRequest, NotYetSubmitted
from pulse.domain.fault import Fault, shown
from pulse.domain.job.record import JobRecord
from pulse.domain.request.dependency import Dependency, parameter
from pulse.domain.request.job_request import JobRequest
from pulse.services.ports.ledger import Ledger

_GONE = {"FAILED", "RELEASED"}


class ResolveDependencies(Struct, frozen=True, kw_only=True):
    ledger: Ledger

    def resolve(self, request: JobRequest) -> tuple[dict[str, str], ...]:
        """SubmitJob's dependsOn. A job that has ended well is no longer waited for, since AWS Batch forgets
        finished jobs. Raises InvalidRequest, NotYetSubmitted, Unavailable.
        """
        parameters, faults = [], []
        for i, wanted in enumerate(request.dependencies):
            record = self._record(wanted)
            if wanted.job_id and record is None:
                faults.append(_unknown(i, wanted.job_id))
            elif record and (fault := _fault(wanted, record, request)):
                faults.append(fault.below(f"depends_on[{i}]"))
            elif record is None or record.status != "SUCCEEDED":
                parameters.append(parameter(wanted, _batch_job_id(record)))
        if faults:
            raise InvalidRequest(faults)
        return tuple(parameters)

    def demand_seen(self, request: JobRequest, guard: Guard) -> None:
        """Raises InvalidRequest where a job is named that the caller may not see, as if it did not exist."""
        if guard.sees == "all":
            return
        faults = []
        for i, wanted in enumerate(request.dependencies):
            record = self.ledger.record(wanted.job_id) if wanted.job_id else None
            if wanted.job_id and not (record and guard.may_see(record)):
                faults.append(_unknown(i, wanted.job_id))
        if faults:
            raise InvalidRequest(faults)

    def _record(self, wanted: Dependency) -> JobRecord | None:
        """The job that is waited for: of an array that is merged or ranked, the job that does it."""
        record = self.ledger.record(wanted.job_id) if wanted.job_id else None
        if record and record.follower and wanted.type is None and record.status not in _GONE:
            return self.ledger.record(record.follower)
        return record


def _unknown(number: int, job_id: str) -> Fault:
    return Fault(f"depends_on[{number}]", "the id of a job in the ledger", shown(job_id))


def _fault(wanted: Dependency, record: JobRecord, request: JobRequest) -> Fault | None:
    # What follows an array that runs is submitted yet.
    if record.status == "RELEASED" and not record.follows:
        return Fault(
            "", "a job that was submitted", f"{record.job_id}, which was not: {record.status_reason}"
        )
    if record.status == "FAILED":
        return Fault("", "a job that has not failed", f"{record.job_id}, which is FAILED")
    if wanted.type == "N_TO_N" and record.array_size != request.array_size:
        limit = f"an array of {request.array_size} children, as many as this one"
        return Fault("", limit, f"{record.job_id} with {record.array_size or 'none'}")
    return None


def _batch_job_id(record: JobRecord | None) -> str:
    if record is None:
        return ""
    if not record.batch_job_id:
        raise NotYetSubmitted(record.job_id)
    return record.batch_job_id
