"""Why the job at the head of a queue cannot start, and when its queue gives up on it.

https://docs.aws.amazon.com/batch/latest/userguide/job_stuck_in_runnable.html. A job that merely waits for
others to end is not blocked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from localaws.batch.errors import refused
from localaws.batch.memory.environment import environment_arns, vcpu_limit
from localaws.batch.scheduling import instances

if TYPE_CHECKING:
    from localaws.batch.memory.state import Job, Region
    from localaws.batch.model import Document

REASONS: Mapping[str, str] = {
    "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY": (
        "Service cannot fulfill the capacity requested for instance type {instance_type}"
    ),
    "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE": (
        "CE(s) associated with the job queue cannot meet the CPU requirement of the job."
    ),
    "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT": (
        "The job resource requirement (vCPU/memory/GPU) is higher than that can be met by the CE(s) attached "
        "to the job queue."
    ),
    "MISCONFIGURATION:EC2_INSTANCE_CONFIGURATION_UNSUPPORTED": (
        "Your compute environment associated with this job queue has an unsupported instance type "
        "configuration."
    ),
    "MISCONFIGURATION:SERVICE_ROLE_PERMISSIONS": "Batch service role has a permission issue.",
    "ACTION_REQUIRED": "CE(s) associated with the job queue are invalid.",
    "UNDETERMINED": "Batch job is blocked, root cause is undetermined.",
}
CANCELLABLE = tuple(REASONS)[:4]
"""https://docs.aws.amazon.com/batch/latest/userguide/job_stuck_in_runnable_time_limit_actions.html"""
LIMIT_SECONDS = range(600, 86_401)

Environments = Sequence["Document"]


def reason(region: Region, queue: Document, job: Job) -> str | None:
    """A key of REASONS, None when the job only has to wait for its turn."""
    found = [one for arn in environment_arns(queue) if (one := region.environment(arn))]
    for code, left in _LEFT.items():
        found = [one for one in found if left(one, job)]
        if not found:
            return code
    return None


def _is_enabled(environment: Document, _job: Job) -> bool:
    return bool(environment["state"] == "ENABLED")


def _is_valid(environment: Document, _job: Job) -> bool:
    return bool(environment["status"] == "VALID")


def _is_wide_enough(environment: Document, job: Job) -> bool:
    return job.vcpus <= vcpu_limit(environment)


# Which environments are left after each test; AWS documents no reason for disabled ones.
_LEFT: Mapping[str, Callable[[Document, Job], bool]] = {
    "ACTION_REQUIRED": _is_valid,
    "UNDETERMINED": _is_enabled,
    "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE": _is_wide_enough,
    "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT": instances.fits,
}


def mark(region: Region, queue: Document, job: Job, code: str, now_ms: int) -> bool:
    """Gives the job its statusReason; returns whether that is news."""
    if job.blocked == code:
        return False
    job.blocked, job.blocked_ms = code, now_ms
    sentence = REASONS[code].format(instance_type=_instance_type(region, queue))
    job.detail["statusReason"] = f"{code} - {sentence}"
    return True


def unmark(job: Job) -> None:
    if job.blocked:
        job.blocked = ""
        job.detail.pop("statusReason", None)


def cancelled_at_ms(queue: Document, job: Job, seconds_scale: float) -> int | None:
    """When the queue's jobStateTimeLimitActions end the job that blocks it, None for never."""
    actions = queue["jobStateTimeLimitActions"]
    seconds = [int(one["maxTimeSeconds"]) for one in actions if job.blocked and one["reason"] == job.blocked]
    return job.blocked_ms + int(1000 * seconds_scale * min(seconds)) if seconds else None


def check_actions(actions: Sequence[Document]) -> None:
    """Raises ClientException for a jobStateTimeLimitActions that AWS refuses."""
    for action in actions:
        if action["maxTimeSeconds"] not in LIMIT_SECONDS:
            raise refused(
                f"maxTimeSeconds must be between {LIMIT_SECONDS[0]} and {LIMIT_SECONDS[-1]}, "
                f"found {action['maxTimeSeconds']}"
            )
        if action["reason"] not in CANCELLABLE:
            raise refused(
                f"Invalid job reason: it must be one of {', '.join(CANCELLABLE)}, found {action['reason']!r}"
            )
        if action["action"] != "CANCEL":
            raise refused(
                "action must be CANCEL on a queue of compute environments (TERMINATE is for service jobs), "
                f"found {action['action']!r}"
            )


def _instance_type(region: Region, queue: Document) -> str:
    """Fargate has none, so there it is FARGATE or FARGATE_SPOT."""
    environment = region.environment(environment_arns(queue)[0]) or {}
    resources = environment.get("computeResources", {})
    return str([*resources.get("instanceTypes", []), resources.get("type", "")][0])
