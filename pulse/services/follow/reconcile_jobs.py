"""Compares the ledger with AWS Batch and repairs what a lost event left behind.

What AWS Batch says of a job goes as an event to the function that follows jobs, so a repair takes the path of
every change: the record, the alert, the costs. Doing it twice does no harm.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, get_args

from msgspec import Struct

from pulse.domain.catalogue.catalogue import Queue
from pulse.domain.diagnosis.blocked import UNDETERMINED
from pulse.domain.envelope import JOB_DESCRIBED, JOB_WAITS
from pulse.domain.job.drift import (
    Moving,
    Patience,
    happened_at,
    has_drifted,
    is_forgotten,
    unheard_children,
    unknown_end,
)
from pulse.domain.job.event import parse
from pulse.domain.job.record import JobRecord
from pulse.domain.job.status import TERMINAL, BatchStatus, Status
from pulse.services.follow.ledger_walk import each
from pulse.services.ports.batch import Batch
from pulse.services.ports.ledger import Ledger
from pulse.services.ports.messages import Messages

DESCRIBED_AT_ONCE = 100
"""https://docs.aws.amazon.com/batch/latest/APIReference/API_DescribeJobs.html"""
CHILDREN_COUNTED_FOR = timedelta(hours=2)
"""Since an array's end: so long its children are looked for whose events did not come. Many runs of a clock,
since some of them may fail.
"""

Detail = dict[str, Any]


class Repair(Struct, frozen=True):
    """AWS Batch says that a job is `status`; the ledger said that it `was` something else, or, None, nothing:
    so of an array's child.
    """

    job_id: str
    batch_job_id: str
    was: Status | None
    status: BatchStatus


class Reconciled(Struct, frozen=True):
    """`looked_up`: how many jobs AWS Batch was asked for. `blocked`: job ids of those it cannot start."""

    looked_up: int
    repairs: tuple[Repair, ...]
    blocked: tuple[str, ...]


class ReconcileJobs(Struct, frozen=True, kw_only=True):
    """`job_events`: the queue of on_job_event. `queues`: AWS Batch's queues by their names."""

    ledger: Ledger
    batch: Batch
    job_events: Messages
    queues: Mapping[str, Queue]
    patience: Patience
    clock: Callable[[], datetime]

    def reconcile(self) -> Reconciled:
        """Raises Unavailable, Misconfigured; what was found before that is repaired all the same."""
        now = self.clock()
        unfinished = {moving: [*each(self.ledger, moving)] for moving in get_args(Moving)}
        suspects = [
            record
            for moving, records in unfinished.items()
            for record in records
            if record.queue in self.queues and self.patience.is_over(record, moving, now)
        ]
        details = self._described(record.batch_job_id for record in suspects)
        repairs = [*self._repairs(suspects, details, now)]
        ended = {repair.job_id for repair in repairs if repair.status in TERMINAL}
        arrays = [record for record in suspects if record.job_id in ended] + [*self._just_ended(now)]
        unheard = {child: parent for parent in arrays for child in self._unheard_children(parent)}
        repairs += self._ends_of(unheard, now)
        at_work = [record for records in unfinished.values() for record in records if _is_at_work(record)]
        blocked = self._blocked(_runnable(suspects, details), at_work)
        return Reconciled(len(suspects) + len(unheard), tuple(repairs), tuple(blocked))

    def _described(self, batch_job_ids: Iterable[str]) -> dict[str, Detail]:
        """By AWS Batch's job ids, those that it knows."""
        ids = [*batch_job_ids]
        return {
            detail["jobId"]: detail
            for start in range(0, len(ids), DESCRIBED_AT_ONCE)
            for detail in self.batch.describe(ids[start : start + DESCRIBED_AT_ONCE])
        }

    def _repairs(
        self, records: Iterable[JobRecord], details: Mapping[str, Detail], now: datetime
    ) -> Iterator[Repair]:
        for record in records:
            detail = details.get(record.batch_job_id)
            if detail is None and is_forgotten(record, now):
                detail = unknown_end(record, self.queues[record.queue].arn)
            if detail and has_drifted(record, parse(detail)) and self._resend_if_late(detail, now):
                yield Repair(record.job_id, record.batch_job_id, record.status, detail["status"])

    def _just_ended(self, now: datetime) -> Iterator[JobRecord]:
        """Arrays whose children's events should all have come."""
        until = now - timedelta(seconds=self.patience.late_seconds)
        for job_id in sorted(self.ledger.ended_arrays(since=until - CHILDREN_COUNTED_FOR, until=until)):
            if record := self.ledger.record(job_id):
                yield record

    def _unheard_children(self, parent: JobRecord) -> list[str]:
        return unheard_children(parent, self.ledger.children(parent.job_id)) if parent.array_size else []

    def _ends_of(self, unheard: Mapping[str, JobRecord], now: datetime) -> Iterator[Repair]:
        for batch_job_id, detail in self._described(unheard).items():
            if detail["status"] in TERMINAL and self._resend_if_late(detail, now):
                yield Repair(unheard[batch_job_id].job_id, batch_job_id, None, detail["status"])

    def _resend_if_late(self, detail: Detail, now: datetime) -> bool:
        """Sends the change again if it is old enough for its event to be lost. Returns whether it was."""
        happened = happened_at(parse(detail))
        late = self.patience.is_late(happened, now)
        if late:
            self.job_events.send(JOB_DESCRIBED, detail, time=happened or now)
        return late

    def _blocked(
        self, runnable: Sequence[tuple[JobRecord, Detail]], at_work: Sequence[JobRecord]
    ) -> Iterator[str]:
        """Tells of jobs that AWS Batch cannot start. Where it gives no reason, a job that waits for others is
        not blocked: only the first of a queue, while nothing runs that could be in its way.
        """
        explained = [(record, detail) for record, detail in runnable if detail.get("statusReason")]
        # Queues of a platform share its compute environments, or may.
        busy = {self.queues[record.queue].platform for record in at_work if record.queue in self.queues}
        # The newest come first, so the oldest of a queue is what remains.
        first = {
            record.queue: (record, detail | {"statusReason": UNDETERMINED})
            for record, detail in runnable
            if not detail.get("statusReason") and self.queues[record.queue].platform not in busy
        }
        for record, detail in (*explained, *first.values()):
            self.job_events.send(JOB_WAITS, detail)
            yield record.job_id


def _is_at_work(record: JobRecord) -> bool:
    """Whether the job may hold capacity; an array may by its children."""
    return record.status in {"STARTING", "RUNNING"} or (record.status == "PENDING" and record.has_started)


def _runnable(records: Iterable[JobRecord], details: Mapping[str, Detail]) -> list[tuple[JobRecord, Detail]]:
    """Those that the ledger and AWS Batch agree upon."""
    found = [(record, details.get(record.batch_job_id, {})) for record in records]
    return [
        (record, detail) for record, detail in found if {record.status, detail.get("status")} == {"RUNNABLE"}
    ]
