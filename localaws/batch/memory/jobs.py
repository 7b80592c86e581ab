"""The jobs of a region by id, with the views that each call asks for kept up to date as jobs move.

A scan of every job would make a submission the slower the more jobs wait, or have ended, beside it.
"""

from __future__ import annotations

import bisect
import heapq
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from localaws.batch.memory.state import Job

STARTED = frozenset({"STARTING", "RUNNING"})
TERMINAL = frozenset({"SUCCEEDED", "FAILED"})


class Jobs(Mapping[str, "Job"]):
    """Only `add` and a job's change of status change it; every answer is in the order of submission."""

    def __init__(self, jobs: Iterable[Job] = ()) -> None:
        self._by_id: dict[str, Job] = {}
        self._by_name: defaultdict[tuple[str, str], list[Job]] = defaultdict(list)
        self._in_status: defaultdict[tuple[str, str], dict[str, Job]] = defaultdict(dict)
        self._started: dict[str, Job] = {}
        self._lines: defaultdict[str, dict[str, list[Job]]] = defaultdict(dict)
        self._unfinished: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._children: defaultdict[str, list[Job]] = defaultdict(list)
        self._summaries: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._dependants: defaultdict[str, list[Job]] = defaultdict(list)
        self._ended: list[tuple[int, str]] = []
        for job in jobs:
            self.add(job)

    def __getitem__(self, job_id: str) -> Job:
        return self._by_id[job_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_id)

    def __len__(self) -> int:
        return len(self._by_id)

    def add(self, job: Job) -> None:
        self._by_id[job.id] = job
        if job.parent_id:
            self._children[job.parent_id].append(job)
        else:
            self._by_name[job.queue_arn, _folded(job.detail["jobName"])].append(job)
        for one in _waited_for(job):
            self._dependants[one].append(job)
        self._enter(job)
        job.on_move = self._move

    def named(self, queue_arn: str, name: str) -> Sequence[Job]:
        """The jobs of a queue with this name in whatever case, without children of arrays."""
        return self._by_name.get((queue_arn, _folded(name)), [])

    def in_status(self, queue_arn: str, status: str) -> Sequence[Job]:
        """The jobs of a queue in this status, without children of arrays."""
        return list(self._in_status.get((queue_arn, status), {}).values())

    def of_queue(self, queue_arn: str) -> Iterator[Job]:
        """The jobs of a queue without children of arrays."""
        return (job for job in self._by_id.values() if job.queue_arn == queue_arn and not job.parent_id)

    def started(self) -> Iterator[Job]:
        """The jobs that occupy an environment."""
        return iter(self._started.values())

    def lines(self, queue_arn: str) -> Mapping[str, Sequence[Job]]:
        """The RUNNABLE jobs of a queue by share, each line the higher priority first; a FIFO queue has one
        line, under the empty name.
        """
        return self._lines.get(queue_arn, {})

    def active_shares(self, queue_arn: str) -> Mapping[str, int]:
        """How many unfinished jobs each share of a queue has, where it has any."""
        return self._unfinished.get(queue_arn, {})

    def children(self, parent_id: str) -> Sequence[Job]:
        return self._children.get(parent_id, [])

    def summary(self, parent_id: str) -> Mapping[str, int]:
        """How many children of an array are in each status."""
        return self._summaries.get(parent_id, Counter())

    def dependants(self, job_id: str) -> Sequence[Job]:
        """The jobs that wait, or waited, for this one, or for a child of it."""
        return self._dependants.get(job_id, [])

    def forget(self, stopped_until_ms: int) -> None:
        """Drops the jobs that ended before; children of an array go with their parent."""
        while self._ended and self._ended[0][0] < stopped_until_ms:
            _, job_id = heapq.heappop(self._ended)
            for child in self._children.pop(job_id, []):
                self._drop(child)
            self._summaries.pop(job_id, None)
            self._drop(self._by_id[job_id])

    def _drop(self, job: Job) -> None:
        job.on_move = None
        del self._by_id[job.id]
        self._dependants.pop(job.id, None)
        for one in _waited_for(job):
            if job in self._dependants.get(one, ()):
                self._dependants[one].remove(job)
        if not job.parent_id:
            self._in_status[job.queue_arn, job.status].pop(job.id)
            self._by_name[job.queue_arn, _folded(job.detail["jobName"])].remove(job)

    def _move(self, job: Job, before: str) -> None:
        self._leave(job, before)
        self._enter(job)

    def _enter(self, job: Job) -> None:
        status = job.status
        if job.parent_id:
            self._summaries[job.parent_id][status] += 1
        else:
            self._in_status[job.queue_arn, status][job.id] = job
            if status in TERMINAL:
                heapq.heappush(self._ended, (int(job.detail["stoppedAt"]), job.id))
        if status in STARTED:
            self._started[job.id] = job
        elif status == "RUNNABLE":
            bisect.insort(self._lines[job.queue_arn].setdefault(job.share, []), job, key=_place)
        if status not in TERMINAL:
            self._unfinished[job.queue_arn][job.share] += 1

    def _leave(self, job: Job, status: str) -> None:
        if job.parent_id:
            self._summaries[job.parent_id][status] -= 1
        else:
            self._in_status[job.queue_arn, status].pop(job.id, None)
        if status in STARTED:
            self._started.pop(job.id, None)
        elif status == "RUNNABLE":
            _remove(self._lines[job.queue_arn], job)
        if status not in TERMINAL:
            shares = self._unfinished[job.queue_arn]
            shares[job.share] -= 1
            if not shares[job.share]:
                del shares[job.share]


def _waited_for(job: Job) -> set[str]:
    """The ids that the job depends on.

    A child that is not there yet is where its parent is, so both ends are waited for.
    """
    ids = [str(one["jobId"]) for one in job.detail["dependsOn"] if "jobId" in one]
    return {*ids, *(one.partition(":")[0] for one in ids)}


def _remove(lines: dict[str, list[Job]], job: Job) -> None:
    line = lines[job.share]
    del line[bisect.bisect_left(line, _place(job), key=_place)]
    if not line:
        del lines[job.share]


def _place(job: Job) -> tuple[int, int, int]:
    index = job.detail.get("arrayProperties", {}).get("index", 0)
    return -int(job.detail.get("schedulingPriority", 0)), job.sequence, int(index)


def _folded(name: str) -> str:
    return name.lower()
