"""Compute environments: what a queue's jobs may occupy. They are VALID or INVALID as soon as created."""

from __future__ import annotations

import copy
import uuid
from typing import TYPE_CHECKING

from localaws.batch.calls import limits
from localaws.batch.calls.pages import page
from localaws.batch.errors import ClientException, refused
from localaws.batch.memory.environment import FARGATE_TYPES, environment_arns
from localaws.batch.scheduling import instance_types

if TYPE_CHECKING:
    from collections.abc import Callable

    from localaws.batch.memory.state import Region
    from localaws.batch.model import Document

MOST_PER_PAGE = 100
MOST_ENVIRONMENTS = 50
_HEALTHY = "ComputeEnvironment Healthy"
_ROLE_REFUSED = (
    "CLIENT_ERROR - User: batch.amazonaws.com is not authorized to perform: sts:AssumeRole on resource: "
    "{role} (Service: AWSSecurityTokenService; Status Code: 403; Error Code: AccessDenied; "
    "Request ID: {request}; Proxy: null)"
)
"""As AWS says it: https://github.com/hashicorp/terraform-provider-aws/pull/21281."""
_FARGATE_REFUSES = (
    "minvCpus",
    "desiredvCpus",
    "instanceTypes",
    "imageId",
    "ec2KeyPair",
    "instanceRole",
    "tags",
    "placementGroup",
    "bidPercentage",
    "spotIamFleetRole",
    "launchTemplate",
    "ec2Configuration",
    "allocationStrategy",
)


def create(region: Region, request: Document) -> Document:
    name = request["computeEnvironmentName"]
    limits.check_name(name, "Compute environment name")
    limits.check_tags(request.get("tags", {}))
    if name in region.environments:
        raise ClientException(f"Object already exists: {name}")
    if len(region.environments) >= MOST_ENVIRONMENTS:
        raise refused(f"An account can have at most {MOST_ENVIRONMENTS} compute environments in a region")
    if "eksConfiguration" in request:
        raise refused("eksConfiguration is not available on this machine: use an ECS compute environment")
    if request["type"] == "MANAGED":
        _check(request.get("computeResources"))
    arn = region.scope.arn("compute-environment", name)
    unique = str(uuid.uuid4())
    region.environments[name] = {
        "state": "ENABLED",
        "serviceRole": _service_linked_role(region),
        **copy.deepcopy(request),
        "computeEnvironmentArn": arn,
        "ecsClusterArn": f"arn:aws:ecs:{region.scope.region}:{region.scope.account}:"
        f"cluster/AWSBatch-{name}-{unique}",
        "uuid": unique,
        "status": "VALID",
        "statusReason": _HEALTHY,
        "containerOrchestrationType": "ECS",
        "tags": dict(request.get("tags", {})),
    }
    return {"computeEnvironmentName": name, "computeEnvironmentArn": arn}


def update(region: Region, request: Document) -> Document:
    """Changes only what the request names."""
    record = _existing(region, request["computeEnvironment"])
    changes = copy.deepcopy({name: value for name, value in request.items() if name != "computeEnvironment"})
    changed = {**record.get("computeResources", {}), **changes.pop("computeResources", {})}
    if record["type"] == "MANAGED":
        _check(changed)
        record["computeResources"] = changed
    record.update(changes)
    return {name: record[name] for name in ("computeEnvironmentName", "computeEnvironmentArn")}


def delete(region: Region, request: Document) -> Document:
    """Raises ClientException while the environment is ENABLED or a queue uses it."""
    record = region.environment(request["computeEnvironment"])
    if record is None:
        return {}
    arn = record["computeEnvironmentArn"]
    used = any(arn in environment_arns(queue) for queue in region.queues.values())
    if used:
        raise ClientException("Cannot delete, found existing JobQueue relationship")
    if record["state"] != "DISABLED":
        raise ClientException("Cannot delete, the compute environment must be in the DISABLED state")
    del region.environments[record["computeEnvironmentName"]]
    return {}


def describe(region: Region, request: Document) -> Document:
    wanted = request.get("computeEnvironments")
    found = (
        [one for reference in wanted if (one := region.environment(reference))]
        if wanted
        else list(region.environments.values())
    )
    items, token = page(found, request.get("maxResults"), request.get("nextToken"), MOST_PER_PAGE)
    return {"computeEnvironments": items, "nextToken": token}


def judge(region: Region, trusted: Callable[[str], bool]) -> None:
    """Makes an environment INVALID while AWS Batch may not assume its service role, and says so.

    AWS accepts such a role when the environment is created, and finds out later:
    https://docs.aws.amazon.com/batch/latest/userguide/invalid_compute_environment.html
    """
    for record in region.environments.values():
        role = _arn_of_role(region, record["serviceRole"])
        healthy = role == _service_linked_role(region) or trusted(role)
        if healthy != (record["status"] == "VALID"):
            reason = _HEALTHY if healthy else _ROLE_REFUSED.format(role=role, request=uuid.uuid4())
            record.update(status="VALID" if healthy else "INVALID", statusReason=reason)


def _service_linked_role(region: Region) -> str:
    return _arn_of_role(region, "aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch")


def _arn_of_role(region: Region, role: str) -> str:
    """A role may be given by its name, with its path if it has one."""
    return role if role.startswith("arn:") else f"arn:aws:iam::{region.scope.account}:role/{role.lstrip('/')}"


def _existing(region: Region, reference: str) -> Document:
    found = region.environment(reference)
    if found is None:
        raise ClientException(f"Object does not exist: {reference}")
    return found


def _check(found: Document | None) -> None:
    if found is None:
        raise refused("computeResources is required for a MANAGED compute environment")
    if found["maxvCpus"] < 1:
        raise refused(f"maxvCpus must be at least 1, found {found['maxvCpus']}")
    if not found.get("subnets"):
        raise refused("At least 1 subnet must be provided")
    if found["type"] in FARGATE_TYPES:
        for member in _FARGATE_REFUSES:
            if member in found:
                raise refused(f"{member} is not applicable for Fargate.")
        if not found.get("securityGroupIds"):
            raise refused("At least 1 security group must be provided")
    elif not found.get("instanceRole"):
        raise refused("Instance role is required.")
    elif not 0 <= found.get("minvCpus", 0) <= found["maxvCpus"]:
        raise refused(f"minvCpus must be between 0 and maxvCpus ({found['maxvCpus']})")
    instance_types.check(found.get("instanceTypes", []))
