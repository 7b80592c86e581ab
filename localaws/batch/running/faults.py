"""Failures on demand: which attempts fail, and how, and which jobs find no place.

An attempt fails through the same code as one that fails by itself, so retries, events and records are real.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Literal

from localaws.batch.scheduling import blocked, endings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from localaws.batch.memory.state import Job


@dataclass(frozen=True)
class Fault:
    """`cause` "pull": the container does not start; any other ends the process, as `processes.Cause` says.

    `{image}`, of the first container, `{role}`, `{account}` and `{instance}` in a text stand for the job's.
    """

    cause: Literal["pull", "memory", "interrupted", "lost"]
    status_reason: str
    reason: str | None = None

    def words(self, job: Job) -> tuple[str, str | None]:
        """The attempt's statusReason and its container's reason."""
        found = {
            "image": str(job.containers[0]["image"]),
            "role": str(job.task.get("executionRoleArn", "")).rpartition("/")[2],
            "account": job.scope.account,
            "instance": endings.instance_of(job),
        }
        return self.status_reason.format(**found), self.reason and self.reason.format(**found)


@dataclass(frozen=True)
class Struck:
    """A fault that an attempt is to meet, `after_seconds` of RUNNING unless it does not even start.

    One of the memory meets the first essential container, any other the whole task.
    """

    fault: Fault
    after_seconds: float


_PULL = "CannotPullContainerError: "
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html and
# https://repost.aws/knowledge-center/ecs-pull-container-error-rate-limit. A reason is cut at 255 characters.
FAULTS: Mapping[str, Fault] = {
    "image-not-found": Fault(
        "pull",
        endings.NOT_STARTED,
        _PULL + "pull image manifest has been retried 1 time(s): failed to resolve ref {image}: not found",
    ),
    "image-forbidden": Fault(
        "pull",
        endings.NOT_STARTED,
        _PULL + "AccessDeniedException: User: arn:aws:sts::{account}:assumed-role/{role}/task is not "
        "authorized to perform: ecr:BatchGetImage on resource: {image} because no identity-based policy "
        "allows the ecr:BatchGetImage action",
    ),
    "image-rate-limited": Fault(
        "pull",
        endings.NOT_STARTED,
        _PULL + "inspect image has been retried 5 time(s): httpReaderSeeker: failed open: unexpected status "
        "code 429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate "
        "limit. You may increase the limit by authenticating and upgrading: "
        "https://www.docker.com/increase-rate-limit",
    ),
    "start-timed-out": Fault("pull", "Timeout waiting for network interface provisioning to complete."),
    "out-of-memory": Fault("memory", endings.EXITED, endings.OUT_OF_MEMORY),
    "spot-fargate": Fault("interrupted", endings.SPOT_ON_FARGATE),
    "spot-ec2": Fault("lost", endings.HOST_TERMINATED),
    "host-lost": Fault("lost", endings.HOST_STOPPED),
}
HOWS = (*FAULTS, *blocked.REASONS)


@dataclass
class Rule:
    """`how` is a key of FAULTS, or of `blocked.REASONS` for a job that is to stay RUNNABLE.

    `job` is a glob over the job's name or id, `queue` one over the queue's name. `times` is how many attempts
    fail so (how many jobs are blocked), None for all. `after_seconds` counts from RUNNING.
    """

    how: str
    job: str = "*"
    queue: str = "*"
    times: int | None = None
    after_seconds: float = 0.0
    struck: set[str] = field(default_factory=set)

    def strikes(self, job: Job, key: str) -> bool:
        """Whether the rule is for this; if so, `key` counts once, however often it is asked."""
        if key in self.struck:
            return True
        names = (str(job.detail["jobName"]), job.id)
        if not any(fnmatchcase(name, self.job) for name in names):
            return False
        if not fnmatchcase(job.queue_arn.rpartition("/")[2], self.queue):
            return False
        if self.times is not None and len(self.struck) >= self.times:
            return False
        self.struck.add(key)
        return True


@dataclass
class Faults:
    """The rules in force; the first one that fits an attempt, or a job, decides."""

    rules: list[Rule] = field(default_factory=list)

    def of_attempt(self, job: Job) -> Struck | None:
        """How the attempt that starts is to fail."""
        key = f"{job.id} {len(job.attempts) + 1}"
        for rule in self.rules:
            if rule.how in FAULTS and rule.strikes(job, key):
                return Struck(FAULTS[rule.how], rule.after_seconds)
        return None

    def block(self, job: Job) -> str | None:
        """The reason for which a RUNNABLE job is to find no place."""
        for rule in self.rules:
            if rule.how in blocked.REASONS and rule.strikes(job, job.id):
                return rule.how
        return None
