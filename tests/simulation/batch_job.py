"""A job of the simulated AWS Batch, what it was made from, and its description in answers and events.

Nothing here changes a job: batch_service.py does. Descriptions share the parts that never change and the
parts that a change replaces as a whole, so nobody may write into them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from pulse.domain.job.status import BatchStatus
from tests.simulation.batch_outcome import Outcome

Document = dict[str, Any]
Platform = Literal["FARGATE", "EC2"]
STATUSES: tuple[BatchStatus, ...] = (
    "SUBMITTED",
    "PENDING",
    "RUNNABLE",
    "STARTING",
    "RUNNING",
    "SUCCEEDED",
    "FAILED",
)
JOB_STATE_CHANGE, JOB_QUEUE_BLOCKED = "Batch Job State Change", "Batch Job Queue Blocked"
_OF_AN_ATTEMPT = ("containerInstanceArn", "taskArn", "logStreamName")
_SUMMARY = ("jobArn", "jobId", "jobName", "createdAt", "shareIdentifier", "jobDefinition")


@dataclass(frozen=True)
class Queue:
    """`gives_up_seconds`: after so long it cancels a job that blocks it for a reason that allows it; None for
    never.
    """

    arn: str
    fair_share: bool = False
    platform: Platform = "FARGATE"
    gives_up_seconds: float | None = None


@dataclass(frozen=True)
class Definition:
    """A revision of a job definition. `container`: its container properties."""

    arn: str
    platform: Platform
    container: Mapping[str, Any]
    retry_strategy: Mapping[str, Any] = field(default_factory=dict)
    timeout_seconds: int | None = None
    scheduling_priority: int | None = None

    @property
    def name(self) -> str:
        return self.arn.rpartition("/")[2].partition(":")[0]

    @cached_property
    def log_prefix(self) -> str:
        options = self.container.get("logConfiguration", {}).get("options", {})
        return str(options.get("awslogs-stream-prefix", self.name))


@dataclass(eq=False, slots=True)
class Line:
    """A queue's jobs at this moment: those that are RUNNABLE in their order, the vCPUs in use by share, and
    when one last left (ms). `ecs`: how the ARNs of Amazon ECS begin there.
    """

    queue: Queue
    region: str = ""
    account: str = ""
    ecs: str = ""
    runnable: dict[str, "Job"] = field(default_factory=dict)
    used: dict[str, float] = field(default_factory=dict)
    left_ms: int = 0

    def __post_init__(self) -> None:
        _, _, _, self.region, self.account, _ = self.queue.arn.split(":", 5)
        self.ecs = f"arn:aws:ecs:{self.region}:{self.account}"


@dataclass(eq=False, slots=True, kw_only=True)
class Job:
    """A job, an array or an array's child.

    `stem`: its name and which of that name it is; what happens to it is drawn by that. `fixed`: what of its
    description never changes. `base`: its container before any attempt. `share` is empty on a FIFO queue.
    `waits_for`: the ids of jobs; `waiting`: how many of them, or of an array's children, have not ended.
    `attempt`: the one that goes on or comes next, from 1. `bits`: what was drawn for it. `turn` grows with
    each change of status. Times are milliseconds since 1970; `listed_at` and `described_at`, from when on the
    operations know it, are seconds since the simulation began.
    """

    id: str
    arn: str
    name: str
    stem: str
    line: Line
    definition: Definition
    fixed: Document
    base: Document
    event_tags: Document
    event_stem: str
    pulse_job_id: str
    vcpus: float
    share: str
    timeout_seconds: int | None
    listed_at: float = 0.0
    described_at: float = 0.0
    is_foreign: bool = False
    parent: "Job | None" = None
    index: int | None = None
    size: int | None = None
    waits_for: tuple[str, ...] = ()
    status: BatchStatus = "SUBMITTED"
    status_reason: str = ""
    container: Document = field(default_factory=dict)
    attempts: list[Document] = field(default_factory=list)
    attempt: int = 0
    bits: int = 0
    turn: int = 0
    emitted: int = 0
    waiting: int = 0
    runnable_ms: int = 0
    started_ms: int | None = None
    stopped_ms: int | None = None
    stop_reason: str | None = None
    is_cancelled: bool = False
    is_terminated: bool = False
    outcome: Outcome | None = None
    children: list["Job"] = field(default_factory=list)
    counts: dict[BatchStatus, int] = field(default_factory=dict)

    @property
    def has_ended(self) -> bool:
        return self.status in {"SUCCEEDED", "FAILED"}

    @property
    def instance_id(self) -> str:
        """The id in Amazon EC2 of what its attempt runs on; nobody knows it on Fargate."""
        return f"i-{self.bits:017x}"

    @property
    def environment(self) -> dict[str, str]:
        """The variables of its container, with those that AWS Batch adds."""
        found = {one["name"]: one["value"] for one in self.base["environment"]}
        found["AWS_BATCH_JOB_ID"] = self.id
        found["AWS_BATCH_JOB_ATTEMPT"] = str(self.attempt)
        if self.index is not None:
            found["AWS_BATCH_JOB_ARRAY_INDEX"] = str(self.index)
        return found

    @property
    def command(self) -> list[str]:
        found: list[str] = self.base["command"]
        return found

    @property
    def memory_mib(self) -> int:
        amounts = {one["type"]: one["value"] for one in self.base["resourceRequirements"]}
        return int(amounts.get("MEMORY", 0))


def detail(job: Job) -> Document:
    """The JobDetail: https://docs.aws.amazon.com/batch/latest/APIReference/API_JobDetail.html."""
    found = {
        **job.fixed,
        "status": job.status,
        "attempts": job.attempts,
        "container": job.container,
    }
    if job.status_reason:
        found["statusReason"] = job.status_reason
    if job.started_ms is not None:
        found["startedAt"] = job.started_ms
    if job.stopped_ms is not None:
        found["stoppedAt"] = job.stopped_ms
    if job.is_cancelled or job.is_terminated:
        found["isCancelled"], found["isTerminated"] = job.is_cancelled, job.is_terminated
    if job.size is not None:
        found["arrayProperties"] = {"size": job.size, "statusSummary": dict(job.counts)}
    return found


def end_of_container(outcome: Outcome) -> Document:
    """The members that say how a container ended."""
    found: Document = {}
    if outcome.exit_code is not None:
        found["exitCode"] = outcome.exit_code
    if outcome.reason:
        found["reason"] = outcome.reason
    return found


def attempt_detail(job: Job, outcome: Outcome, now_ms: int) -> Document:
    """The AttemptDetail: https://docs.aws.amazon.com/batch/latest/APIReference/API_AttemptDetail.html."""
    own = {name: job.container[name] for name in _OF_AN_ATTEMPT if name in job.container}
    found: Document = {"container": {**own, "networkInterfaces": [], **end_of_container(outcome)}}
    return found | {
        "startedAt": job.started_ms,
        "stoppedAt": now_ms,
        "statusReason": outcome.status_reason,
        "taskProperties": [],
    }


def summary(job: Job) -> Document:
    """The JobSummary: https://docs.aws.amazon.com/batch/latest/APIReference/API_JobSummary.html."""
    found = {name: job.fixed[name] for name in _SUMMARY if name in job.fixed}
    found["status"] = job.status
    found["container"] = {
        name: job.container[name] for name in ("exitCode", "reason") if name in job.container
    }
    optional = {"statusReason": job.status_reason, "startedAt": job.started_ms, "stoppedAt": job.stopped_ms}
    found |= {name: value for name, value in optional.items() if value}
    if job.size is not None:
        found["arrayProperties"] = {"size": job.size}
    return found


def event(job: Job, kind: str, time: str) -> Document:
    """The event on the default bus: https://docs.aws.amazon.com/batch/latest/userguide/batch_job_events.html.
    `time` is ISO 8601 in UTC.
    """
    job.emitted += 1
    line = job.line
    found = detail(job)
    found["tags"] = job.event_tags
    return {
        "version": "0",
        "id": f"{job.event_stem}{job.emitted:012x}",
        "detail-type": kind,
        "source": "aws.batch",
        "account": line.account,
        "time": time,
        "region": line.region,
        "resources": [job.arn, line.queue.arn] if kind == JOB_QUEUE_BLOCKED else [job.arn],
        "detail": found,
    }
