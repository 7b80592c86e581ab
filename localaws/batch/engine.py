"""The scheduler: moves jobs through their states, starts their attempts and tells the event bus.

Everything here runs on one event loop, so there are no locks. Each attempt is a task of its own, in a fresh
context: the context variables of the request that happened to wake the scheduler say nothing about the job.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import uuid
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from localaws.batch.calls import submit, tags
from localaws.batch.memory.environment import is_fargate
from localaws.batch.memory.state import STARTED, Job, Region, State
from localaws.batch.running.attempt import Attempt
from localaws.batch.running.faults import Faults
from localaws.batch.scheduling import arrays, events, heads, instances, lifecycle, placement
from localaws.batch.scheduling.bus import Bus
from localaws.batch.scheduling.endings import TIME_LIMIT
from localaws.batch.scheduling.retries import Outcome
from localaws.batch.scheduling.throttle import Throttle

if TYPE_CHECKING:
    from collections.abc import Callable

    from localaws.batch.memory.hosts import Host
    from localaws.batch.model import Document
    from localaws.batch.ports import Aws, Settings

logger = logging.getLogger("localaws.batch")

MOST_IN_ONE_LOOK = 100
"""Requests are answered between two looks: an array of 10,000 must not hold them up for seconds."""


@dataclass
class Running:
    task: asyncio.Task[None]
    stop: asyncio.Event


@dataclass
class Engine:
    state: State
    aws: Aws
    settings: Settings
    _running: dict[str, Running] = field(default_factory=dict)
    _to_evaluate: deque[Job] = field(default_factory=deque)
    _awake: bool = False
    _alarm: asyncio.TimerHandle | None = None

    def __post_init__(self) -> None:
        self.bus = Bus(self.aws)
        self.faults = Faults()
        self.throttle = Throttle(self.settings.submits_per_second, self.settings.now_ms)

    def submit(self, region: Region, request: Document) -> Job:
        """Stores the job and lets the scheduler see it once the caller has its answer.

        Raises ClientException for what AWS refuses.
        """
        now_ms, sequence = self.settings.now_ms(), self.state.next_sequence()
        job = submit.plan(region, request, job_id=str(uuid.uuid4()), now_ms=now_ms, sequence=sequence)
        region.jobs.add(job)
        self._to_evaluate.append(job)
        self.wake()
        return job

    def cancel(self, job: Job, reason: str) -> None:
        """Does nothing to a job that is STARTING or RUNNING, as on AWS; a parent cancels its children."""
        if job.unfinished:
            job.detail["isCancelled"] = True
            self._end_children(job, reason, self.cancel)
        else:
            self._end_unstarted(job, reason, terminated=False)

    def terminate(self, job: Job, reason: str) -> None:
        """Ends a job in any state: its process gets SIGTERM, and SIGKILL after 30 seconds."""
        if job.unfinished:
            job.detail["isTerminated"] = True
            self._end_children(job, reason, self.terminate)
        elif job.status in STARTED:
            job.detail["isTerminated"] = True
            job.stop_reason = reason
            if job.id in self._running:
                self._running[job.id].stop.set()
        else:
            self._end_unstarted(job, reason, terminated=True)

    def terminate_queue(self, region: Region, queue_arn: str) -> None:
        for job in list(region.jobs.of_queue(queue_arn)):
            if not job.finished:
                self.terminate(job, "Job queue was deleted")

    def wake(self) -> None:
        """Lets the scheduler look at everything, soon and once."""
        if not self._awake:
            self._awake = True
            asyncio.get_running_loop().call_soon(self._look, context=contextvars.Context())

    def recover(self) -> None:
        """After a restart: attempts that were under way have lost their host, and are retried as the job's
        retry strategy says; jobs that had not started go on waiting.
        """
        now_ms = self.settings.now_ms()
        for region in self.state.regions.values():
            self._to_evaluate.extend(job for job in region.jobs.values() if not job.finished)
            for job in list(region.jobs.started()):
                region.hosts.terminate_of(job, now_ms)
                lifecycle.lose_host(job, now_ms)
                asyncio.get_running_loop().call_soon(self._tell, job, context=contextvars.Context())
        self.wake()

    def clear(self) -> None:
        """Forgets every job and resource; processes under way are killed."""
        for one in self._running.values():
            one.task.cancel()
        self._running.clear()
        self._to_evaluate.clear()
        self._stop_alarm()
        self.bus.clear()
        self.state.clear()

    def _look(self) -> None:
        self._awake = False
        for _ in range(min(MOST_IN_ONE_LOOK, len(self._to_evaluate))):
            self._evaluate(self._to_evaluate.popleft())
        if self._to_evaluate:
            self.wake()
        for region in self.state.regions.values():
            now_ms = self.settings.now_ms()
            for job, environment in placement.choose(region, now_ms, self.faults.block):
                self._start(region, job, environment)
            region.jobs.forget(now_ms - int(1000 * self.settings.kept_seconds))
        self._look_at_heads()

    def _look_at_heads(self) -> None:
        """Tells of jobs that block their queue, and cancels them when the queue's time limit has come."""
        waits_ms = []
        now_ms = self.settings.now_ms()
        for region in self.state.regions.values():
            for job, is_news, limit_ms in list(heads.stuck(region, self.faults.block, self.settings)):
                if is_news:
                    self.bus.publish(job.scope, events.job_queue_blocked(job.detail, now_ms))
                if limit_ms and limit_ms > now_ms:
                    waits_ms.append(limit_ms - now_ms)
                elif limit_ms:
                    self._end_unstarted(job, TIME_LIMIT.format(reason=job.blocked), terminated=False)
        self._stop_alarm()
        if waits_ms:
            self._alarm = asyncio.get_running_loop().call_later(min(waits_ms) / 1000, self.wake)

    def _stop_alarm(self) -> None:
        if self._alarm:
            self._alarm.cancel()

    def _evaluate(self, job: Job) -> None:
        if job.unfinished or job.status not in {"SUBMITTED", "PENDING"}:
            return
        region = self.state.region(job.scope)
        readiness = lifecycle.readiness(job, region.jobs)
        if readiness == "ready":
            if tags.propagates_too_many(region, job):
                self._fail(job, tags.TOO_MANY)
            elif job.array_size is not None:
                self._spawn(region, job)
            else:
                lifecycle.make_runnable(job, self.settings.now_ms())
                self._tell(job)
        elif readiness == "cancelled":
            self._fail(job, job.stop_reason or "")
        elif readiness == "broken":
            self._fail(job, lifecycle.DEPENDENCY_FAILED)
        elif job.status == "SUBMITTED":
            job.status = "PENDING"
            self._tell(job)

    def _spawn(self, region: Region, parent: Job) -> None:
        """An array parent is PENDING for as long as its children have not all ended."""
        self._to_evaluate.extend(arrays.spawn(region, parent, self.settings.now_ms()))
        if parent.status != "PENDING":
            parent.status = "PENDING"
            self._tell(parent)
        self.wake()

    def _end_children(self, parent: Job, reason: str, end: Callable[[Job, str], None]) -> None:
        parent.stop_reason = reason
        for child in self.state.region(parent.scope).jobs.children(parent.id):
            if not child.finished:
                end(child, reason)

    def _end_unstarted(self, job: Job, reason: str, *, terminated: bool) -> None:
        now_ms = self.settings.now_ms()
        in_line = job.status == "RUNNABLE"
        if lifecycle.cancel(job, reason, now_ms, terminated=terminated):
            if in_line:
                self.state.region(job.scope).departures[job.queue_arn] = now_ms
            self._tell(job)

    def _fail(self, job: Job, reason: str) -> None:
        lifecycle.finish(job, "FAILED", reason, self.settings.now_ms())
        self._tell(job)

    def _start(self, region: Region, job: Job, environment: Document) -> None:
        region.departures[job.queue_arn] = now_ms = self.settings.now_ms()
        task_id = uuid.uuid4().hex
        cluster = environment["ecsClusterArn"].rpartition("/")[2]
        host = self._launch(region, job, environment)
        lifecycle.begin_attempt(
            job,
            environment=environment["computeEnvironmentName"],
            task_arn=f"arn:aws:ecs:{job.scope.region}:{job.scope.account}:task/{cluster}/{task_id}",
            host=host,
            now_ms=now_ms,
        )
        self._tell(job)
        stop = asyncio.Event()
        struck = self.faults.of_attempt(job)
        attempt = Attempt(job, task_id, self.aws, self.settings, stop, lambda: self._on_running(job), struck)
        context = contextvars.Context()
        task = asyncio.get_running_loop().create_task(self._carry_out(attempt), context=context)
        self._running[job.id] = Running(task, stop)

    def _launch(self, region: Region, job: Job, environment: Document) -> Host | None:
        if is_fargate(environment):
            return None
        zone = self.aws.zone(job.scope, environment.get("computeResources", {}).get("subnets", []))
        host = instances.launch(environment, job, zone=zone, now_ms=self.settings.now_ms())
        region.hosts.add(host)
        return host

    def _on_running(self, job: Job) -> None:
        lifecycle.run(job, self.settings.now_ms())
        self._tell(job)

    async def _carry_out(self, attempt: Attempt) -> None:
        job = attempt.job
        try:
            outcome = await attempt.run()
        except Exception:
            logger.exception("The attempt %s of job %s broke", len(job.attempts) + 1, job.id)
            outcome = Outcome(
                None, "Internal error of the local AWS Batch: see its log", self.settings.now_ms()
            )
        if job.id not in self._running:
            return
        del self._running[job.id]
        region = self.state.region(job.scope)
        placement.count_usage(region, job, outcome)
        region.hosts.terminate_of(job, outcome.stopped_at_ms)
        lifecycle.end_attempt(job, outcome)
        self._tell(job)
        self.wake()

    def _tell(self, job: Job) -> None:
        region, now_ms = self.state.region(job.scope), self.settings.now_ms()
        self.bus.publish(job.scope, events.job_state_change(arrays.detail(job, region), now_ms))
        if job.finished:
            self._to_evaluate.extend(region.jobs.dependants(job.id))
            if parent := arrays.after(region, job, now_ms):
                self._tell(parent)
            self.wake()
