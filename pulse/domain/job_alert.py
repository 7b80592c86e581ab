"""The alert at the end of a job: SUCCEEDED with what was learned, FAILED with the cause and what helps."""

from typing import NamedTuple

from msgspec import Struct

from pulse.domain.alert import (
    HEADLINE_CHARACTERS,
    REASON_CHARACTERS,
    SEVERITIES,
    Alert,
    Link,
    facts,
    sentences,
)
from pulse.domain.alerts_wanted import JobKind, muted
from pulse.domain.array_children import Failures
from pulse.domain.console import Console
from pulse.domain.diagnosis import DEPENDENCY_FAILED, DUPLICATE, diagnose
from pulse.domain.duration import in_words
from pulse.domain.fault import cut, first, printable
from pulse.domain.job_record import JobRecord
from pulse.domain.resources import vcpus_text
from pulse.domain.s3_layout import DATASETS, results_prefix, s3_uri
from pulse.domain.training_metrics import TrainingMetrics, VariableMetrics

MAX_VARIABLES = 20
_NAME_CHARACTERS = 60
_LEGEND = "Trust and coverage go from 0 to 1; a skill above 0 beats persistence."


class Place(Struct, frozen=True, kw_only=True):
    """Where a person looks further. `log_group` is used for jobs whose events name none."""

    console: Console
    data_bucket: str
    log_group: str


class Size(NamedTuple):
    """Memory in MiB."""

    vcpus: float
    memory_mib: int


def kind_of(record: JobRecord) -> JobKind | None:
    """The alert that a record calls for; None as long as its job has not ended."""
    return record.status if record.status in {"SUCCEEDED", "FAILED"} else None


def is_told(record: JobRecord) -> bool:
    """Whether the end of a job is news that somebody wants: not of an array whose follower is still to come,
    not of the follower of a failed array, not of a duplicate that did nothing.
    """
    if record.alerts and record.status not in record.alerts.kinds:
        return False
    if record.status == "SUCCEEDED":
        return not record.follower
    cause = diagnose(record).cause
    return cause != DUPLICATE and not (record.follows and cause == DEPENDENCY_FAILED)


def job_alert(  # noqa: PLR0913, PLR0917 - what there may be to tell
    record: JobRecord,
    place: Place,
    metrics: TrainingMetrics | None = None,
    note: str = "",
    rerun: Size | None = None,
    failed: Failures | None = None,
) -> Alert:
    """The alert of a SUCCEEDED or FAILED record. `note` says why there are no metrics, `rerun` with what a
    job is submitted again that died of memory.
    """
    if record.status == "SUCCEEDED":
        return _succeeded(record, place, metrics, note)
    return _failed(record, place, rerun, failed)


def _succeeded(record: JobRecord, place: Place, metrics: TrainingMetrics | None, note: str) -> Alert:
    results = (
        s3_uri(record.results_bucket, results_prefix(record.results_id)) if record.results_bucket else ""
    )
    step = f"Read the report: {results}report.html" if metrics else f"Look at the results: {results}"
    return Alert(
        kind="SUCCEEDED",
        severity=SEVERITIES["SUCCEEDED"],
        about=record.results_id,
        headline=_headline(record, "succeeded"),
        reason=_outcome(metrics) if metrics else f"The job ended well. {note}".strip(),
        next_step=step if results else "Look at the job's log.",
        facts=facts(_told(record, place, metrics, results)),
        table=_table(metrics.variables) if metrics else (),
        left_out=sentences(metrics.left_out) if metrics else (),
        links=_links(record, place),
        job_id=record.results_id,
        batch_job_id=record.batch_job_id,
        profile=record.profile,
        muted=muted(record.alerts),
    )


def _failed(record: JobRecord, place: Place, rerun: Size | None, failed: Failures | None) -> Alert:
    diagnosis = diagnose(record)
    again = (
        f"Nothing: it is submitted again with {vcpus_text(rerun.vcpus)} vCPU and {rerun.memory_mib} MiB."
        if rerun
        else ""
    )
    return Alert(
        kind="FAILED",
        severity=SEVERITIES["FAILED"],
        about=record.results_id,
        headline=_headline(record, f"failed: {diagnosis.cause.replace('-', ' ')}"),
        reason=cut(
            f"{failed}. {diagnosis.explanation}" if failed else diagnosis.explanation, REASON_CHARACTERS
        ),
        next_step=again or diagnosis.advice,
        facts=facts(_told(record, place, None, "")),
        links=_links(record, place),
        job_id=record.results_id,
        batch_job_id=record.batch_job_id,
        profile=record.profile,
        muted=muted(record.alerts),
        cause=diagnosis.cause,
    )


def _headline(record: JobRecord, outcome: str) -> str:
    """The outcome stays whole, however long the name of the data set is."""
    room = HEADLINE_CHARACTERS - len(outcome) - len("Retrodiction of  ")
    return f"Retrodiction of {cut(_subject(record), room)} {outcome}"


def _subject(record: JobRecord) -> str:
    if record.dataset:
        return printable(record.dataset)
    return f"job {printable(record.job_name)}" if record.foreign else "all data sets"


def _told(
    record: JobRecord, place: Place, metrics: TrainingMetrics | None, results: str
) -> list[tuple[str, str]]:
    data = s3_uri(place.data_bucket, record.dataset or DATASETS)
    variables = ", ".join(first(record.variables)) or "all numeric columns"
    tries = f" in {record.attempts} attempts" if record.attempts > 1 else ""
    ran = in_words(record.ran_seconds)
    resources = f"{record.vcpus} vCPU, {record.memory_mib} MiB" if record.vcpus and record.memory_mib else ""
    peak = f", at most {metrics.peak_memory_mib:.0f} MiB used" if metrics and metrics.peak_memory_mib else ""
    return [
        ("Job", record.results_id),
        ("Rerun of", record.rerun_of),
        ("AWS Batch job", record.batch_job_id),
        ("Submitted by", "another client" if record.foreign else ""),
        ("Data set", "" if record.foreign else data),
        ("Version", record.dataset_version_id),
        ("Variables", "" if record.foreign and not record.variables else variables),
        (
            "Period",
            f"{metrics.period.start} to {metrics.period.end}" if metrics and metrics.period.start else "",
        ),
        ("Waited", in_words(record.waited_seconds)),
        ("Ran", f"{ran}{tries}" if ran else ""),
        ("Resources", f"{resources}{peak}" if resources else ""),
        ("Children", f"{record.array_size}" if record.array_size else ""),
        ("Cost", _usd(record)),
        ("Profile", record.profile),
        ("Queue", record.queue),
        ("Results", results),
    ]


def _usd(record: JobRecord) -> str:
    """What AWS's list prices make of the attempts; short runs cost less than a cent."""
    return "" if record.cost_usd is None else f"${record.cost_usd:.4f} by list prices"


def _outcome(metrics: TrainingMetrics) -> str:
    windows = f" over {metrics.windows} windows" if metrics.windows else ""
    count = len(metrics.variables)
    return f"{count} {'variable was' if count == 1 else 'variables were'} retrodicted{windows}. {_LEGEND}"


def _table(variables: dict[str, VariableMetrics]) -> tuple[tuple[str, ...], ...]:
    """A header and a row a variable, the most trusted first, at most MAX_VARIABLES."""
    if not variables:
        return ()
    best = sorted(variables.items(), key=lambda item: -(item[1].trust or 0))
    rows = [
        (
            cut(printable(name[:_NAME_CHARACTERS]), _NAME_CHARACTERS),
            _share(m.trust),
            _signed(m.skill_vs_persistence),
            _plain(m.mase),
            _share(m.coverage),
        )
        for name, m in best[:MAX_VARIABLES]
    ]
    if len(best) > MAX_VARIABLES:
        rows.append((f"and {len(best) - MAX_VARIABLES} more", "", "", "", ""))
    return (("variable", "trust", "skill", "MASE", "coverage"), *rows)


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _signed(value: float | None) -> str:
    return "-" if value is None else f"{value:+.2f}"


def _plain(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"


def _links(record: JobRecord, place: Place) -> tuple[Link, ...]:
    links = []
    if record.status == "SUCCEEDED" and record.results_bucket:
        address = place.console.s3_prefix(record.results_bucket, results_prefix(record.results_id))
        links.append(Link("Results", address))
    if record.log_stream:
        group = record.log_group or place.log_group
        links.append(Link("Log", place.console.log_stream(group, record.log_stream)))
    if record.batch_job_id:
        links.append(Link("Job", place.console.job(record.batch_job_id)))
    return tuple(links)
