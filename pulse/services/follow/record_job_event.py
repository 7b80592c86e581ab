"""From one state change of a job to the ledger, and to what it leads to.

Events come at least once and in any order. The record only moves forward (job.status.position), under
a condition on the position it was read at; a late or repeated event changes nothing. The record is written
first: what a change leads to (alerts, a schedule, a rerun with more memory) is tried again when its event is
delivered again, and happens once.

Calls to AWS on the normal path, of a job that asked for the usual alerts: of each event GetItem and
UpdateItem; of RUNNING also one or two Query and, when it is known how long the job should run,
CreateSchedule; of its end also GetObject of its metrics, its manifest and the metrics it is compared to (or
GetLogEvents, when it failed), two UpdateItem for the alert's turn, Publish, what its cost takes
(pulse.aws.ledger.costs) and DeleteSchedule; of the end of an array also Query of its children, of what
follows one GetItem of it. Of the start of an array's child one GetItem, of its end two and PutItem.

The end of an array and those of its children come in any order, and at once. Each writes first (the array its
end, a child itself) and then reads what the other wrote, so that whoever is last sees both and adds them up.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Literal

from msgspec import Struct, structs

from pulse.domain.alerts.alert import Kind
from pulse.domain.diagnosis.children import child_of, cost_of_all
from pulse.domain.errors import Unavailable
from pulse.domain.job.changes import advanced, foreign
from pulse.domain.job.event import JobEvent
from pulse.domain.job.event_subject import is_about, record_ids, whole_job
from pulse.domain.job.record import JobRecord
from pulse.domain.job.status import TERMINAL
from pulse.domain.training.program import without_revision
from pulse.services.follow.price_runs import PriceRuns
from pulse.services.follow.watch_end import EndFacts, WatchEnd
from pulse.services.follow.watch_start import WatchStart
from pulse.services.ports.ledger import Ledger

_TRIES = 5
"""Concurrent events of one job collide at most a few times; then the queue delivers again."""

Effect = Literal["recorded", "late or repeated", "child", "not ours"]
OnEnded = Callable[[JobRecord, str], None]
"""Called with the record of a job that has ended, and the diagnosis's word for why it failed."""


class EventResult(Struct, frozen=True, kw_only=True):
    """`child`: of an array, or a node of a multi-node job; the events of the whole job say how that ends.
    `not ours`: a job of another queue. `alerted`: the kinds of alerts that went out. `trouble`: what could
    not be done and does not matter, in AWS's own words, which are for the log only. `again_in_seconds`: when
    the event shall come again, because more will be known by then; 0 for not at all.
    """

    effect: Effect
    record: JobRecord | None = None
    alerted: tuple[Kind, ...] = ()
    trouble: tuple[str, ...] = ()
    again_in_seconds: int = 0


class RecordJobEvent(Struct, frozen=True, kw_only=True):
    """`queues` maps the ARNs of our queues to their names. `training_definitions`: the ARNs of the job
    definitions that run the training, of whatever revision. `jobs_of_name`: AWS Batch's ids of the jobs in a
    queue, by its ARN, that have a name, the oldest first.
    """

    ledger: Ledger
    jobs_of_name: Callable[[str, str], Sequence[str]]
    watch_start: WatchStart
    watch_end: WatchEnd
    queues: Mapping[str, str]
    price_runs: PriceRuns
    clock: Callable[[], datetime]
    training_definitions: frozenset[str] = frozenset()

    def record(self, event: JobEvent, *, on_ended: OnEnded = lambda *_: None) -> EventResult:
        """`on_ended`: called at most once a job, as soon as its end is written, whatever fails after that;
        not where the answer to that write was lost, as nobody can tell then whose write it was. Raises
        Unavailable and Misconfigured, so that the event is delivered again.
        """
        queue = self.queues.get(event.queue_arn)
        if queue is None:
            return EventResult(effect="not ours")
        if event.is_node:
            return EventResult(effect="child")
        trouble = self.price_runs.note_instance(event)
        event = self._with_program(event)
        result = self._child(event) if event.is_array_child else self._job(event, queue, on_ended)
        return structs.replace(result, trouble=(*result.trouble, *([trouble] if trouble else [])))

    def _with_program(self, event: JobEvent) -> JobEvent:
        """The event of a job that runs the training by its definition, which may name no command."""
        known = {without_revision(definition) for definition in self.training_definitions}
        is_known = without_revision(event.job_definition) in known
        return structs.replace(event, runs_training=event.runs_training or is_known)

    def _job(self, event: JobEvent, queue: str, on_ended: OnEnded) -> EventResult:
        for _ in range(_TRIES):
            before, free_id = self._find(event)
            moved = (
                advanced(before, event)
                if before
                else foreign(event, job_id=free_id, queue=queue, now=self.clock())
            )
            if moved is None:
                return self._follow_up(before, event, "late or repeated")
            after, measured = self._completed(before, moved, event)
            if self._write(before, after):
                if after.is_terminal and not (before and before.is_terminal):
                    on_ended(after, measured.cause)
                return self._follow_up(after, event, "recorded", measured)
        raise Unavailable(f"Other events of AWS Batch job {event.batch_job_id} were faster {_TRIES} times.")

    def _write(self, before: JobRecord | None, after: JobRecord) -> bool:
        """False when another event was faster."""
        if before is None:
            return self.ledger.create(after)
        return self.ledger.update_if_unchanged(after, before=before.position)

    def _completed(
        self, before: JobRecord | None, moved: JobRecord, event: JobEvent
    ) -> tuple[JobRecord, EndFacts]:
        """With what is known when a job starts, and when it ends."""
        measured = EndFacts()
        if moved.has_started and not (before and before.has_started):
            moved = self.watch_start.with_history(moved, event.timeout_seconds)
        if moved.is_terminal and not (before and before.is_terminal):
            moved, measured = self.watch_end.with_outcome(moved, event)
        return moved, measured

    def _follow_up(
        self,
        record: JobRecord | None,
        event: JobEvent,
        effect: Effect,
        measured: EndFacts = EndFacts(),  # noqa: B008 - a value
    ) -> EventResult:
        """What a record leads to. At its end that is its last event's to do, however late others come."""
        if record is None or (record.is_terminal and event.status not in TERMINAL):
            return EventResult(effect=effect, record=record)
        if not record.is_terminal:
            return EventResult(effect=effect, record=record, alerted=self.watch_start.alert(record))
        if record.array_size:
            self.ledger.note_ended_array(record.job_id, now=self.clock())
            record = self._with_total_cost(record)
        end = self.watch_end.finish(record, measured)
        return EventResult(
            effect=effect,
            record=record,
            alerted=end.alerted,
            trouble=end.trouble,
            again_in_seconds=end.again_in_seconds,
        )

    def _child(self, event: JobEvent) -> EventResult:
        """The end of an array's child is noted for its parent's. A late one still adds to the cost. An array
        starts with the first child of whose start, or of whose end after one, is heard.
        """
        if event.status != "RUNNING" and event.status not in TERMINAL:
            return EventResult(effect="child")
        parent = self.parent_of(event) or self._foreign_array(event)
        has_run = event.status == "RUNNING" or event.first_started_at
        started = self._start(parent, event) if has_run else EventResult(effect="child")
        if event.status == "RUNNING":
            return started
        cost = self.price_runs.cost_of(parent, event)
        self.ledger.note_child(parent.job_id, child_of(parent, event, cost.usd), now=self.clock())
        parent = self._reload(parent)
        if parent.is_terminal:
            parent = self._with_total_cost(parent)
            self.watch_end.watch_budget.note(parent)
        trouble = (cost.trouble,) if cost.trouble else ()
        return structs.replace(started, record=parent, trouble=trouble)

    def _with_total_cost(self, array: JobRecord) -> JobRecord:
        """An ended array with what its children cost that are noted by now."""
        for _ in range(_TRIES):
            total_usd = cost_of_all(self.ledger.children(array.job_id))
            if total_usd is None or (array.cost_usd is not None and total_usd <= array.cost_usd):
                return array
            after = structs.replace(array, cost_usd=total_usd, revision=array.revision + 1)
            if self._write(array, after):
                return after
            array = self._reload(array)
        raise Unavailable(f"Other events of array {array.job_id} were faster {_TRIES} times.")

    def _start(self, parent: JobRecord, event: JobEvent) -> EventResult:
        """Marks an array as started, and no longer blocked, once one of its children starts. Its start is the
        earliest of theirs, in whatever order their events come.
        """
        is_running = event.status == "RUNNING"
        for _ in range(_TRIES):
            started_at = min(filter(None, (parent.started_at, event.first_started_at)), default=self.clock())
            is_known = parent.has_started and parent.started_at == started_at
            if is_known and not (is_running and parent.blocked_since):
                # What a start leads to is for the event that it is known by, when that comes again.
                first = event.first_started_at in {None, parent.started_at}
                alerted = self.watch_start.alert(parent) if first and not parent.is_terminal else ()
                return EventResult(effect="child", record=parent, alerted=alerted)
            after = structs.replace(
                parent,
                started_at=started_at,
                blocked_since=None if is_running else parent.blocked_since,
                revision=parent.revision + 1,
            )
            # Of one that has ended, its start is only the past.
            if not parent.has_started and not parent.is_terminal:
                after = self.watch_start.with_history(after, event.timeout_seconds)
            parent = after if self._write(parent, after) else self._reload(parent)
        raise Unavailable(f"Other events of array {parent.job_id} were faster {_TRIES} times.")

    def _reload(self, record: JobRecord) -> JobRecord:
        return self.ledger.record(record.job_id) or record

    def _foreign_array(self, event: JobEvent) -> JobRecord:
        """The record of an array that another client submitted, of which a child's event comes first."""
        array = whole_job(event)
        _, free_id = self._find(array)
        queue = self.queues[event.queue_arn]
        record = foreign(array, job_id=free_id, queue=queue, now=self.clock())
        if self.ledger.create(record):
            return record
        if known := self.parent_of(event):
            return known
        raise Unavailable(f"Another event of array {record.job_id} was faster.")

    def parent_of(self, event: JobEvent) -> JobRecord | None:
        """The record of the array or multi-node job of which the event's job is a part, if it is known."""
        return self._find(whole_job(event))[0]

    def record_of(self, event: JobEvent) -> JobRecord | None:
        """The record of the event's job, or of the array or multi-node job of which it is a part."""
        return self.parent_of(event) if event.is_array_child or event.is_node else self._find(event)[0]

    def _is_first(self, event: JobEvent) -> bool:
        """Whether AWS Batch lists no older job of this name: whoever copies ours comes after it."""
        listed = self.jobs_of_name(event.queue_arn, event.job_name)
        return not listed or listed[0] == event.batch_job_id

    def _find(self, event: JobEvent) -> tuple[JobRecord | None, str]:
        """The record of the event's job; or None, and the id under which a foreign job is recorded."""
        free, claimed = [], None
        for job_id in record_ids(event):
            record = self.ledger.record(job_id)
            if record is None:
                free.append(job_id)
            elif is_about(record, event, queue=self.queues.get(event.queue_arn, "")):
                if record.batch_job_id:
                    return record, record.job_id
                claimed = record if self._is_first(event) else None
        return claimed, claimed.job_id if claimed else (free or [event.batch_job_id])[0]
