"""From one state change of a job to the ledger and, at its end, to an alert.

Events come at least once and in any order. The record only moves forward (domain.job_status.position), under
a condition on the position it was read at; a late or repeated event changes nothing. What a job's end leads
to (an alert, a rerun with more memory) is tried again when its event is delivered again, and happens once.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Literal

from msgspec import Struct, structs

from pulse.domain.alert import Alert
from pulse.domain.array_children import child_of, cost_of_all, failures
from pulse.domain.catalogue import Catalogue
from pulse.domain.diagnosis import dies_of_memory
from pulse.domain.errors import Unavailable
from pulse.domain.job_alert import Place, Size, is_told, job_alert, kind_of
from pulse.domain.job_event import JobEvent
from pulse.domain.job_record import JobRecord, advanced, foreign, record_ids
from pulse.domain.job_status import TERMINAL
from pulse.domain.sizing import next_size_up
from pulse.services.ports import Ledger, Reruns
from pulse.services.publish_alert import PublishAlert
from pulse.services.read_metrics import Read, ReadMetrics, measures

_TRIES = 5
"""Concurrent events of one job collide at most a few times; then the queue delivers again."""

Effect = Literal["recorded", "late or repeated", "child", "not ours"]


class Result(Struct, frozen=True, kw_only=True):
    """`child`: of an array, whose parent's events tell its end. `not ours`: a job of another queue. `ended`:
    with this event, which is so of one event of a job only. `trouble`: why the alert has no metrics, in AWS's
    own words, which are for the log only.
    """

    effect: Effect
    record: JobRecord | None = None
    ended: bool = False
    alerted: bool = False
    trouble: str = ""


class RecordJobEvent(Struct, frozen=True, kw_only=True):
    """`queues` maps the ARNs of our queues to their names; `cost_of` says what a job's attempts cost."""

    ledger: Ledger
    read_metrics: ReadMetrics
    publish_alert: PublishAlert
    reruns: Reruns
    catalogue: Catalogue
    queues: Mapping[str, str]
    place: Place
    cost_of: Callable[[JobRecord, Sequence[float]], Decimal | None]
    clock: Callable[[], datetime]

    def record(self, event: JobEvent) -> Result:
        """Raises Unavailable and Misconfigured, so that the event is delivered again."""
        queue = self.queues.get(event.queue_arn)
        if queue is None:
            return Result(effect="not ours")
        if event.is_array_child:
            return self._child(event)
        for _ in range(_TRIES):
            before, free_id = self._find(event)
            read = None
            if before is None:
                after = foreign(event, job_id=free_id, queue=queue, now=self.clock())
                written = self.ledger.create(after)
            elif moved := advanced(before, event):
                after, read = self._measured(moved, event) if not before.is_terminal else (moved, None)
                written = self.ledger.move(after, before=before.position)
            else:
                return self._end("late or repeated", before)
            if written:
                ends = after.is_terminal and not (before and before.is_terminal)
                return structs.replace(self._end("recorded", after, read), ended=ends)
        raise Unavailable(f"Other events of AWS Batch job {event.batch_job_id} were faster {_TRIES} times.")

    def _child(self, event: JobEvent) -> Result:
        """The end of an array's child is noted for its parent's. A late one still adds to the cost."""
        parent = self._parent(event) if event.status in TERMINAL else None
        if parent is None:
            return Result(effect="child")
        cost_usd = self.cost_of(parent, event.attempt_seconds)
        self.ledger.note_child(parent.job_id, child_of(parent, event, cost_usd), now=self.clock())
        if parent.is_terminal:
            total = cost_of_all(self.ledger.children(parent.job_id))
            after = structs.replace(parent, cost_usd=total, revision=parent.revision + 1)
            if self.ledger.move(after, before=parent.position):
                self.ledger.note_cost(after)
        return Result(effect="child", record=parent)

    def _parent(self, event: JobEvent) -> JobRecord | None:
        batch_job_id = event.batch_job_id.partition(":")[0]
        for job_id in record_ids(structs.replace(event, batch_job_id=batch_job_id)):
            record = self.ledger.record(job_id)
            if record and record.batch_job_id in {"", batch_job_id}:
                return record
        return None

    def _find(self, event: JobEvent) -> tuple[JobRecord | None, str]:
        """The record of the event's job; or None, and the id under which a foreign job is recorded."""
        free = []
        for job_id in record_ids(event):
            record = self.ledger.record(job_id)
            if record is None:
                free.append(job_id)
            elif record.is_about(event):
                return record, record.job_id
        return None, (free or [event.batch_job_id])[0]

    def _measured(self, record: JobRecord, event: JobEvent) -> tuple[JobRecord, Read | None]:
        """With what the ended job cost and what it measured of itself, and what was read of that."""
        if not record.is_terminal:
            return record, None
        cost_usd = (
            cost_of_all(self.ledger.children(record.job_id))
            if record.array_size
            else self.cost_of(record, event.attempt_seconds)
        )
        read = self.read_metrics.of(record) if record.status == "SUCCEEDED" else None
        measured = measures(read.metrics) if read and read.metrics else None
        ended = structs.replace(record, cost_usd=cost_usd, measured=measured)
        if cost_usd is not None:
            self.ledger.note_cost(ended)
        return ended, read

    def _end(self, effect: Effect, record: JobRecord, read: Read | None = None) -> Result:
        """One alert at the end of a job, also when an earlier delivery of its last event died before it."""
        kind = kind_of(record)
        if kind is None:
            return Result(effect=effect, record=record)
        size = self._next_size(record)
        if size:
            self.reruns.ask(record.job_id)
        if not is_told(record):
            return Result(effect=effect, record=record)
        told: list[Read] = []
        alerted = self.publish_alert.once(record, kind, lambda: self._alert(record, size, read, told))
        return Result(effect=effect, record=record, alerted=alerted, trouble="".join(r.trouble for r in told))

    def _next_size(self, record: JobRecord) -> Size | None:
        """What a job gets that is submitted again because it died of memory, once."""
        queue = self.catalogue.queues.get(record.queue)
        if queue is None or not self.reruns.wanted or not dies_of_memory(record):
            return None
        pair = next_size_up(
            float(record.vcpus), record.memory_mib or 0, queue.platform, max_vcpus=queue.max_vcpus
        )
        return Size(*pair) if pair else None

    def _alert(self, record: JobRecord, size: Size | None, read: Read | None, told: list[Read]) -> Alert:
        """What was read for it is added to `told`."""
        if record.status == "FAILED":
            failed = failures(record, self.ledger.children(record.job_id)) if record.array_size else None
            return job_alert(record, self.place, rerun=size, failed=failed)
        told.append(read or self.read_metrics.of(record))
        return job_alert(record, self.place, told[0].metrics, told[0].note)
