"""What a failed job gets when Pulse submits it again by itself: more memory, or capacity on demand."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from pulse.domain.catalogue.catalogue import Catalogue, Queue
from pulse.domain.diagnosis.children import Failures
from pulse.domain.diagnosis.diagnose import OUT_OF_MEMORY, SPOT_RECLAIMED, diagnose
from pulse.domain.diagnosis.ended import is_reclaim
from pulse.domain.job.record import JobRecord
from pulse.domain.request.identity import AutomaticReason
from pulse.domain.request.resources import vcpus_text
from pulse.domain.sizing.sizing import next_size_up

_REASONS: Mapping[str, AutomaticReason] = {OUT_OF_MEMORY: "memory", SPOT_RECLAIMED: "spot"}
"""By the cause of the failure."""


class NextRun(Struct, frozen=True, kw_only=True):
    """`changes` to the request of the job; `how` says in words what they come to. `likely_usd`: what it will
    likely cost, None where that is not known or no news.
    """

    because: AutomaticReason
    changes: dict[str, str | float]
    how: str
    likely_usd: Decimal | None = None

    @property
    def options(self) -> str:
        """The changes as options of `pulse rerun`."""
        return " ".join(
            f"--set {name}={value if isinstance(value, str) else vcpus_text(value)}"
            for name, value in self.changes.items()
        )


def rerun_reason(
    record: JobRecord, log_lines: Sequence[str] = (), failed: Failures | None = None
) -> AutomaticReason | None:
    """Why a failed job is worth another run with something changed: a job of ours that is not such a run for
    the same reason already. `failed`: of an array, whose children must have failed alike; then the record is
    that of the one that decides.
    """
    if record.status != "FAILED" or record.foreign:
        return None
    cause = diagnose(record, log_lines).cause
    reason = _REASONS.get(cause)
    if reason is None or reason == record.rerun_because or (failed and not failed.may_all_be(cause)):
        return None
    return reason


def next_run(record: JobRecord, because: AutomaticReason, catalogue: Catalogue) -> NextRun | None:
    """None where its queue has nothing more to give."""
    queue = catalogue.queues.get(record.queue)
    return _NEXT[because](record, queue) if queue else None


def why(record: JobRecord, because: AutomaticReason) -> str:
    """What happened to the job, as the end of a sentence about it."""
    if because == "memory":
        return "died of memory"
    count = sum(is_reclaim(attempt.status_reason) for attempt in record.tries)
    return "lost its Spot capacity" + (f" {count} times" if count > 1 else "")


def _larger(record: JobRecord, queue: Queue) -> NextRun | None:
    if record.memory_mib is None or not record.vcpus:
        return None
    pair = next_size_up(
        float(record.vcpus),
        record.memory_mib,
        queue.platform,
        max_vcpus=queue.max_vcpus,
        max_memory_mib=queue.max_memory_mib,
    )
    if pair is None:
        return None
    vcpus, memory_mib = pair
    each = " for each child" if record.array_size else ""
    return NextRun(
        because="memory",
        changes={"vcpus": vcpus, "memory_mib": memory_mib},
        how=f"with {vcpus_text(vcpus)} vCPU and {memory_mib} MiB{each}",
    )


def _on_demand(record: JobRecord, queue: Queue) -> NextRun | None:
    del record
    if not queue.on_demand_queue:
        return None
    return NextRun(
        because="spot",
        changes={"queue": queue.on_demand_queue},
        how=f"on demand, in the queue {queue.on_demand_queue}",
    )


_NEXT: Mapping[AutomaticReason, Callable[[JobRecord, Queue], NextRun | None]] = {
    "memory": _larger,
    "spot": _on_demand,
}
