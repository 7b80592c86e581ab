"""The simulated AWS Batch: what its operations do and answer, and a view of all its jobs."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from pulse.domain.plan.claim import LISTED_WITHIN
from tests.simulation import batch_checks as checks
from tests.simulation.batch_definitions import other_definition
from tests.simulation.batch_job import Definition, Document, Job, Line, Queue, detail, summary
from tests.simulation.batch_life import ChooseOutcome, Emit, Exited, Life, Pace, Run, Watcher
from tests.simulation.batch_outcome import share, usual_outcomes
from tests.simulation.batch_submission import job_of
from tests.simulation.kernel import Kernel

KEPT_SECONDS = 7 * 86_400
"""AWS Batch answers for a job so long after its end."""
_MOST_LISTED, _MOST_DESCRIBED, _MOST_AT_FRONT = 100, 100, 100
_LISTED_SECONDS = 2.0
_LISTED_WITHIN_SECONDS = LISTED_WITHIN.total_seconds()
_LISTING_SLOWLY, _SLOWLY_LISTED = 0.15, 0.5
"""In how many seeds ListJobs is late with how many of the jobs."""
_DESCRIBED_LATE, _DESCRIBED_SECONDS = 1 / 8, 1.0
_USUAL_PACE = Pace()


class BatchService:
    """`emit` gets every event at the moment of the change, which may be in the middle of a call: it makes no
    calls itself. `outcome` says how an attempt ends. `run` is called when a container begins and may say
    another outcome; `exited` when it has ended by itself, before anybody knows. `watchers` are called with
    each job that was taken, SUBMITTED, and with each job, array and child that has ended.

    `jobs` are all by their ids, children among them; `by_name` and `by_pulse_id`, by the id in their
    environment, have no children, and the latter no job of another program. Nothing is ever taken out of
    them. `told_to_end`: when TerminateJob was first called for a job, seconds since the start, by its id.
    """

    def __init__(  # noqa: PLR0913 - what a service is made of
        self,
        kernel: Kernel,
        queues: Iterable[Queue],
        definitions: Iterable[Definition],
        emit: Emit,
        *,
        outcome: ChooseOutcome | None = None,
        run: Run | None = None,
        exited: Exited | None = None,
        pace: Pace = _USUAL_PACE,
    ) -> None:
        self.jobs: dict[str, Job] = {}
        self.by_name: defaultdict[str, list[Job]] = defaultdict(list)
        self.by_pulse_id: defaultdict[str, list[Job]] = defaultdict(list)
        self.watchers: list[Watcher] = []
        self.told_to_end: dict[str, float] = {}
        self._kernel, self._pace = kernel, pace
        lists_slowly = kernel.chance("lists slowly") < _LISTING_SLOWLY
        self._slowly_listed = _SLOWLY_LISTED if lists_slowly else pace.slowly_listed
        self._lines: dict[str, Line] = {}
        self._definitions: dict[str, Definition] = {}
        self._listed: defaultdict[tuple[str, str], list[Job]] = defaultdict(list)
        self._life = Life(
            kernel=kernel,
            jobs=self.jobs,
            watchers=self.watchers,
            pace=pace,
            emit=emit,
            outcome=outcome or usual_outcomes(kernel),
            run=run,
            exited=exited,
        )
        for queue in queues:
            self._lines |= dict.fromkeys((queue.arn, queue.arn.rpartition("/")[2]), Line(queue))
        for definition in definitions:
            self._define(definition)

    def submit(self, request: Mapping[str, Any], *, is_foreign: bool = False) -> Job:
        """Takes a job, or raises ClientException for what AWS Batch refuses."""
        checks.check(request, self.jobs)
        line, name = self._line("SubmitJob", request["jobQueue"]), request["jobName"]
        definition = self._definition(request["jobDefinition"])
        stem = f"{name}#{len(self.by_name.get(name, ())) + 1}"
        job_id = _uuid(self._kernel.drawn("batch job", stem), self._kernel.drawn("batch job", stem, 2))
        job = job_of(request, line, definition, job_id=job_id, stem=stem, now_ms=self._life.now_ms())
        job.is_foreign = is_foreign
        self.jobs[job_id] = job
        self.by_name[name].append(job)
        self._listed[line.queue.arn, name.lower()].append(job)
        if job.pulse_job_id and not is_foreign:
            self.by_pulse_id[job.pulse_job_id].append(job)
        self._draw_delays(job)
        for watcher in self.watchers:
            watcher(job)
        return job

    def submit_foreign(self, name: str, queue: str, **members: Any) -> Job:
        """Puts a job of another program into a queue. `members`: those of SubmitJob; without a definition,
        one of a program that has nothing to do with Pulse.
        """
        platform = self._line("SubmitJob", queue).queue.platform
        revision = f"{platform.lower()}-build:1"
        if revision not in self._definitions:
            self._define(other_definition(revision, platform))
        request = {"jobName": name, "jobQueue": queue, "jobDefinition": revision, **members}
        return self.submit(request, is_foreign=True)

    def described(self, ids: Sequence[str]) -> list[Document]:
        """The JobDetail of those that AWS Batch knows at this moment."""
        if len(ids) > _MOST_DESCRIBED:
            raise checks.refused("DescribeJobs", f"Maximum number of jobs supported is {_MOST_DESCRIBED}")
        now = self._kernel.now
        found = (self.jobs.get(_id(one)) for one in ids)
        return [detail(job) for job in found if job and job.described_at <= now and self._is_kept(job)]

    def listed(self, queue: str, name: str) -> list[Document]:
        """The JobSummary of the queue's jobs of this name, whatever its case, the newest first."""
        line, now = self._line("ListJobs", queue), self._kernel.now
        found = self._listed.get((line.queue.arn, name.lower()), [])
        listed = [job for job in reversed(found) if job.listed_at <= now and self._is_kept(job)]
        return [summary(job) for job in listed[:_MOST_LISTED]]

    def terminate(self, job_id: str, reason: str) -> None:
        """Ends a job in any state: see Life.stop. One that has ended stays as it is; of one that it does not
        know AWS Batch says nothing.
        """
        job = self.jobs.get(_id(job_id))
        if job is None:
            return
        self.told_to_end.setdefault(job.id, self._kernel.now)
        self._life.stop(job, reason)

    def snapshot(self, queue: str) -> Document:
        """What GetJobQueueSnapshot answers: the first 100 RUNNABLE jobs, and the vCPUs in use."""
        line, now_ms = self._line("GetJobQueueSnapshot", queue), self._life.now_ms()
        jobs = [
            {"jobArn": job.arn, "earliestTimeAtPosition": max(job.runnable_ms, line.left_ms)}
            for job in islice(line.runnable.values(), _MOST_AT_FRONT)
        ]
        usage: Document = {"totalCapacityUsage": _vcpus(sum(line.used.values())), "lastUpdatedAt": now_ms}
        if line.queue.fair_share:
            shares = [
                {"shareIdentifier": name, "capacityUsage": _vcpus(vcpus)}
                for name, vcpus in line.used.items()
                if vcpus
            ]
            usage["fairshareUtilization"] = {
                "activeShareCount": len(shares),
                "topCapacityUtilization": shares,
            }
        return {"frontOfQueue": {"jobs": jobs, "lastUpdatedAt": now_ms}, "queueUtilization": usage}

    def _draw_delays(self, job: Job) -> None:
        """Draws when the job goes on, and when ListJobs and DescribeJobs know it."""
        now, pace = self._kernel.now, self._pace
        bits = self._kernel.drawn("batch taken", job.stem)
        drawn = share(bits, 0)
        is_slow = self._kernel.faulty and share(bits, 1) < self._slowly_listed
        job.listed_at = now + share(bits, 2) * (_LISTED_WITHIN_SECONDS if is_slow else _LISTED_SECONDS)
        late = share(bits, 3) / _DESCRIBED_LATE
        job.described_at = now + late * _DESCRIBED_SECONDS if late < 1 else now
        # Within the time that the answer of SubmitJob takes, or after it.
        self._life.begin(job, 0.02 * drawn / pace.at_once if drawn < pace.at_once else 3.0 * drawn)

    def _define(self, definition: Definition) -> None:
        """A name without revision means the revision that was given last."""
        revision = definition.arn.rpartition("/")[2]
        self._definitions |= dict.fromkeys((definition.arn, revision, definition.name), definition)

    def _definition(self, reference: str) -> Definition:
        if found := self._definitions.get(reference):
            return found
        message = f"JobDefinition name {reference} does not exist or is not in ACTIVE status"
        raise checks.refused("SubmitJob", message)

    def _line(self, operation: str, reference: str) -> Line:
        if found := self._lines.get(reference):
            return found
        raise checks.refused(operation, f"Job queue {reference} does not exist")

    def _is_kept(self, job: Job) -> bool:
        return job.stopped_ms is None or self._life.now_ms() < job.stopped_ms + 1000 * KEPT_SECONDS


def _id(reference: str) -> str:
    """The id in an id or an ARN."""
    return reference.rpartition("/")[2]


def _uuid(high: int, low: int) -> str:
    digits = f"{high:016x}{low:016x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def _vcpus(quantity: float) -> list[Document]:
    return [{"capacityUnit": "VCPU", "quantity": quantity}]
