"""Reads what a training run reported of itself. Nothing fails for want of it: that is said instead."""

from collections.abc import Mapping
from typing import TypeVar

from msgspec import Struct, structs

from pulse.domain.errors import Misconfigured, PulseError, Refused, Unavailable
from pulse.domain.job.record import JobRecord, RunMeasures
from pulse.domain.s3.layout import MANIFEST, METRICS, results_prefix
from pulse.domain.training.definition import Metrics, Training
from pulse.domain.training.metrics import MAX_METRICS_BYTES, Data, TrainingMetrics, parse, parse_values
from pulse.domain.training.run_manifest import MAX_MANIFEST_BYTES, contradicts
from pulse.services.ports.storage import Objects

Number = TypeVar("Number", int, float)


_NOT_ITS_OWN = (
    "Its {file} is not the one that its manifest.json names: something else wrote it. Do not rely on these "
    "results before you know what; the versions of the object say when."
)
_UNREAD: dict[type[PulseError], str] = {
    # S3 denies an object that does not exist to those who may not list its bucket.
    Misconfigured: "Its {file} is missing or may not be read.",
    Unavailable: "Its {file} could not be read, because S3 failed.",
}


class MetricsRead(Struct, frozen=True, kw_only=True):
    """`note`: why there are no metrics, for people. `trouble`: the same in AWS's words, for the log only."""

    metrics: TrainingMetrics | None = None
    note: str = ""
    trouble: str = ""


class ReadMetrics(Struct, frozen=True, kw_only=True):
    """`trainings`: the described ones, by name."""

    objects: Objects
    results_bucket: str
    trainings: Mapping[str, Training] = {}

    def of(self, record: JobRecord) -> MetricsRead:
        """Reads the metrics of a successful job; an array has none: its follower writes them. A warning says
        so where the run's manifest names others: it is written once, and they may be by another job.
        """
        if record.results_bucket != self.results_bucket or record.follower:
            return MetricsRead()
        return self._of_results(record.results_id, record.training, checked=True)

    def of_results(self, results_id: str, training: str) -> MetricsRead:
        """Reads the metrics of the run with results under this id. `training`: empty for retrodiction."""
        return self._of_results(results_id, training, checked=False)

    def headline_of(self, training: str) -> tuple[str, ...]:
        """The metrics by which people judge a described training; none of any other."""
        known = self._metrics_of(training)
        return known.headline if known else ()

    def _metrics_of(self, training: str) -> Metrics | None:
        described = self.trainings.get(training)
        return described.metrics if described else None

    def _of_results(self, results_id: str, training: str, *, checked: bool) -> MetricsRead:
        described = self._metrics_of(training)
        if training and described is None:
            return MetricsRead()
        file = described.file if described else METRICS
        key = results_prefix(results_id) + file
        try:
            body = self.objects.read(self.results_bucket, key, limit_bytes=MAX_METRICS_BYTES)
        except Refused as error:
            return MetricsRead(note=f"Its {file} was not read. {error}")
        except (Misconfigured, Unavailable) as error:
            return MetricsRead(note=_UNREAD[type(error)].format(file=file), trouble=str(error))
        if body is None:
            return MetricsRead(note=f"It wrote no {file}.")
        metrics = parse_values(body, described) if described else parse(body)
        if metrics and checked and contradicts(self._manifest(results_id), key, body):
            metrics = structs.replace(
                metrics,
                warnings=(_NOT_ITS_OWN.format(file=file), *metrics.warnings),
                warnings_count=metrics.warnings_count + 1,
            )
        return MetricsRead(
            metrics=metrics, note="" if metrics else f"Its {file} has another shape than this system knows."
        )

    def _manifest(self, results_id: str) -> bytes:
        """Empty where none can be read."""
        key = results_prefix(results_id) + MANIFEST
        try:
            return self.objects.read(self.results_bucket, key, limit_bytes=MAX_MANIFEST_BYTES) or b""
        except PulseError:
            return b""


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
