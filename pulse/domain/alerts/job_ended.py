"""The alert at the end of a job: SUCCEEDED with what was learned, FAILED with the cause and what helps."""

from msgspec import structs

from pulse.domain.alerts.about_job import Deployment, command, headline, job_links, results_uri
from pulse.domain.alerts.alert import (
    LAST_LINE_CHARACTERS,
    LOG_CHARACTERS,
    REASON_CHARACTERS,
    SEVERITIES,
    Alert,
    Command,
    sentences,
)
from pulse.domain.alerts.facts import job_facts, job_names
from pulse.domain.alerts.variables import LEGEND, in_words_of, table, verdicts
from pulse.domain.diagnosis.children import Failures, in_words, record_of
from pulse.domain.diagnosis.diagnose import (
    CANCELLED,
    CHILD_FAILED,
    DEPENDENCY_FAILED,
    DUPLICATE,
    UNKNOWN,
    UNREADABLE_FILE,
    Diagnosis,
    diagnose,
)
from pulse.domain.diagnosis.next_run import NextRun, why
from pulse.domain.fault import cut
from pulse.domain.job.child import Child
from pulse.domain.job.record import JobRecord
from pulse.domain.request.alerts_wanted import is_wanted, muted
from pulse.domain.text.dollars import usd
from pulse.domain.training.metrics import TrainingMetrics

__all__ = ["Deployment", "deciding", "deserves_alert", "job_alert"]

_CHANGE = "In parentheses: the change since the run before."
_RETRY = {True: "helps", False: "does not help unless something is changed first"}


def deserves_alert(record: JobRecord) -> bool:
    """Whether the end of a job is news that somebody wants: not of an array whose follower is still to come,
    not of the follower of a failed array. Of a job that found its run taken only where the run is its own: a
    duplicate that runs with another job's id did nothing.
    """
    if record.status == "SUCCEEDED":
        return is_wanted(record.alerts, "SUCCEEDED") and not record.follower
    if record.status != "FAILED" or not is_wanted(record.alerts, "FAILED"):
        return False
    cause = diagnose(record).cause
    if cause == DUPLICATE:
        return bool(record.results_bucket)
    return not (record.follows and cause == DEPENDENCY_FAILED)


def deciding(record: JobRecord, failed: Failures | None) -> JobRecord:
    """Whose end and log tell why the job failed: of an array that failed by its children one of these, where
    one is known.
    """
    if failed and failed.example and diagnose(record).cause == CHILD_FAILED:
        return record_of(record, failed.example)
    return record


def job_alert(  # noqa: PLR0913, PLR0917 - what there may be to tell
    record: JobRecord,
    deployment: Deployment,
    metrics: TrainingMetrics | None = None,
    note: str = "",
    rerun: NextRun | None = None,
    failed: Failures | None = None,
    *,
    run: JobRecord | None = None,
    previous: TrainingMetrics | None = None,
    log: tuple[str, ...] = (),
    holder: str = "",
) -> Alert:
    """The alert of a SUCCEEDED or FAILED record. `note` says why there are no metrics; `previous` are those
    of the run that it is compared to. `rerun`: with what Pulse itself submits the job again, so that this is
    no failure yet. `run`: how long all of it took and what it cost, where the record is of a part. `log`: the
    last lines of a failed job's log (`deciding`) as they are; secrets are taken out here. `holder`: who holds
    the run of a job that found it taken, as a sentence.
    """
    if record.status == "SUCCEEDED":
        return _succeeded(record, deployment, metrics, note, previous, run or record)
    return _failed(record, deployment, rerun, failed, log, run or record, holder)


def _succeeded(  # noqa: PLR0913, PLR0917 - as above
    record: JobRecord,
    deployment: Deployment,
    metrics: TrainingMetrics | None,
    note: str,
    previous: TrainingMetrics | None,
    run: JobRecord,
) -> Alert:
    if record.foreign and not metrics:
        # It may be no training at all: where ours writes its results, nothing may be.
        record, note = structs.replace(record, results_bucket=""), ""
    results = results_uri(record)
    reported = metrics and record.report_file
    look = f"Read the report: {results}{record.report_file}" if reported else f"See the results: {results}"
    more = (("Compared to", record.compared_to if metrics and previous else ""),)
    return Alert(
        kind="SUCCEEDED",
        severity=SEVERITIES["SUCCEEDED"],
        about=record.results_id,
        headline=headline(record, "succeeded"),
        reason=_outcome(metrics, previous) if metrics else f"The job ended well. {note}".strip(),
        next_step=look if results else "Nothing, unless the job should have done more: see its log.",
        facts=job_facts(run, deployment, metrics=metrics, more=more),
        names=job_names(record),
        table=table(metrics, previous) if metrics else (),
        left_out=sentences(metrics.left_out) if metrics else (),
        warnings=metrics.warnings if metrics else (),
        warnings_count=metrics.warnings_count if metrics else 0,
        commands=() if record.foreign else (command("Run it again", "rerun", record.results_id),),
        links=job_links(record, deployment, report=metrics is not None),
        job_id=record.results_id,
        batch_job_id=record.batch_job_id,
        profile=record.profile,
        share=record.share_identifier,
        muted=muted(record.alerts),
    )


def _failed(  # noqa: PLR0913, PLR0917 - as above
    record: JobRecord,
    deployment: Deployment,
    rerun: NextRun | None,
    failed: Failures | None,
    log: tuple[str, ...],
    run: JobRecord,
    holder: str,
) -> Alert:
    decides = deciding(record, failed)
    diagnosis = diagnose(decides, log)
    child = failed.example if failed and decides is not record else None
    return Alert(
        kind="FAILED",
        severity="warning" if rerun else SEVERITIES["FAILED"],
        about=record.results_id,
        headline=headline(record, _outcome_of(record, diagnosis, failed, rerun)),
        reason=cut(" ".join(filter(None, (_why(failed, child, diagnosis), holder))), REASON_CHARACTERS),
        next_step=_again(record, rerun) or diagnosis.advice,
        facts=job_facts(run, deployment, more=_retry(rerun, diagnosis)),
        names=job_names(record),
        log=_shown(diagnosis.log_lines),
        commands=_commands(record, decides, child, diagnosis, rerun),
        links=job_links(structs.replace(record, log_stream=decides.log_stream), deployment),
        job_id=record.results_id,
        batch_job_id=record.batch_job_id,
        profile=record.profile,
        share=record.share_identifier,
        muted=muted(record.alerts),
        cause=diagnosis.cause,
    )


def _outcome_of(
    record: JobRecord, diagnosis: Diagnosis, failed: Failures | None, rerun: NextRun | None
) -> str:
    if rerun:
        return f"{why(record, rerun.because)} and runs again"
    return _of_children(failed, diagnosis) if failed else _of_one(record, diagnosis)


def _of_one(record: JobRecord, diagnosis: Diagnosis) -> str:
    if diagnosis.cause == UNKNOWN and record.exit_code is not None:
        return f"failed with exit code {record.exit_code}"
    return f"failed: {in_words(diagnosis.cause)}"


def _of_children(failed: Failures, diagnosis: Diagnosis) -> str:
    outcome = f"failed: {failed.count} of {failed.of} children"
    if not failed.example:
        return outcome
    return f"{outcome}, {'most often ' if failed.count > 1 else ''}{in_words(diagnosis.cause)}"


def _why(failed: Failures | None, child: Child | None, diagnosis: Diagnosis) -> str:
    of_child = f"Child {child.index}: " if child and failed and failed.count > 1 else ""
    return f"{failed}. {of_child}{diagnosis.explanation}" if failed else diagnosis.explanation


def _again(record: JobRecord, rerun: NextRun | None) -> str:
    if rerun is None:
        return ""
    cost = f", for about {usd(rerun.likely_usd)}" if rerun.likely_usd is not None else ""
    return (
        f"Nothing: it {why(record, rerun.because)}, so it is submitted again {rerun.how}{cost}. "
        "If that is refused, another alert says so."
    )


def _retry(rerun: NextRun | None, diagnosis: Diagnosis) -> tuple[tuple[str, str], ...]:
    """Says whether trying again helps; nothing for a job that was stopped on purpose."""
    if rerun or diagnosis.cause == CANCELLED:
        return ()
    return (("Trying again", _RETRY[diagnosis.retry_helps]),)


def _commands(
    record: JobRecord, decides: JobRecord, child: Child | None, diagnosis: Diagnosis, rerun: NextRun | None
) -> tuple[Command, ...]:
    """A rerun reads the version of the data set that was dropped: where that is unreadable, none helps."""
    again = "Run it again" if diagnosis.retry_helps else "Then run it again"
    useless = record.dataset_version_id and diagnosis.cause == UNREADABLE_FILE
    commands = [] if record.foreign or rerun or useless else [command(again, "rerun", record.results_id)]
    if decides.log_stream:
        reads = command("Read its log", "logs", record.job_id)
        commands.append(
            structs.replace(reads, line=f"{reads.line} --child {child.index}") if child else reads
        )
    return tuple(commands)


def _shown(log: tuple[str, ...]) -> tuple[str, ...]:
    """The last line longest: there the reason stands, and what to do."""
    return (
        *(cut(line, LOG_CHARACTERS) for line in log[:-1]),
        *(cut(line, LAST_LINE_CHARACTERS) for line in log[-1:]),
    )


def _outcome(metrics: TrainingMetrics, previous: TrainingMetrics | None) -> str:
    if metrics.values:
        return " ".join([f"{in_words_of(metrics, previous)}.", *([_CHANGE] if previous else [])])
    windows = f" over {metrics.windows} windows" if metrics.windows else ""
    count = len(metrics.variables)
    sentence = f"{count} {'variable was' if count == 1 else 'variables were'} retrodicted{windows}."
    return " ".join([sentence, *verdicts(metrics), LEGEND, *([_CHANGE] if previous else [])])
