"""The job queues, as the HTTP API answers them."""

from typing import TYPE_CHECKING

from msgspec import Struct

from pulse.api.answers.submissions import Answer, Moment, whole_seconds
from pulse.domain.job.usual import Usual
from pulse.domain.text.redaction import redacted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pulse.domain.views.queue import QueueView, Usage, Waiting


class WaitingJob(Answer, frozen=True, kw_only=True, omit_defaults=True):
    """A RUNNABLE job at the front of its queue: `since` when it stands at this position, the first is 1.
    `batch_job_id` of an array's child is `parent:index`, and `job_id` its array's; without a `job_id` the
    ledger does not know the job yet, and without either the caller may not see it. `blocked_reason`: why AWS
    Batch cannot start it, in its own words.
    """

    position: int
    since: Moment
    batch_job_id: str = ""
    job_id: str = ""
    profile: str = ""
    share_identifier: str = ""
    created_at: Moment | None = None
    blocked_reason: str = ""


class InUse(Answer, frozen=True, kw_only=True, omit_defaults=True):
    """Capacity in AWS Batch's unit. `share`: of these only; without, of the whole queue."""

    unit: str
    quantity: float
    share: str = ""


class JobQueue(Struct, frozen=True, kw_only=True):
    """`jobs`: unfinished ones by state, an array's children each; of one state, the oldest 10,000 are
    counted. `front`: the next 100 to start, as AWS Batch says. `in_use`: the whole queue, then its busiest
    shares; null where AWS does not tell. `usual`: what the last runs of a profile took that leads to this
    queue, of three or more runs.
    """

    name: str
    jobs: dict[str, int]
    front: tuple[WaitingJob, ...]
    in_use: tuple[InUse, ...] | None
    usual: dict[str, Usual]


class JobQueues(Struct, frozen=True, kw_only=True):
    queues: tuple[JobQueue, ...]


def queues(views: "Iterable[QueueView]") -> JobQueues:
    return JobQueues(
        queues=tuple(
            JobQueue(
                name=view.name,
                jobs=view.counts,
                front=tuple(map(_waiting, view.front)),
                in_use=None if view.in_use is None else tuple(map(_in_use, view.in_use)),
                usual=view.usual,
            )
            for view in views
        )
    )


def _in_use(usage: "Usage") -> InUse:
    return InUse(unit=usage.unit, quantity=usage.quantity, share=usage.share)


def _waiting(waiting: "Waiting") -> WaitingJob:
    place, job = waiting.place, waiting.job
    if job is None:
        return WaitingJob(position=waiting.position, since=place.since, batch_job_id=place.batch_job_id)
    return WaitingJob(
        position=waiting.position,
        since=place.since,
        batch_job_id=place.batch_job_id,
        job_id=job.job_id,
        profile=job.profile,
        share_identifier=job.share_identifier,
        created_at=whole_seconds(job.created_at),
        blocked_reason=redacted(job.blocked_reason),
    )
