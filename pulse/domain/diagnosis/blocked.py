"""Why a job cannot start and blocks its queue, by AWS Batch's reasons.

https://docs.aws.amazon.com/batch/latest/userguide/job_stuck_in_runnable.html
"""

from typing import NamedTuple

UNDETERMINED = "UNDETERMINED"
"""AWS Batch's own word where it cannot say why a job does not start."""


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
ALL = (*_STUCK.values(), _OTHER)


def stuck(reason: str) -> Stuck:
    """What AWS Batch's reason means, of which the word before the first space decides."""
    token = next(iter(reason.split(maxsplit=1)), "")
    return _STUCK.get(token) or (NO_CAPACITY if token.startswith("CAPACITY:") else _OTHER)
