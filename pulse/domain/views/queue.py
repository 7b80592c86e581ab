"""What waits and runs in a job queue: as the ledger knows it, and as AWS Batch says where its jobs stand."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from pulse.domain.errors import InvalidCall
from pulse.domain.fault import Fault, shown
from pulse.domain.job.status import TERMINAL, Status
from pulse.domain.job.usual import Usual

UNFINISHED: tuple[Status, ...] = ("CLAIMED", "SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING")
MOST_OF_A_STATE = 10_000
"""Jobs of one state that are counted, the oldest first."""


class Unfinished(Struct, frozen=True, kw_only=True):
    """What the ledger's record of a job says of its waiting. `children`: of an array, by state."""

    job_id: str
    status: Status
    created_at: datetime
    batch_job_id: str = ""
    queue: str = ""
    profile: str = ""
    share_identifier: str = ""
    children: dict[str, int] = {}
    blocked_reason: str = ""
    asked_by: str = ""
    foreign: bool = False


class QueuePosition(Struct, frozen=True):
    """A RUNNABLE job in its queue, and since when (UTC). The id of an array's child is `parent:index`."""

    batch_job_id: str
    since: datetime


class Usage(Struct, frozen=True):
    """Capacity in AWS Batch's unit (`VCPU` on AWS Fargate and EC2). `share`: empty for the whole queue."""

    unit: str
    quantity: float
    share: str = ""


class Snapshot(Struct, frozen=True):
    """`front`: the first 100 RUNNABLE jobs at most, the next to start first. `in_use`: the whole queue, then
    its busiest shares; None where the SDK is too old to tell.
    https://docs.aws.amazon.com/batch/latest/APIReference/API_GetJobQueueSnapshot.html
    """

    front: tuple[QueuePosition, ...]
    in_use: tuple[Usage, ...] | None


class Waiting(Struct, frozen=True, kw_only=True):
    """`position` counts from 1. `job`: None for one that the ledger does not know (yet), and for one that the
    caller may not see, whose `batch_job_id` is empty.
    """

    position: int
    place: QueuePosition
    job: Unfinished | None


class QueueView(Struct, frozen=True, kw_only=True):
    """`counts`: unfinished jobs by state, an array's children each. `in_use`: as in Snapshot. `usual`: by
    profile, of those that have run often enough.
    """

    name: str
    counts: dict[str, int]
    front: tuple[Waiting, ...]
    in_use: tuple[Usage, ...] | None
    usual: dict[str, Usual]


def wanted(query: Mapping[str, str], names: Iterable[str]) -> list[str]:
    """Which of our queues a call asks for: one, or all. Raises InvalidCall."""
    known = sorted(names)
    if "queue" not in query:
        return known
    if query["queue"] not in known:
        raise InvalidCall([Fault("queue", f"one of {', '.join(known)}", shown(query["queue"]))])
    return [query["queue"]]


def view(name: str, jobs: Sequence[Unfinished], snapshot: Snapshot, usual: dict[str, Usual]) -> QueueView:
    """`jobs`: the unfinished ones of all queues."""
    ours = [job for job in jobs if job.queue == name]
    by_id = {job.batch_job_id: job for job in ours if job.batch_job_id}
    return QueueView(
        name=name,
        counts=_counts(ours),
        front=tuple(
            Waiting(position=number, place=place, job=by_id.get(place.batch_job_id.partition(":")[0]))
            for number, place in enumerate(snapshot.front, 1)
        ),
        in_use=snapshot.in_use,
        usual=usual,
    )


def _counts(jobs: Iterable[Unfinished]) -> dict[str, int]:
    """In the order of a job's life, without states that no job is in."""
    counts: Counter[str] = Counter()
    for job in jobs:
        counts.update({s: n for s, n in job.children.items() if s not in TERMINAL} or {job.status: 1})
    return {status: counts[status] for status in UNFINISHED if counts[status]}


def seen_by(may_see: Callable[[Unfinished], bool], whole: QueueView, jobs: Iterable[Unfinished]) -> QueueView:
    """For a caller who may not see every job: of the others only that they are there. Nor is a share named
    that none of its own unfinished `jobs` has.
    """
    shares = {"", *(job.share_identifier for job in jobs if job.queue == whole.name and may_see(job))}
    return replace(
        whole,
        front=tuple(
            waiting
            if waiting.job and may_see(waiting.job)
            else replace(waiting, job=None, place=QueuePosition("", waiting.place.since))
            for waiting in whole.front
        ),
        in_use=None if whole.in_use is None else tuple(use for use in whole.in_use if use.share in shares),
    )
