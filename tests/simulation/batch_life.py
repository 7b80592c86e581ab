"""The life of a job in the simulated AWS Batch: how it waits, starts, ends, is tried again or stopped, in
virtual time, with an event at each change.

What a job meets is drawn by its name, which of that name it is, and the attempt.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from pulse.domain.job.status import BatchStatus
from tests.simulation.batch_job import (
    JOB_QUEUE_BLOCKED,
    JOB_STATE_CHANGE,
    Document,
    Job,
    attempt_detail,
    end_of_container,
    event,
)
from tests.simulation.batch_outcome import (
    BLOCKED,
    CHILD_FAILED,
    CHILDREN_SUCCEEDED,
    DEPENDENCY_FAILED,
    KILLED,
    NEVER_CANCELLED,
    TERMINATED,
    TIME_LIMIT,
    TIMED_OUT,
    Outcome,
    share,
    tries_again,
)
from tests.simulation.batch_submission import child_of
from tests.simulation.kernel import START, Kernel

_STARTED = frozenset({"STARTING", "RUNNING"})
_GRACE_SECONDS = 30.0
"""Between SIGTERM and SIGKILL."""
_SHARE_OF_DEAF = 1 / 8
_START_MS = int(START.timestamp() * 1000)

Emit = Callable[[Document], None]
ChooseOutcome = Callable[[Job, int], Outcome]
Run = Callable[[Job, int], Outcome | None]
Exited = Callable[[Job, Outcome], None]
Watcher = Callable[[Job], None]


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How long what takes a while takes, seconds at least and at most, and how often it does, 0 to 1.

    `at_once`: how many jobs go on before SubmitJob has answered. `slowly_listed`: how many ListJobs knows
    only after up to claim.LISTED_WITHIN. `blocked`: how many waits for capacity begin with a blocked queue.
    """

    waiting: tuple[float, float] = (0.0, 120.0)
    starting: tuple[float, float] = (2.0, 60.0)
    blocked_for: tuple[float, float] = (60.0, 2400.0)
    at_once: float = 0.2
    slowly_listed: float = 0.05
    blocked: float = 0.01


@dataclass(eq=False, kw_only=True)
class Life:
    """`jobs`: all by their ids. The rest is described at BatchService."""

    kernel: Kernel
    jobs: dict[str, Job]
    watchers: list[Watcher]
    pace: Pace
    emit: Emit
    outcome: ChooseOutcome
    run: Run | None
    exited: Exited | None

    def __post_init__(self) -> None:
        self._dependants: defaultdict[str, list[Job]] = defaultdict(list)
        self._second, self._time = -1, ""

    def now_ms(self) -> int:
        """Milliseconds since 1970 by AWS's clock, not by that of an invocation."""
        return _START_MS + int(self.kernel.now * 1000)

    def begin(self, job: Job, seconds: float) -> None:
        """Has a SUBMITTED job go on after so many seconds."""
        self._later(job, seconds, self._look)

    def stop(self, job: Job, reason: str) -> None:
        """Ends a job early; a started one some seconds later, one that waits for others after them.

        https://docs.aws.amazon.com/batch/latest/APIReference/API_CancelJob.html has the latter.
        """
        if job.has_ended or job.stop_reason is not None:
            return
        if job.children:
            job.stop_reason, job.is_terminated = reason, True
            for child in job.children:
                self.stop(child, reason)
        elif job.status in _STARTED:
            job.stop_reason, job.is_terminated = reason, True
            seconds = 0.5 + _GRACE_SECONDS * share(self.kernel.drawn("batch stop", job.stem), 0) ** 2
            self.kernel.after(seconds, partial(self._kill, job, job.attempt))
        elif job.status == "PENDING":
            job.stop_reason, job.is_cancelled = reason, True
        else:
            job.is_cancelled = True
            self._finish(job, "FAILED", reason)

    # --- before the start

    def _look(self, job: Job) -> None:
        """Lets a SUBMITTED job wait for the jobs that it depends on, or go on."""
        unended = []
        for job_id in job.waits_for:
            # A child that is not there yet is where its array is.
            status = (self.jobs.get(job_id) or self.jobs[job_id.partition(":")[0]]).status
            if status == "FAILED":
                self._finish(job, "FAILED", DEPENDENCY_FAILED)
                return
            if status != "SUCCEEDED":
                unended.append(job_id)
        if not unended:
            self._make_ready(job)
            return
        for job_id in unended:
            self._dependants[job_id].append(job)
        job.waiting = len(unended)
        self._change(job, "PENDING")

    def _note_end(self, job: Job, status: BatchStatus) -> None:
        """A job that this one waits for has ended."""
        if job.has_ended:
            return
        job.waiting -= 1
        if job.stop_reason is not None and not job.waiting:
            self._finish(job, "FAILED", job.stop_reason)
        elif status == "FAILED":
            self._finish(job, "FAILED", DEPENDENCY_FAILED)
        elif not job.waiting:
            self._make_ready(job)

    def _make_ready(self, job: Job) -> None:
        if job.size is None:
            self._wait_for_capacity(job)
            return
        now_ms, now = self.now_ms(), self.kernel.now
        job.children = [child_of(job, index, now_ms) for index in range(job.size)]
        job.counts["SUBMITTED"] = job.waiting = job.size
        if job.status != "PENDING":
            self._change(job, "PENDING")
        for child in job.children:
            self.jobs[child.id] = child
            child.described_at = now
            self.begin(child, 2 * share(self.kernel.drawn("batch taken", child.stem), 0))

    def _wait_for_capacity(self, job: Job) -> None:
        job.attempt += 1
        job.bits = self.kernel.drawn("batch attempt", job.stem, job.attempt)
        job.runnable_ms = self.now_ms()
        self._change(job, "RUNNABLE")
        is_blocked = share(job.bits, 2) < self.pace.blocked
        seconds = _between(self.pace.waiting, share(job.bits, 0) ** 3)  # most waits are short
        self._later(job, seconds, self._block if is_blocked else self._start)

    def _block(self, job: Job) -> None:
        code = list(BLOCKED)[int(share(job.bits, 3) * len(BLOCKED))]
        job.status_reason = f"{code} - {BLOCKED[code]}"
        self._tell(job, JOB_QUEUE_BLOCKED)
        seconds = _between(self.pace.blocked_for, share(job.bits, 0))
        limit = job.line.queue.gives_up_seconds
        if limit is not None and limit < seconds and code != NEVER_CANCELLED:
            self._later(job, limit, partial(self._give_up, code=code))
        else:
            self._later(job, seconds, self._start)

    def _give_up(self, job: Job, code: str) -> None:
        job.is_cancelled = True
        self._finish(job, "FAILED", TIME_LIMIT.format(reason=code))

    # --- an attempt

    def _start(self, job: Job) -> None:
        job.status_reason = ""
        ecs = job.line.ecs
        job.container = {**job.base, "taskArn": f"{ecs}:task/pulse/{job.bits:016x}"}
        if job.definition.platform == "EC2":
            instance = f"{ecs}:container-instance/AWSBatch-pulse/{job.bits:016x}"
            job.container["containerInstanceArn"] = instance
        job.line.used[job.share] = job.line.used.get(job.share, 0.0) + job.vcpus
        job.outcome = self.outcome(job, job.attempt)
        self._change(job, "STARTING")
        seconds = _between(self.pace.starting, share(job.bits, 1))
        self._later(job, seconds, self._run if job.outcome.starts else self._exit)

    def _run(self, job: Job) -> None:
        stream = f"{job.definition.log_prefix}/default/{job.bits:016x}"
        job.container = {**job.container, "logStreamName": stream}
        job.started_ms = self.now_ms()
        outcome = job.outcome
        if self.run is not None:
            outcome = self.run(job, job.attempt) or outcome
        assert outcome is not None
        limit = job.timeout_seconds
        if limit is not None and outcome.seconds > limit:
            grace = _GRACE_SECONDS * share(job.bits, 3)
            outcome = Outcome(limit + grace, KILLED, status_reason=TIMED_OUT, is_last=True)
        job.outcome = outcome
        self._change(job, "RUNNING")
        self._later(job, outcome.seconds, self._exit)

    def _exit(self, job: Job) -> None:
        outcome = job.outcome
        assert outcome is not None
        if self.exited is not None and outcome.exit_code is not None and not outcome.is_last:
            self.exited(job, outcome)
        self._end_attempt(job, outcome)

    def _kill(self, job: Job, attempt: int) -> None:
        """Ends the attempt, unless it has ended by itself."""
        if job.attempt == attempt and job.status in _STARTED:
            code = KILLED if share(job.bits, 3) < _SHARE_OF_DEAF else TERMINATED
            self._end_attempt(job, Outcome(0.0, code if job.status == "RUNNING" else None, is_last=True))

    def _end_attempt(self, job: Job, outcome: Outcome) -> None:
        job.line.used[job.share] -= job.vcpus
        job.attempts = [*job.attempts, attempt_detail(job, outcome, self.now_ms())]
        if job.stop_reason is None and tries_again(job.fixed["retryStrategy"], job.attempt, outcome):
            job.started_ms = None
            self._wait_for_capacity(job)
            return
        job.container = job.container | end_of_container(outcome)
        if outcome.exit_code == 0 and not outcome.is_last:
            self._finish(job, "SUCCEEDED", outcome.status_reason)
        else:
            self._finish(job, "FAILED", job.stop_reason or outcome.status_reason)

    # --- ends

    def _finish(self, job: Job, status: BatchStatus, reason: str) -> None:
        job.status_reason, job.stopped_ms = reason, self.now_ms()
        self._change(job, status)
        for watcher in self.watchers:
            watcher(job)
        if self._dependants:
            self._tell_dependants(job, status)
        parent = job.parent
        if parent is None:
            return
        parent.waiting -= 1
        if parent.waiting:
            return
        if parent.counts["FAILED"]:
            self._finish(parent, "FAILED", parent.stop_reason or CHILD_FAILED)
        else:
            self._finish(parent, "SUCCEEDED", CHILDREN_SUCCEEDED)

    def _tell_dependants(self, job: Job, status: BatchStatus) -> None:
        ids = [job.id]
        if job.size and not job.children:  # nor will there be any
            ids += [f"{job.id}:{index}" for index in range(job.size)]
        for job_id in ids:
            for one in self._dependants.pop(job_id, ()):
                seconds = 2 * share(self.kernel.drawn("batch follows", one.stem, job.stem), 0)
                self.kernel.after(seconds, partial(self._note_end, one, status))

    # --- changes

    def _change(self, job: Job, status: BatchStatus) -> None:
        before = job.status
        job.status = status
        job.turn += 1
        if job.parent is not None:
            job.parent.counts[before] -= 1
            job.parent.counts[status] += 1
        if status == "RUNNABLE":
            job.line.runnable[job.id] = job
        elif before == "RUNNABLE":
            del job.line.runnable[job.id]
            job.line.left_ms = self.now_ms()
        self._tell(job, JOB_STATE_CHANGE)

    def _tell(self, job: Job, kind: str) -> None:
        second = int(self.kernel.now)
        if second != self._second:
            self._second, self._time = second, f"{START + timedelta(seconds=second):%Y-%m-%dT%H:%M:%SZ}"
        self.emit(event(job, kind, self._time))

    def _later(self, job: Job, seconds: float, step: Callable[[Job], None]) -> None:
        """Has the job take a step, unless its status has changed by then."""
        self.kernel.after(seconds, partial(_take, job, job.turn, step))


def _take(job: Job, turn: int, step: Callable[[Job], None]) -> None:
    if job.turn == turn:
        step(job)


def _between(bounds: tuple[float, float], drawn: float) -> float:
    least, most = bounds
    return least + (most - least) * drawn
