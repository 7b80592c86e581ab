"""The alert at the end of a job: SUCCEEDED with what was learned, FAILED with the cause and what helps."""

from typing import NamedTuple

from pulse.domain.alert import LOG_CHARACTERS, REASON_CHARACTERS, SEVERITIES, Alert, sentences
from pulse.domain.alert_about_job import Place, command, headline, job_links, results_uri
from pulse.domain.alert_facts import job_facts, job_names
from pulse.domain.alert_variables import LEGEND, table
from pulse.domain.alerts_wanted import is_wanted, muted
from pulse.domain.array_children import Failures
from pulse.domain.diagnosis import DEPENDENCY_FAILED, DUPLICATE, Diagnosis, diagnose
from pulse.domain.fault import cut
from pulse.domain.job_record import JobRecord
from pulse.domain.resources import vcpus_text
from pulse.domain.training_metrics import TrainingMetrics

__all__ = ["Place", "Size", "is_told", "job_alert"]

_RETRY = {True: "helps", False: "does not help unless something is changed first"}


class Size(NamedTuple):
    """Memory in MiB."""

    vcpus: float
    memory_mib: int


def is_told(record: JobRecord) -> bool:
    """Whether the end of a job is news that somebody wants: not of an array whose follower is still to come,
    not of the follower of a failed array, not of a duplicate that did nothing.
    """
    if record.status == "SUCCEEDED":
        return is_wanted(record.alerts, "SUCCEEDED") and not record.follower
    if record.status != "FAILED" or not is_wanted(record.alerts, "FAILED"):
        return False
    cause = diagnose(record).cause
    return cause != DUPLICATE and not (record.follows and cause == DEPENDENCY_FAILED)


def job_alert(  # noqa: PLR0913, PLR0917 - what there may be to tell
    record: JobRecord,
    place: Place,
    metrics: TrainingMetrics | None = None,
    note: str = "",
    rerun: Size | None = None,
    failed: Failures | None = None,
    *,
    previous: TrainingMetrics | None = None,
    log: tuple[str, ...] = (),
) -> Alert:
    """The alert of a SUCCEEDED or FAILED record. `note` says why there are no metrics; `previous` are those
    of the run that it is compared to. `rerun`: with what a job is submitted again that died of memory.
    `log`: the last lines of a failed job's log as they are; secrets are taken out here.
    """
    if record.status == "SUCCEEDED":
        return _succeeded(record, place, metrics, note, previous)
    return _failed(record, place, rerun, failed, diagnose(record, log))


def _succeeded(
    record: JobRecord,
    place: Place,
    metrics: TrainingMetrics | None,
    note: str,
    previous: TrainingMetrics | None,
) -> Alert:
    results = results_uri(record)
    step = f"Read the report: {results}report.html" if metrics else f"Look at the results: {results}"
    more = (("Compared to", record.compared_to if metrics and previous else ""),)
    return Alert(
        kind="SUCCEEDED",
        severity=SEVERITIES["SUCCEEDED"],
        about=record.results_id,
        headline=headline(record, "succeeded"),
        reason=_outcome(metrics, previous) if metrics else f"The job ended well. {note}".strip(),
        next_step=step if results else "Look at the job's log.",
        facts=job_facts(record, place, metrics=metrics, more=more),
        names=job_names(record),
        table=table(metrics, previous) if metrics else (),
        left_out=sentences(metrics.left_out) if metrics else (),
        commands=() if record.foreign else (command("Run it again", "rerun", record.results_id),),
        links=job_links(record, place, report=metrics is not None),
        job_id=record.results_id,
        batch_job_id=record.batch_job_id,
        profile=record.profile,
        share=record.share_identifier,
        muted=muted(record.alerts),
    )


def _failed(
    record: JobRecord, place: Place, rerun: Size | None, failed: Failures | None, diagnosis: Diagnosis
) -> Alert:
    why = f"{failed}. {diagnosis.explanation}" if failed else diagnosis.explanation
    outcome = _of_children(failed) if failed else f"failed: {_words(diagnosis.cause)}"
    again = (
        f"Nothing: it is submitted again with {vcpus_text(rerun.vcpus)} vCPU and {rerun.memory_mib} MiB."
        if rerun
        else ""
    )
    retry = () if rerun else (("Trying again", _RETRY[diagnosis.retry_helps]),)
    run_it_again = "Run it again" if diagnosis.retry_helps else "Then run it again"
    commands = [] if record.foreign or rerun else [command(run_it_again, "rerun", record.results_id)]
    if record.log_stream:
        commands.append(command("Read its log", "logs", record.job_id))
    return Alert(
        kind="FAILED",
        severity=SEVERITIES["FAILED"],
        about=record.results_id,
        headline=headline(record, outcome),
        reason=cut(why, REASON_CHARACTERS),
        next_step=again or diagnosis.advice,
        facts=job_facts(record, place, more=retry),
        names=job_names(record),
        log=tuple(cut(line, LOG_CHARACTERS) for line in diagnosis.log_lines),
        commands=tuple(commands),
        links=job_links(record, place),
        job_id=record.results_id,
        batch_job_id=record.batch_job_id,
        profile=record.profile,
        share=record.share_identifier,
        muted=muted(record.alerts),
        cause=diagnosis.cause,
    )


def _of_children(failed: Failures) -> str:
    commonest = f", most often {_words(failed.cause)}" if failed.cause else ""
    return f"failed: {failed.count} of {failed.of} children{commonest}"


def _words(cause: str) -> str:
    return cause.replace("-", " ")


def _outcome(metrics: TrainingMetrics, previous: TrainingMetrics | None) -> str:
    windows = f" over {metrics.windows} windows" if metrics.windows else ""
    count = len(metrics.variables)
    told = f"{count} {'variable was' if count == 1 else 'variables were'} retrodicted{windows}. {LEGEND}"
    return f"{told} In parentheses: the change since the run before." if previous else told
