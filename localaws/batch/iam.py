"""Which permissions Batch's calls and a starting task need, as pure tables and ARNs.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsbatch.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from localaws.batch.model import Document
    from localaws.batch.scope import Scope

TASKS_SERVICE = "ecs-tasks.amazonaws.com"
BATCH_SERVICE = "batch.amazonaws.com"
ANY = "*"
PULL_ACTIONS = ("ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage")
_ECR_IMAGE = re.compile(r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.[^/]+/([^:@]+)(?:[:@].*)?")


@dataclass(frozen=True)
class Permission:
    action: str
    resource: str


Resolve = Callable[[str], str]
"""Turns a definition as it was named into the ARN with the revision that would run."""

# Operation: (member of the request, kind of resource). What is not here is checked on `*`.
_RESOURCES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "CreateComputeEnvironment": (("computeEnvironmentName", "compute-environment"),),
    "UpdateComputeEnvironment": (("computeEnvironment", "compute-environment"),),
    "DeleteComputeEnvironment": (("computeEnvironment", "compute-environment"),),
    "CreateJobQueue": (("jobQueueName", "job-queue"),),
    "UpdateJobQueue": (("jobQueue", "job-queue"),),
    "DeleteJobQueue": (("jobQueue", "job-queue"),),
    "GetJobQueueSnapshot": (("jobQueue", "job-queue"),),
    "CreateSchedulingPolicy": (("name", "scheduling-policy"),),
    "UpdateSchedulingPolicy": (("arn", "scheduling-policy"),),
    "DeleteSchedulingPolicy": (("arn", "scheduling-policy"),),
    "RegisterJobDefinition": (("jobDefinitionName", "job-definition"),),
    "DeregisterJobDefinition": (("jobDefinition", "job-definition"),),
    "SubmitJob": (("jobDefinition", "job-definition"), ("jobQueue", "job-queue")),
    "CancelJob": (("jobId", "job"),),
    "CancelJobs": (("jobs", "job"),),
    "TerminateJob": (("jobId", "job"),),
    "TerminateJobs": (("jobs", "job"),),
    "TagResource": (("resourceArn", ""),),
    "UntagResource": (("resourceArn", ""),),
    "ListTagsForResource": (("resourceArn", ""),),
}
# "There is no separate batch:CancelJobs IAM action", and each job is checked:
# https://docs.aws.amazon.com/batch/latest/APIReference/API_CancelJobs.html
_ACTIONS = {"CancelJobs": "CancelJob", "TerminateJobs": "TerminateJob"}


def action(operation: str) -> str:
    """The action that allows the operation: `batch:CancelJob` for both CancelJob and CancelJobs."""
    return f"batch:{_ACTIONS.get(operation, operation)}"


def permissions(
    operation: str, request: Mapping[str, Any], scope: Scope, resolve: Resolve
) -> list[Permission]:
    """Everything the caller must be allowed to do, the call itself first. Never empty.

    SubmitJob is checked on the definition and on the queue, CancelJobs and TerminateJobs on each job. A
    call that sets tags also needs
    batch:TagResource: a submission on its definition and on `job/*`, anything else on what it creates.
    """
    allowed_by = action(operation)
    found: list[Permission] = []
    for member, kind in _RESOURCES.get(operation, ()):
        for value in _names(request.get(member)):
            arn = value if value.startswith("arn:") or not kind else scope.arn(kind, value)
            if operation == "SubmitJob" and member == "jobDefinition":
                arn = resolve(value)
            found.append(Permission(allowed_by, arn))
    found = found or [Permission(allowed_by, ANY)]
    if request.get("tags") and operation != "TagResource":
        tagged = [found[0].resource]
        if operation == "SubmitJob":
            tagged.append(scope.arn("job", ANY))
        found += [Permission("batch:TagResource", arn) for arn in tagged]
    return found


def names_its_resources(operation: str, request: Mapping[str, Any]) -> bool:
    """Whether the members that name what the call is about are there."""
    return all(_names(request.get(member)) for member, _ in _RESOURCES.get(operation, ()))


def _names(value: Any) -> list[str]:
    """What a member names: a string, or each string of a list."""
    return [one for one in _listed(value) if isinstance(one, str)]


def pull_permissions(image: str) -> list[Permission]:
    """What an execution role needs to pull the image: nothing, unless it lies in a private ECR repository."""
    match = _ECR_IMAGE.fullmatch(image)
    if match is None:
        return []
    account, region, repository = match.groups()
    arn = f"arn:aws:ecr:{region}:{account}:repository/{repository}"
    return [
        Permission("ecr:GetAuthorizationToken", ANY),
        *(Permission(action, arn) for action in PULL_ACTIONS),
    ]


def trusts(trust_policy: str | Document, service: str) -> bool:
    """Whether a role's trust policy lets the service assume it. Conditions are not looked at."""
    document = json.loads(trust_policy) if isinstance(trust_policy, str) else trust_policy
    statements = _listed(document.get("Statement", []))
    return any(
        one.get("Effect") == "Allow"
        and {"sts:AssumeRole", "sts:*", "*"}.intersection(_listed(one.get("Action", [])))
        and isinstance(one.get("Principal"), dict)
        and service in _listed(one["Principal"].get("Service", []))
        for one in statements
    )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
