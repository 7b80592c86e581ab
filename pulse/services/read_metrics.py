"""Reads what a training run reported of itself. Nothing fails for want of it: that is said instead."""

from typing import TypeVar

from msgspec import Struct

from pulse.domain.errors import Misconfigured, PulseError, Refused, Unavailable
from pulse.domain.job_record import JobRecord, RunMeasures
from pulse.domain.s3_layout import metrics_key
from pulse.domain.training_metrics import Data, TrainingMetrics, parse
from pulse.services.ports import Objects

Number = TypeVar("Number", int, float)

MAX_METRICS_BYTES = 4 * 1024 * 1024

_UNREAD: dict[type[PulseError], str] = {
    # S3 denies an object that does not exist to those who may not list its bucket.
    Misconfigured: "Its metrics.json is missing or may not be read.",
    Unavailable: "Its metrics.json could not be read, because S3 failed.",
}


class Read(Struct, frozen=True, kw_only=True):
    """`note`: why there are no metrics, for people. `trouble`: the same in AWS's words, for the log only."""

    metrics: TrainingMetrics | None = None
    note: str = ""
    trouble: str = ""


class ReadMetrics(Struct, frozen=True, kw_only=True):
    objects: Objects
    results_bucket: str

    def of(self, record: JobRecord) -> Read:
        """Of a job that ended well; of an array, none: the job that follows it writes them."""
        if record.results_bucket != self.results_bucket or record.follower:
            return Read()
        return self.of_results(record.results_id)

    def of_results(self, results_id: str) -> Read:
        """Of the run whose results lie under this id."""
        key = metrics_key(results_id)
        try:
            body = self.objects.read(self.results_bucket, key, limit_bytes=MAX_METRICS_BYTES)
        except Refused as error:
            return Read(note=f"Its metrics.json was not read. {error}")
        except (Misconfigured, Unavailable) as error:
            return Read(note=_UNREAD[type(error)], trouble=str(error))
        if body is None:
            return Read(note="It wrote no metrics.json.")
        metrics = parse(body)
        return Read(
            metrics=metrics,
            note="" if metrics else "Its metrics.json has another shape than this system knows.",
        )


def measures(metrics: TrainingMetrics) -> RunMeasures:
    """What sizes the next run of the same data; what is not above zero was not measured."""
    data = metrics.data or Data()
    return RunMeasures(
        peak_memory_mib=_above_zero(metrics.peak_memory_mib),
        cpu_seconds=_above_zero(metrics.cpu_seconds),
        data_bytes=_above_zero(data.bytes),
        rows=_above_zero(data.rows),
        windows=_above_zero(metrics.windows),
        variables=len(metrics.variables) or None,
    )


def _above_zero(number: Number | None) -> Number | None:
    return number if number and number > 0 else None
