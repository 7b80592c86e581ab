"""How the children of an array ended, one by one and together."""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from pulse.domain.diagnosis import diagnose
from pulse.domain.job_event import JobEvent
from pulse.domain.job_record import JobRecord
from pulse.domain.job_status import Status
from pulse.domain.record_changes import advanced

MAX_NAMED = 10


class Child(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An ended child. `cause` is the diagnosis's word, empty when it ended well."""

    index: int
    status: Status
    batch_job_id: str = ""
    cause: str = ""
    exit_code: int | None = None
    log_stream: str = ""
    ran_seconds: float | None = None
    cost_usd: Decimal | None = None


class Failures(Struct, frozen=True, kw_only=True):
    """`of`: how many children there are. `indexes`: those known to have failed. `cause`: the commonest;
    `with_cause`: how many have it.
    """

    count: int
    of: int
    indexes: tuple[int, ...] = ()
    cause: str = ""
    with_cause: int = 0

    def __str__(self) -> str:
        named = ", ".join(str(index) for index in self.indexes[:MAX_NAMED])
        more = f" and {self.count - MAX_NAMED} more" if self.count > MAX_NAMED else ""
        which = f": {named}{more}" if named else ""
        why = f"; {self.with_cause} of them: {self.cause.replace('-', ' ')}" if self.cause else ""
        return f"{self.count} of {self.of} children failed{which}{why}"


def child_of(parent: JobRecord, event: JobEvent, cost_usd: Decimal | None) -> Child:
    """The child that a terminal event tells of."""
    blank = JobRecord(job_id=parent.job_id, status="CLAIMED", created_at=parent.created_at)
    ended = advanced(blank, event) or blank
    return Child(
        index=event.child or 0,
        status=event.status,
        batch_job_id=event.batch_job_id,
        cause=diagnose(ended).cause if event.status == "FAILED" else "",
        exit_code=ended.exit_code,
        log_stream=ended.log_stream,
        ran_seconds=ended.ran_seconds,
        cost_usd=cost_usd,
    )


def failures(parent: JobRecord, children: Sequence[Child]) -> Failures:
    """AWS Batch's own count, where it is larger: children's events may come after the parent's."""
    failed = [child for child in children if child.status == "FAILED"]
    causes = Counter(child.cause for child in failed if child.cause)
    cause, with_cause = causes.most_common(1)[0] if causes else ("", 0)
    return Failures(
        count=max(len(failed), parent.children.get("FAILED", 0)),
        of=parent.array_size or len(children),
        indexes=tuple(sorted(child.index for child in failed)),
        cause=cause,
        with_cause=with_cause,
    )


def has_failures(parent: JobRecord) -> bool:
    """Whether some of its children are known to have failed."""
    return bool(parent.array_size and (parent.status == "FAILED" or parent.children.get("FAILED")))


def cost_of_all(children: Sequence[Child]) -> Decimal | None:
    """None when no price is known."""
    costs = [child.cost_usd for child in children if child.cost_usd is not None]
    return sum(costs, Decimal(0)) if costs else None
