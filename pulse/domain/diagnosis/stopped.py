"""Jobs that AWS Batch or a person ended, and why a job blocks its queue.

https://docs.aws.amazon.com/batch/latest/userguide/job_stuck_in_runnable.html
"""

import re
from typing import NamedTuple

from pulse.domain.caller import CANCELLED_THROUGH_PULSE
from pulse.domain.diagnosis.evidence import Evidence, Fits, Row, is_stopped, reason_starts

UNDETERMINED = "UNDETERMINED"
"""AWS Batch's own word where it cannot say why a job does not start."""
CANCELLED = "cancelled"
_TIME_LIMIT = re.compile(
    r"Canceled by JobStateTimeLimit action due to reason: ([A-Z][A-Z_]{7,}(?::[A-Z0-9_]+)?)(?:[.\s].*)?",
    re.DOTALL,
)
"""With or without a full stop or an explanation behind the reason."""
_TIMED_OUT = "Job attempt duration exceeded timeout"


class Stuck(NamedTuple):
    """Why a job stays RUNNABLE, and what lets it start."""

    cause: str
    explanation: str
    advice: str
    retry_helps: bool


NO_CAPACITY = Stuck(
    "no-capacity",
    "AWS has no capacity for the instances that the job needs.",
    "Wait, or submit it with a profile whose queue has other compute environments: on demand instead of "
    "Spot, more instance types or more availability zones.",
    retry_helps=True,
)
WAITS_LONG = Stuck(
    "waits-long",
    "The job waits for its turn, and AWS Batch gives no reason why: most often other jobs fill the queue's "
    "compute environments, or go first by their priority or share.",
    "Wait, raise max_vcpus of the queue's compute environments in the configuration and deploy it, or submit "
    "the job with a profile of another queue.",
    retry_helps=False,
)
_STUCK = {
    "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY": NO_CAPACITY,
    "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE": Stuck(
        "exceeds-max-vcpus",
        "The job needs more than max_vcpus of its queue's compute environments.",
        "Submit it again with fewer vcpus, or raise max_vcpus in the configuration and deploy it.",
        retry_helps=False,
    ),
    "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT": Stuck(
        "exceeds-instances",
        "No instance of its queue's compute environments is as large as the job needs.",
        "Submit it again with fewer vcpus, less memory_mib or fewer gpus, or configure larger "
        "instance_types. While an environment scales up this may pass by itself.",
        retry_helps=False,
    ),
    "MISCONFIGURATION:SERVICE_ROLE_PERMISSIONS": Stuck(
        "service-role-permissions",
        "AWS Batch's service role lacks a permission in the queue's compute environments.",
        "Give the compute environments the service-linked role AWSServiceRoleForBatch, or the policy "
        "AWSBatchServiceRole to the role that they have.",
        retry_helps=False,
    ),
    "MISCONFIGURATION:EC2_INSTANCE_CONFIGURATION_UNSUPPORTED": Stuck(
        "instances-unsupported",
        "The instance_types of the queue's compute environment do not exist in its availability zones, or do "
        "not fit its launch template or machine image.",
        "Configure instance_types that this region offers, of one CPU architecture, and deploy it.",
        retry_helps=False,
    ),
    "ACTION_REQUIRED": Stuck(
        "compute-environment-invalid",
        "The queue's compute environments are INVALID or disabled.",
        "Read the status reason of the compute environments in the AWS Batch console and repair it, most "
        "often a deleted role, subnet or security group; then enable them.",
        retry_helps=False,
    ),
    UNDETERMINED: Stuck(
        "undetermined",
        "AWS Batch knows no reason why the job does not start.",
        "On a Spot queue this mostly means too little Spot capacity: wait, or use an on-demand profile. "
        "Otherwise check that instances reach Amazon ECS from their subnets (NAT or endpoints), that the "
        "account's vCPU quota is not used up, and that the machine image has the ECS agent.",
        retry_helps=True,
    ),
}
_OTHER = Stuck(
    "stuck-in-queue",
    "The job could not start.",
    "Repair what the reason names, then submit the job again.",
    retry_helps=False,
)


def stuck(reason: str) -> Stuck:
    """What AWS Batch's reason means, of which the word before the first space decides."""
    token = next(iter(reason.split(maxsplit=1)), "")
    return _STUCK.get(token) or (NO_CAPACITY if token.startswith("CAPACITY:") else _OTHER)


def _ended_by_queue(cause: str) -> Fits:
    def fits(known: Evidence) -> bool:
        found = _TIME_LIMIT.fullmatch(known.record.status_reason)
        return found is not None and stuck(found[1]).cause == cause

    return fits


def _ended_by_timeout(known: Evidence) -> bool:
    """AWS's whole words where the job is marked as stopped: a person may write the like of them."""
    text = known.record.status_reason
    return text == _TIMED_OUT or (text.startswith(_TIMED_OUT) and not is_stopped(known.record))


def _through_pulse(known: Evidence) -> bool:
    return known.record.status_reason.startswith(CANCELLED_THROUGH_PULSE)


# AWS Batch marks what its own limits end like what a person ends, so they come first, in AWS's whole words.
STOPPED = (
    Row(
        _ended_by_timeout,
        "timed-out",
        "The attempt ran into its timeout and was stopped.",
        "Give it more time (timeout_seconds) or a shorter period. AWS Batch does not retry after a timeout.",
        retry_helps=False,
    ),
    *(
        Row(
            _ended_by_queue(why.cause),
            why.cause,
            f"{why.explanation} AWS Batch cancelled it after the time that its queue gives it "
            "(job_state_time_limits).",
            why.advice,
            why.retry_helps,
        )
        for why in (*_STUCK.values(), _OTHER)
    ),
    Row(
        _through_pulse,
        CANCELLED,
        "Somebody cancelled the job through Pulse.",
        "Nothing, if that was meant. Otherwise submit it again.",
        retry_helps=True,
    ),
    Row(
        lambda known: is_stopped(known.record),
        CANCELLED,
        "Somebody cancelled or terminated the job in AWS Batch, not through Pulse.",
        "Nothing, if that was meant. Otherwise submit it again; CloudTrail names who called CancelJob or "
        "TerminateJob.",
        retry_helps=True,
    ),
    Row(
        reason_starts("Task stopped by user"),
        CANCELLED,
        "Somebody stopped the job's task in Amazon ECS.",
        "Nothing, if that was meant. Otherwise submit it again; CloudTrail names who called StopTask.",
        retry_helps=True,
    ),
)
