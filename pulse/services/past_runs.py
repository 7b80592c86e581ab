"""What earlier runs took: those on the same data set, or else those of the same profile."""

from msgspec import Struct

from pulse.domain.job_record import JobRecord
from pulse.domain.job_request import JobRequest
from pulse.domain.run_history import FinishedRun, History
from pulse.services.ports import Ledger

MOST = 50
"""Read from the ledger at once, whatever their outcome."""


class PastRuns(Struct, frozen=True, kw_only=True):
    ledger: Ledger

    def like(self, request: JobRequest, profile: str) -> History:
        """Newest first. Raises Unavailable, Misconfigured."""
        same_data = self.ledger.runs(dataset=request.dataset, most=MOST) if request.dataset else []
        return _finished(same_data) or self.of_profile(profile)

    def of_profile(self, profile: str) -> History:
        return _finished(self.ledger.runs(profile=profile, most=MOST))


def _finished(records: list[JobRecord]) -> History:
    """Runs that ended well and were not merely a step of another."""
    return tuple(_run(record) for record in records if record.status == "SUCCEEDED" and not record.array_size)


def _run(record: JobRecord) -> FinishedRun:
    told = record.measured
    return FinishedRun(
        ran_seconds=record.ran_seconds or 0.0,
        waited_seconds=record.waited_seconds or 0.0,
        data_bytes=told.data_bytes if told else None,
        rows=told.rows if told else None,
        windows=told.windows if told else None,
        variables=told.variables if told else None,
        peak_memory_mib=told.peak_memory_mib if told else None,
        cpu_seconds=told.cpu_seconds if told else None,
        vcpus=float(record.vcpus) if record.vcpus else None,
        memory_mib=record.memory_mib,
    )
