"""The alerts of a job before its end: SUBMITTED and STARTED on request, OVERDUE and BLOCKED before it is too
late.
"""

from datetime import UTC, datetime

from pulse.domain.alerts.about_job import Deployment, command, headline, job_links
from pulse.domain.alerts.alert import REASON_CHARACTERS, SEVERITIES, Alert, Command
from pulse.domain.alerts.facts import job_facts, job_names
from pulse.domain.diagnosis.diagnose import blocked
from pulse.domain.fault import cut, printable
from pulse.domain.job.record import JobRecord
from pulse.domain.request.alerts_wanted import JobKind, muted
from pulse.domain.text.dollars import usd
from pulse.domain.text.duration import in_words

_NOTHING = "Nothing: it goes on by itself."
_SHORT_SECONDS = 3600


def submitted_alert(record: JobRecord, deployment: Deployment) -> Alert:
    """AWS Batch took the job."""
    return _alert(
        "SUBMITTED",
        record,
        deployment,
        outcome="submitted",
        reason=f"AWS Batch took the job into the queue {printable(record.queue)}.{_expected(record)}",
        next_step=_NOTHING,
        commands=(command("Follow it", "watch", record.job_id), command("Stop it", "cancel", record.job_id)),
    )


def started_alert(record: JobRecord, deployment: Deployment) -> Alert:
    """The first attempt runs."""
    waited = in_words(record.waited_seconds)
    return _alert(
        "STARTED",
        record,
        deployment,
        outcome="started",
        reason=f"The job runs{f', after it waited {waited}' if waited else ''}.{_expected(record)}",
        next_step=_NOTHING,
        commands=(command("Follow it", "watch", record.job_id), command("Stop it", "cancel", record.job_id)),
    )


def overdue_alert(record: JobRecord, deployment: Deployment, *, now: datetime) -> Alert:
    """The job should have ended by now. `now`: when the alert is made, UTC."""
    since = record.started_at
    seconds = (now - since).total_seconds() if since else 0.0
    so_far = f" for {in_words(seconds)}, since {_clock(since, seconds)}" if since else ""
    again = f" {record.attempts} of its attempts ended before this one." if record.attempts else ""
    return _alert(
        "OVERDUE",
        record,
        deployment,
        outcome="is overdue",
        reason=f"The job has been running{so_far}, and should have ended{_due(record, seconds)}.{again}",
        next_step="See in its log whether it still makes progress. Let it run if it does, or else stop it.",
        commands=(
            command("See what it does", "logs", record.job_id),
            command("See why", "explain", record.job_id),
            command("Stop it", "cancel", record.job_id),
        ),
        now=now,
    )


def blocked_alert(record: JobRecord, deployment: Deployment, *, reason: str, now: datetime) -> Alert:
    """AWS Batch cannot start the job. `reason`: its status reason as AWS Batch writes it, or empty. `now`:
    when the alert is made, UTC.
    """
    diagnosis = blocked(reason, spot=record.queue in deployment.spot_queues)
    outcome = f"cannot start: {diagnosis.cause.replace('-', ' ')}" if reason else "has waited for long"
    return _alert(
        "BLOCKED",
        record,
        deployment,
        outcome=outcome,
        reason=diagnosis.explanation,
        next_step=diagnosis.advice,
        commands=(
            command("See why", "explain", record.job_id),
            command("Stop it", "cancel", record.job_id),
        ),
        cause=diagnosis.cause,
        now=now,
    )


def _alert(  # noqa: PLR0913 - what differs between the kinds
    kind: JobKind,
    record: JobRecord,
    deployment: Deployment,
    *,
    outcome: str,
    reason: str,
    next_step: str,
    commands: tuple[Command, ...],
    cause: str = "",
    now: datetime | None = None,
) -> Alert:
    return Alert(
        kind=kind,
        severity=SEVERITIES[kind],
        about=record.results_id,
        headline=headline(record, outcome),
        reason=cut(reason, REASON_CHARACTERS),
        next_step=next_step,
        facts=job_facts(record, deployment, now=now),
        names=job_names(record),
        commands=commands,
        links=job_links(record, deployment),
        job_id=record.results_id,
        batch_job_id=record.batch_job_id,
        profile=record.profile,
        share=record.share_identifier,
        muted=muted(record.alerts),
        cause=cause,
    )


def _expected(record: JobRecord) -> str:
    """What is likely to come, as far as it is known."""
    usual = record.usual
    estimates = []
    # The cost is that of this runtime: record_quote.likely_usd.
    seconds = usual.ran_median_seconds if usual else record.expected_seconds
    if seconds:
        estimates.append(f"run {in_words(seconds)}")
    if record.quoted_usd is not None:
        estimates.append(f"cost {usd(record.quoted_usd)}")
    return f" It will likely {' and '.join(estimates)}." if estimates else ""


def _due(record: JobRecord, ran_seconds: float) -> str:
    due = f" by {_clock(record.due_at, ran_seconds)}" if record.due_at else ""
    if record.due_seconds:
        return f"{due}: its request expects {in_words(record.due_seconds)}"
    if record.usual:
        usual = record.usual
        return (
            f"{due}: 95 % of {usual.runs} earlier runs like it ended within {in_words(usual.ran_p95_seconds)}"
        )
    return due or " by now"


def _clock(at: datetime, span_seconds: float) -> str:
    """To the second where the whole span is short."""
    seconds = ":%S" if span_seconds < _SHORT_SECONDS else ""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M{seconds}} UTC"
