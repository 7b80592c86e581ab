"""How the children of an array ended, one by one and together; an array and its follower as one run."""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct, structs

from pulse.domain.diagnosis.diagnose import diagnose
from pulse.domain.job.changes import advanced
from pulse.domain.job.child import Child
from pulse.domain.job.event import JobEvent
from pulse.domain.job.record import JobRecord

MAX_NAMED = 10


class Failures(Struct, frozen=True, kw_only=True):
    """`of`: how many children there are. `indexes`: those known to have failed. `cause`: the commonest;
    `with_cause`: how many have it, and `example` the first of them.
    """

    count: int
    of: int
    indexes: tuple[int, ...] = ()
    cause: str = ""
    with_cause: int = 0
    example: Child | None = None

    @property
    def unknown(self) -> int:
        """How many failed of which nothing was heard."""
        return self.count - len(self.indexes)

    def may_all_be(self, cause: str) -> bool:
        """Whether all that are known failed of this cause. The log of an only one may tell more than its
        event did.
        """
        known = len(self.indexes)
        return known == 1 or (known == self.with_cause and self.cause == cause)

    def __str__(self) -> str:
        why = f"; {self.with_cause} of them: {in_words(self.cause)}" if self.cause and self.count > 1 else ""
        return f"{self.count} of {self.of} children failed{self._which}{why}"

    @property
    def _which(self) -> str:
        named = [str(index) for index in self.indexes[:MAX_NAMED]]
        if not named:
            return ""
        more = self.count - len(named)
        last = f"{more} more" if more else named.pop()
        listed = f"{', '.join(named)} and {last}" if named else last
        return f": {'child' if self.count == 1 else 'children'} {listed}"


def in_words(cause: str) -> str:
    return cause.replace("-", " ")


def child_of(parent: JobRecord, event: JobEvent, cost_usd: Decimal | None) -> Child:
    """The child that a terminal event tells of."""
    blank = JobRecord(
        job_id=parent.job_id,
        status="CLAIMED",
        created_at=parent.created_at,
        foreign=parent.foreign,
        runs_training=parent.runs_training,
        training=parent.training,
        exit_codes=parent.exit_codes,
        on_folder=parent.on_folder,
    )
    ended = advanced(blank, event) or blank
    failed = event.status == "FAILED"
    return Child(
        index=event.child or 0,
        status=event.status,
        batch_job_id=event.batch_job_id,
        cause=diagnose(ended).cause if failed else "",
        attempts=ended.attempts,
        exit_code=ended.exit_code,
        reason=ended.reason if failed else "",
        status_reason=ended.status_reason if failed else "",
        stopped_by_request=ended.stopped_by_request,
        log_stream=ended.log_stream,
        ran_seconds=ended.ran_seconds,
        cost_usd=cost_usd,
    )


def record_of(parent: JobRecord, child: Child) -> JobRecord:
    """An ended child as if it were a job of its own, for its diagnosis and its log."""
    return structs.replace(
        parent,
        status=child.status,
        batch_job_id=child.batch_job_id,
        attempts=child.attempts,
        exit_code=child.exit_code,
        reason=child.reason,
        status_reason=child.status_reason,
        stopped_by_request=child.stopped_by_request,
        log_stream=child.log_stream,
        ran_seconds=child.ran_seconds,
        tries=(),
    )


def failures(parent: JobRecord, children: Sequence[Child]) -> Failures:
    """AWS Batch's own count, where it is larger: children's events may come after the parent's."""
    failed = sorted((c for c in children if c.status == "FAILED"), key=lambda child: child.index)
    causes = Counter(child.cause for child in failed if child.cause)
    cause, with_cause = causes.most_common(1)[0] if causes else ("", 0)
    return Failures(
        count=max(len(failed), parent.children.get("FAILED", 0)),
        of=parent.array_size or len(children),
        indexes=tuple(child.index for child in failed),
        cause=cause,
        with_cause=with_cause,
        example=next((child for child in failed if child.cause == cause), None),
    )


def has_failures(parent: JobRecord) -> bool:
    """Whether some of its children are known to have failed."""
    return bool(parent.array_size and (parent.status == "FAILED" or parent.children.get("FAILED")))


def as_one_run(array: JobRecord, follower: JobRecord) -> JobRecord:
    """An array and the job that follows it as one run, from the array's request and start to the follower's
    end. What it cost is known where it is known of both; the array was quoted for both.
    """
    started, stopped = array.started_at, follower.stopped_at
    return structs.replace(
        follower,
        created_at=array.created_at,
        started_at=started,
        ran_seconds=(stopped - started).total_seconds() if started and stopped else None,
        array_size=array.array_size,
        cost_usd=_both(array.cost_usd, follower.cost_usd),
        quoted_usd=array.quoted_usd,
    )


def _both(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else one + other


def cost_of_all(children: Sequence[Child]) -> Decimal | None:
    """None when no price is known, or not that of one that ran: a part is not the whole."""
    if any(child.cost_usd is None and child.ran_seconds is not None for child in children):
        return None
    costs = [child.cost_usd for child in children if child.cost_usd is not None]
    return sum(costs, Decimal(0)) if costs else None
