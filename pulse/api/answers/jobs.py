"""Jobs as the HTTP API answers them: one with its story, a page of them, a page of a log."""

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta, field

from pulse.api.answers.submissions import Answer, Moment, S3Uri, results_of, whole_seconds
from pulse.domain.diagnosis.diagnose import blocked, diagnose
from pulse.domain.job.record import Change, JobRecord, RerunReason
from pulse.domain.job.status import Status
from pulse.domain.job.usual import Usual
from pulse.domain.s3.layout import results_prefix
from pulse.domain.text.redaction import redacted
from pulse.domain.training.headline import HeadlineMetric
from pulse.domain.views import tokens

if TYPE_CHECKING:
    from pulse.domain.console import Console
    from pulse.domain.diagnosis.children import Failures
    from pulse.domain.diagnosis.diagnose import Diagnosis
    from pulse.domain.job.event import Attempt
    from pulse.domain.views.known_job import KnownJob
    from pulse.domain.views.log import LogPage
    from pulse.domain.views.pages import Page

Token = Annotated[str, Meta(description="For `next` of the next call.")]


class EndedAttempt(Answer, frozen=True, kw_only=True, omit_defaults=True):
    """Without an exit code the container never ended by itself. `reason`: in AWS Batch's words."""

    exit_code: int | None = None
    reason: str = ""
    log_stream: str = ""
    started_at: Moment | None = None
    stopped_at: Moment | None = None
    ran_seconds: float | None = None


class Why(Answer, frozen=True, kw_only=True, omit_defaults=True):
    """`cause` is a word for programs, `explanation` and `advice` are sentences for people. `retry_helps`: the
    same job, tried again at once as it is, may end well. `log_lines`: how its log ends, without secrets.
    """

    cause: str
    explanation: str
    advice: str
    retry_helps: bool
    log_lines: tuple[str, ...] = ()


class FailedChildren(Answer, frozen=True, kw_only=True):
    """`count` of `of` children failed. `indexes`: those known to have failed. `cause`: the commonest, as in
    Why; `with_cause`: how many have it.
    """

    count: int
    of: int
    indexes: tuple[int, ...]
    cause: str
    with_cause: int


class Links(Answer, frozen=True, kw_only=True, omit_defaults=True):
    """Addresses in the AWS console; those of things that are not there yet are left out."""

    job: str = ""
    log: str = ""
    results: str = ""


class Job(Answer, frozen=True, kw_only=True, omit_defaults=True):
    """A job as the ledger knows it. Memory in MiB. `waited_seconds`: from the request to the start of the
    first attempt. `follower`: the job that merges or ranks what this array writes, `follows` its way back;
    `foreign`: another client submitted it, so its request is not known. `rerun`: the job that was submitted
    because this one ran out of memory or lost its Spot capacity, and `rerun_of` its way back. `asked_by`,
    `cancelled_by`: the ARN of who did it through the API; of a drop the account that put the object there.

    `training`: the described training that it runs, left out for retrodiction; `parameters`: the values that
    its request gives; `report`, `metrics_file`: the names of the files with its page and with what it
    measured.

    `usual`: what earlier runs of its profile took, known when it has started; `quoted_usd`: what it will
    likely cost; `due_at`: when it is overdue.

    `children`: how many of an array are in each status, `failures` which of them failed and why most did, as
    far as they are noted. `changes`: every state change that is known, and
    `attempts` of each how many had ended by then. `attempts_log`: the attempts that ended, the first first.
    `headline`: what the run of a SUCCEEDED job found, in few numbers; `before`: the same number of the run
    that it is compared to, on the same data set. `warnings`: what that run says that a person must read
    first, without secrets, the first 20 of `warnings_count` sentences.

    `diagnosis`: of a FAILED job. `blocked`: why AWS Batch cannot start a RUNNABLE one, and what helps.
    `links`: to the AWS console. A list of jobs leaves out `request`, `sizing`, `rerun` and all of these but
    `children`, `headline` and `warnings_count`.
    """

    job_id: str
    status: Status
    created_at: Moment
    batch_job_id: str = ""
    job_name: str = ""
    queue: str = ""
    profile: str = ""
    dataset: str = ""
    dataset_version_id: str = ""
    variables: tuple[str, ...] = ()
    training: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    report: str = ""
    metrics_file: str = ""
    vcpus: float | None = None
    memory_mib: int | None = None
    gpus: int = 0
    array_size: int | None = None
    share_identifier: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    attempts: int = 0
    started_at: Moment | None = None
    stopped_at: Moment | None = None
    waited_seconds: float | None = None
    ran_seconds: float | None = None
    expected_seconds: float | None = None
    due_at: Moment | None = None
    usual: Usual | None = None
    quoted_usd: Decimal | None = None
    cost_usd: Decimal | None = None
    exit_code: int | None = None
    reason: str = ""
    status_reason: str = ""
    blocked_reason: str = ""
    asked_by: str = ""
    cancelled_by: str = ""
    results: S3Uri = ""
    log_group: str = ""
    log_stream: str = ""
    sizing: str = ""
    request: dict[str, Any] = field(default_factory=dict)
    follower: str = ""
    follows: str = ""
    rerun: str = ""
    rerun_of: str = ""
    rerun_because: RerunReason | None = None
    foreign: bool = False
    children: dict[str, int] = field(default_factory=dict)
    failures: FailedChildren | None = None
    changes: tuple[Change, ...] = ()
    attempts_log: tuple[EndedAttempt, ...] = ()
    headline: tuple[HeadlineMetric, ...] = ()
    warnings: tuple[str, ...] = ()
    warnings_count: int = 0
    diagnosis: Why | None = None
    blocked: Why | None = None
    links: Links | None = None


class JobPage(Answer, frozen=True, kw_only=True):
    """The newest first. `next`: null after the last page."""

    jobs: tuple[Job, ...]
    next: Token | None


class LogLine(Answer, frozen=True, kw_only=True):
    """`text`: without secrets, printable, and cut where it is very long."""

    at: Moment
    text: str


class Log(Answer, frozen=True, kw_only=True):
    """`next`: null when there is nothing more so far; while the job runs, the same call may bring more."""

    lines: tuple[LogLine, ...]
    next: Token | None


def story(known: "KnownJob", console: "Console") -> Job:
    record, plan = known.record, known.plan
    return Job(
        **_facts(record),
        sizing=plan.why if plan else "",
        request=plan.request.given() if plan else {},
        rerun=known.rerun,
        failures=_failed(known.failed) if known.failed else None,
        changes=record.changes,
        attempts_log=tuple(_attempt(attempt) for attempt in record.tries),
        warnings=record.warnings,
        diagnosis=_why(diagnose(record, known.log)) if record.status == "FAILED" else None,
        blocked=_why(blocked(record.blocked_reason, spot=known.spot)) if _is_blocked(record) else None,
        links=_links(record, console),
    )


def page(found: "Page") -> JobPage:
    return JobPage(
        jobs=tuple(Job(**_facts(record)) for record in found.records),
        next=tokens.encoded(found.next) if found.next else None,
    )


def log(found: "LogPage") -> Log:
    return Log(
        lines=tuple(LogLine(at=line.at, text=line.text) for line in found.lines),
        next=tokens.encoded(found.next) if found.next else None,
    )


_AS_RECORDED = set(Job.__struct_fields__) & set(JobRecord.__struct_fields__) - {
    "vcpus",
    "created_at",
    "due_at",
    "changes",
    "reason",
    "status_reason",
    "blocked_reason",
    "warnings",
}


def _facts(record: JobRecord) -> dict[str, Any]:
    return {name: getattr(record, name) for name in _AS_RECORDED} | {
        "created_at": whole_seconds(record.created_at),
        "due_at": record.due_at and whole_seconds(record.due_at),
        "waited_seconds": record.waited_seconds,
        "vcpus": _number(record.vcpus),
        "reason": redacted(record.reason),
        "status_reason": redacted(record.status_reason),
        "blocked_reason": redacted(record.blocked_reason),
        "cancelled_by": record.cancelled_by,
        "results": results_of(record) if record.results_bucket else "",
    }


def _attempt(attempt: "Attempt") -> EndedAttempt:
    return EndedAttempt(
        exit_code=attempt.exit_code,
        reason=redacted(attempt.reason or attempt.status_reason),
        log_stream=attempt.log_stream,
        started_at=attempt.started_at,
        stopped_at=attempt.stopped_at,
        ran_seconds=attempt.ran_seconds,
    )


def _failed(found: "Failures") -> FailedChildren:
    return FailedChildren(
        count=found.count,
        of=found.of,
        indexes=found.indexes,
        cause=found.cause,
        with_cause=found.with_cause,
    )


def _is_blocked(record: JobRecord) -> bool:
    return bool(record.blocked_reason) and record.status == "RUNNABLE"


def _why(found: "Diagnosis") -> Why:
    return Why(
        cause=found.cause,
        explanation=found.explanation,
        advice=found.advice,
        retry_helps=found.retry_helps,
        log_lines=found.log_lines,
    )


def _links(record: JobRecord, console: "Console") -> Links | None:
    logged = record.log_group and record.log_stream
    written = record.results_bucket and record.status == "SUCCEEDED"
    links = Links(
        job=console.job(record.batch_job_id) if record.batch_job_id else "",
        log=console.log_stream(record.log_group, record.log_stream) if logged else "",
        results=console.s3_prefix(record.results_bucket, results_prefix(record.results_id))
        if written
        else "",
    )
    return links if links != Links() else None


def _number(vcpus: str) -> float | None:
    """As AWS Batch writes it; 4 rather than 4.0 in JSON."""
    if not vcpus:
        return None
    return int(vcpus) if vcpus.isdecimal() else float(vcpus)
