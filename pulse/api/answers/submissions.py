"""What the HTTP API answers when all is well, as types: GET /openapi.json publishes them. What it tells of
jobs that are there is in jobs.py.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import Meta, Struct

from pulse.domain.fault import Fault
from pulse.domain.job.status import Status
from pulse.domain.s3.layout import results_prefix, s3_uri

if TYPE_CHECKING:
    from pulse.domain.cost.quote import Quote
    from pulse.domain.job.record import JobRecord
    from pulse.domain.plan.job_plan import JobPlan
    from pulse.domain.plan.preparation import Preparation

Moment = Annotated[datetime, Meta(tz=True, description="UTC")]
S3Uri = Annotated[str, Meta(description="s3://bucket/prefix/, the key as it is, not encoded")]


class Answer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is not known is left out."""


class Follower(Answer, frozen=True, kw_only=True, omit_defaults=True):
    """The job that merges what shards wrote, or ranks a sweep."""

    job_id: str
    batch_job_id: str
    job_name: str


class SubmittedJob(Answer, frozen=True, kw_only=True, omit_defaults=True):
    """The same for every repetition of a call. `idempotency_expires_at`: from then on the same call is
    another job. `rerun_of`: the job whose request was asked for again.
    """

    job_id: str
    batch_job_id: str
    job_name: str
    status: Literal["SUBMITTED"]
    created_at: Moment
    results: S3Uri
    idempotency_expires_at: Moment | None = None
    follower: Follower | None = None
    rerun_of: str | None = None


class Quoted(Struct, frozen=True, kw_only=True):
    """US dollars of all attempts of all containers; null where no price is known, and `why` says so. The
    prices are those of `region` as of `as_of`, from `source`.
    """

    low_usd: Decimal | None
    likely_usd: Decimal | None
    high_usd: Decimal | None
    currency: Literal["USD"] = "USD"
    as_of: date
    region: str
    source: str
    why: str


class PlannedJob(Struct, frozen=True, kw_only=True):
    """`plan`: the parameters of SubmitJob, of an array followed by those of the job that merges or ranks;
    what AWS Batch has yet to name is in angle brackets. `sizing`: why it gets its resources, null when the
    request and its profile say all. `expected_wait_seconds`: from the request to the start, by earlier runs.
    `refusals`: why it would be refused although it is valid.
    """

    plan: tuple[dict[str, Any], ...]
    sizing: str | None
    quote: Quoted | None
    expected_wait_seconds: float | None
    refusals: tuple[Fault, ...]


class CancelledJob(Answer, frozen=True, kw_only=True, omit_defaults=True):
    """`status` when it was told to end; its end is an event of its own. `job_id` is that of the follower when
    the children of an array have ended.
    """

    job_id: str
    status: Status
    reason: str


def submitted(
    record: "JobRecord", follower: "JobRecord | None", idempotency_expires_at: datetime | None
) -> SubmittedJob:
    return SubmittedJob(
        job_id=record.job_id,
        batch_job_id=record.batch_job_id,
        job_name=record.job_name,
        status="SUBMITTED",
        created_at=whole_seconds(record.created_at),
        results=results_of(record),
        idempotency_expires_at=idempotency_expires_at and whole_seconds(idempotency_expires_at),
        follower=_follower(follower) if follower else None,
        rerun_of=record.rerun_of or None,
    )


def planned(plan: "JobPlan", prepared: "Preparation") -> PlannedJob:
    quote, first = prepared.quote, plan.steps[0]
    return PlannedJob(
        plan=tuple(step.after(f"<jobId of {first.job_name}>") for step in plan.steps),
        sizing=plan.resources.why or None,
        quote=_quoted(quote) if quote else None,
        expected_wait_seconds=quote.expected_wait_seconds if quote else None,
        refusals=prepared.over_limit,
    )


def cancelled(record: "JobRecord") -> CancelledJob:
    return CancelledJob(job_id=record.job_id, status=record.status, reason=record.status_reason)


def _follower(record: "JobRecord") -> Follower:
    return Follower(job_id=record.job_id, batch_job_id=record.batch_job_id, job_name=record.job_name)


def _quoted(quote: "Quote") -> Quoted:
    return Quoted(
        low_usd=quote.low_usd,
        likely_usd=quote.likely_usd,
        high_usd=quote.high_usd,
        as_of=quote.as_of,
        region=quote.region,
        source=quote.source,
        why=quote.why,
    )


def results_of(record: "JobRecord") -> str:
    return s3_uri(record.results_bucket, results_prefix(record.results_id))


def whole_seconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)
