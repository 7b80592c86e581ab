"""SubmitJob as a value: everything is checked and merged here, nothing is started."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localaws.batch.calls import limits, overrides
from localaws.batch.calls.queues import existing, is_fairshare
from localaws.batch.errors import ClientException, refused
from localaws.batch.memory import containers, resources
from localaws.batch.memory.environment import environment_arns, is_fargate, runs_on_fargate
from localaws.batch.memory.state import Job, Region
from localaws.batch.scheduling import arrays

if TYPE_CHECKING:
    from localaws.batch.model import Document

MOST_DEPENDENCIES = 20
_NOT_HERE = (
    "nodeOverrides",
    "eksPropertiesOverride",
    "consumableResourcePropertiesOverride",
)


def plan(region: Region, request: Document, *, job_id: str, now_ms: int, sequence: int) -> Job:
    """The job, SUBMITTED, that this request describes; it is not stored.

    Raises ClientException for whatever AWS refuses at submission.
    """
    _check_request(request)
    queue = _open_queue(region, request["jobQueue"])
    definition = _active_definition(region, request["jobDefinition"])
    _check_platform(region, queue, definition)
    share = _share(region, queue, definition, request)
    if runs_on_fargate(definition):
        resources.refuse_older_amounts(request.get("containerOverrides", {}))
    parameters = {**definition.get("parameters", {}), **request.get("parameters", {})}
    described = overrides.described(definition, request, parameters)
    amounts = resources.asked(containers.containers(described), fargate=runs_on_fargate(definition))
    dependencies = request.get("dependsOn", [])
    if len(dependencies) > MOST_DEPENDENCIES:
        raise refused(f"A job can depend on at most {MOST_DEPENDENCIES} jobs, found {len(dependencies)}")
    size = request.get("arrayProperties", {}).get("size")
    arrays.check(region, size, dependencies)
    strategy = request.get("retryStrategy") or definition.get("retryStrategy") or {}
    detail: Document = {
        "jobArn": region.scope.arn("job", job_id),
        "jobName": request["jobName"],
        "jobId": job_id,
        "jobQueue": queue["jobQueueArn"],
        "status": "SUBMITTED",
        **share,
        "attempts": [],
        "createdAt": now_ms,
        "retryStrategy": {"attempts": 1, "evaluateOnExit": [], **strategy},
        "dependsOn": dependencies,
        "jobDefinition": definition["jobDefinitionArn"],
        "parameters": parameters,
        **described,
        "tags": dict(request.get("tags", {})),
        "propagateTags": request.get("propagateTags", definition.get("propagateTags", False)),
        "platformCapabilities": list(definition["platformCapabilities"]),
        "eksAttempts": [],
    }
    if timeout := request.get("timeout") or definition.get("timeout"):
        detail["timeout"] = dict(timeout)
    if size is not None:
        detail["arrayProperties"] = {"size": size}
    return Job(region.scope, detail, sequence, float(amounts.vcpus), amounts.memory_mib)


def _check_request(request: Document) -> None:
    limits.check_name(request["jobName"], "Job name")
    for member in _NOT_HERE:
        if member in request:
            raise refused(
                f"{member} is not available on this machine: use containerOverrides or ecsPropertiesOverride"
            )
    limits.check_retry_strategy(request.get("retryStrategy"))
    limits.check_timeout(request.get("timeout"))
    limits.check_tags(request.get("tags", {}))


def _open_queue(region: Region, reference: str) -> Document:
    queue = existing(region, reference)
    if queue["state"] != "ENABLED" or queue["status"] != "VALID":
        raise ClientException(f"Job queue {queue['jobQueueName']} is not in ENABLED state and VALID status")
    return queue


def _active_definition(region: Region, reference: str) -> Document:
    definition = region.definition(reference)
    if definition is None or definition["status"] != "ACTIVE":
        raise ClientException(f"JobDefinition name {reference} does not exist or is not in ACTIVE status")
    return definition


def _check_platform(region: Region, queue: Document, definition: Document) -> None:
    platform = "FARGATE" if runs_on_fargate(definition) else "EC2"
    found = [region.environment(arn) for arn in environment_arns(queue)]
    if any(one and is_fargate(one) != (platform == "FARGATE") for one in found):
        raise ClientException(
            f"Job Queue is attached to Compute Environment that can not run Jobs with capability {platform}."
        )


def _share(region: Region, queue: Document, definition: Document, request: Document) -> Document:
    """The share and priority of the job, which a FIFO queue refuses and a fair-share queue demands."""
    identifier = request.get("shareIdentifier")
    override = request.get("schedulingPriorityOverride")
    if not is_fairshare(queue):
        if identifier is not None or override is not None:
            raise ClientException(
                "Job with shareIdentifier or schedulingPriority can only be submitted to job queue with "
                "fair share scheduling policy."
            )
        return {}
    if identifier is None:
        raise ClientException(
            "shareIdentifier must be specified for a job queue with fair share scheduling policy."
        )
    if not limits.SHARE_IDENTIFIER.fullmatch(identifier):
        raise refused(
            "shareIdentifier must be 1 to 255 letters and digits, and may end with an asterisk; "
            f"found {identifier[:300]!r}"
        )
    priority = definition.get("schedulingPriority") if override is None else override
    if priority is None:
        raise ClientException(
            "Either schedulingPriority in job definition or schedulingPriorityOverride should be specified."
        )
    if not 0 <= priority <= limits.MOST_SCHEDULING_PRIORITY:
        raise refused(
            f"schedulingPriorityOverride must be between 0 and {limits.MOST_SCHEDULING_PRIORITY}, found "
            f"{priority}"
        )
    active = region.jobs.active_shares(queue["jobQueueArn"])
    if len(active) >= limits.MOST_SHARES and identifier not in active:
        raise refused(
            f"There can be no more than {limits.MOST_SHARES} share identifiers active in a job queue"
        )
    return {"shareIdentifier": identifier, "schedulingPriority": priority}
