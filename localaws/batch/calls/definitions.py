"""Job definitions: revisions that are registered, described and deregistered, never changed."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING

from localaws.batch.calls import limits, task_rules
from localaws.batch.calls.pages import page
from localaws.batch.errors import ClientException, refused
from localaws.batch.memory import containers, resources
from localaws.batch.memory.environment import runs_on_fargate

if TYPE_CHECKING:
    from localaws.batch.memory.state import Region
    from localaws.batch.model import Document

MOST_PER_PAGE = 100
LARGEST_BYTES = 24 * 1024
_FARGATE_REFUSES = ("privileged", "ulimits", "instanceType")
_ELSEWHERE = ("nodeProperties", "eksProperties", "consumableResourceProperties")
_LISTS = ("command", "environment", "mountPoints", "ulimits", "resourceRequirements", "secrets")


def register(region: Region, request: Document) -> Document:
    """Adds the next revision of the name. Raises ClientException for a definition AWS would refuse."""
    _check(request)
    name = request["jobDefinitionName"]
    revisions = region.definitions.setdefault(name, [])
    revision = revisions[-1]["revision"] + 1 if revisions else 1
    record = copy.deepcopy(request)
    containers.task(record).setdefault("volumes", [])
    for container in containers.containers(record):
        for member in _LISTS:
            container.setdefault(member, [])
    record.update(
        jobDefinitionArn=region.scope.arn("job-definition", f"{name}:{revision}"),
        revision=revision,
        status="ACTIVE",
        parameters=record.get("parameters", {}),
        tags=record.get("tags", {}),
        platformCapabilities=record.get("platformCapabilities", ["EC2"]),
        containerOrchestrationType="ECS",
    )
    revisions.append(record)
    return {name: record[name] for name in ("jobDefinitionName", "jobDefinitionArn", "revision")}


def deregister(region: Region, request: Document) -> Document:
    """Makes a revision INACTIVE: running jobs keep it, new jobs cannot use it. Doing it twice is fine."""
    reference = request["jobDefinition"]
    if ":" not in (region.scope.name_of("job-definition", reference) or ""):
        raise refused(f"jobDefinition must be NAME:REVISION or an ARN with revision, found {reference!r}")
    found = region.definition(reference)
    if found is None:
        raise ClientException(f"Job definition {reference} does not exist")
    found["status"] = "INACTIVE"
    return {}


def describe(region: Region, request: Document) -> Document:
    """By ARN or NAME:REVISION, or by name and status; the newest revision first within a name."""
    if wanted := request.get("jobDefinitions"):
        found = [one for reference in wanted if (one := region.definition(reference))]
    else:
        name = request.get("jobDefinitionName")
        names = [name] if name else sorted(region.definitions)
        found = [one for name in names for one in reversed(region.definitions.get(name, []))]
    if status := request.get("status"):
        found = [one for one in found if one["status"] == status]
    items, token = page(found, request.get("maxResults"), request.get("nextToken"), MOST_PER_PAGE)
    return {"jobDefinitions": items, "nextToken": token}


def _check(request: Document) -> None:
    limits.check_name(request["jobDefinitionName"], "Job definition name")
    _check_size(request)
    for member in _ELSEWHERE:
        if member in request:
            raise refused(
                f"{member} is not available on this machine: use containerProperties or ecsProperties"
            )
    if request["type"] != "container":
        raise refused(f"type {request['type']} is not available on this machine: use container")
    given = [member for member in ("containerProperties", "ecsProperties") if member in request]
    if len(given) != 1:
        raise refused(
            "Either containerProperties or ecsProperties is required for type container, "
            f"found {' and '.join(given) or 'neither'}"
        )
    task_rules.check(request)
    limits.check_retry_strategy(request.get("retryStrategy"))
    limits.check_timeout(request.get("timeout"))
    limits.check_tags(request.get("tags", {}))
    if not 0 <= request.get("schedulingPriority", 0) <= limits.MOST_SCHEDULING_PRIORITY:
        raise refused(f"schedulingPriority must be between 0 and {limits.MOST_SCHEDULING_PRIORITY}")
    fargate = runs_on_fargate(request)
    if fargate:
        _check_fargate(request)
    elif "networkConfiguration" in containers.task(request):
        raise refused("networkConfiguration not applicable for EC2.")
    resources.asked(containers.containers(request), fargate=fargate)


def _check_size(request: Document) -> None:
    size = len(json.dumps(request, ensure_ascii=False, separators=(",", ":")).encode())
    if size > LARGEST_BYTES:
        raise refused(f"Job definition must be at most {LARGEST_BYTES} bytes, found {size}")


def _check_fargate(request: Document) -> None:
    for member in _FARGATE_REFUSES:
        if any(container.get(member) for container in containers.containers(request)):
            raise refused(f"{member} is not applicable for Fargate.")
    task = containers.task(request)
    if not task.get("executionRoleArn"):
        raise refused("executionRoleArn is required for Fargate.")
    size = task.get("ephemeralStorage", {}).get("sizeInGiB", 21)
    if not 21 <= size <= 200:  # noqa: PLR2004 - the range AWS documents
        raise refused(f"ephemeralStorage.sizeInGiB must be between 21 and 200, found {size}")
