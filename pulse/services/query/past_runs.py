"""What earlier runs took: those of its profile tell what is usual for a job and what it will cost, those on
its data set what size it needs.
"""

from collections.abc import Sequence

from msgspec import Struct

from pulse.domain.history import LEAST_RUNS, FinishedRun, History
from pulse.domain.job.record import JobRecord
from pulse.domain.job.usual import is_run
from pulse.domain.request.job_request import JobRequest
from pulse.domain.training.definition import RETRODICTION
from pulse.services.ports.ledger import Ledger

MOST = 50
"""Read from the ledger at once, whatever their outcome."""


def named(request: JobRequest) -> str:
    """The described training that a request names, as records have it; empty for retrodiction."""
    return "" if request.training in {None, RETRODICTION} else str(request.training)


class PastRuns(Struct, frozen=True, kw_only=True):
    """The newest come first. All methods raise Unavailable, Misconfigured."""

    ledger: Ledger

    def of_dataset(self, dataset: str, training: str) -> list[JobRecord]:
        """The jobs of a training on a data set, whatever their profile and outcome; none without one.
        `training`: empty for retrodiction.
        """
        found = self.ledger.runs(dataset=dataset, most=MOST) if dataset else []
        return [job for job in found if job.training == training]

    def of_profile(self, profile: str, training: str, same_data: Sequence[JobRecord]) -> list[JobRecord]:
        """The runs of a training with a profile that ended well: those among the jobs on the same data, or,
        where that are fewer than LEAST_RUNS, those on any.
        """
        alike = [job for job in same_data if job.profile == profile and is_run(job)]
        if len(alike) >= LEAST_RUNS or not profile:
            return alike
        found = self.ledger.runs(profile=profile, most=MOST)
        return [job for job in found if job.training == training and is_run(job)]

    def for_sizing(self, request: JobRequest, profile: str) -> History:
        """The runs on the same data set, whatever their profile, or else those of the profile."""
        training = named(request)
        same_data = [job for job in self.of_dataset(request.dataset or "", training) if is_run(job)]
        return tuple(map(_finished, same_data or self.of_profile(profile, training, [])))


def _finished(record: JobRecord) -> FinishedRun:
    measured = record.measured
    return FinishedRun(
        ran_seconds=record.ran_seconds or 0.0,
        data_bytes=measured.data_bytes if measured else None,
        rows=measured.rows if measured else None,
        windows=measured.windows if measured else None,
        variables=measured.variables if measured else None,
        peak_memory_mib=measured.peak_memory_mib if measured else None,
        cpu_seconds=measured.cpu_seconds if measured else None,
        vcpus=float(record.vcpus) if record.vcpus else None,
        memory_mib=record.memory_mib,
    )
