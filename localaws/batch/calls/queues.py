"""Job queues, FIFO or fair-share, over an ordered list of compute environments."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from localaws.batch.calls import limits
from localaws.batch.calls.pages import page
from localaws.batch.errors import ClientException, refused
from localaws.batch.memory.environment import is_fargate
from localaws.batch.scheduling import blocked

if TYPE_CHECKING:
    from localaws.batch.memory.state import Region
    from localaws.batch.model import Document

MOST_PER_PAGE = 100
MOST_QUEUES = 50
MOST_ENVIRONMENTS = 3


def create(region: Region, request: Document) -> Document:
    name = request["jobQueueName"]
    limits.check_name(name, "Job queue name")
    limits.check_tags(request.get("tags", {}))
    if name in region.queues:
        raise ClientException(f"Object already exists: {name}")
    if len(region.queues) >= MOST_QUEUES:
        raise refused(f"An account can have at most {MOST_QUEUES} job queues in a region")
    if "serviceEnvironmentOrder" in request or request.get("jobQueueType") == "SAGEMAKER_TRAINING":
        raise refused("Service environments are not available on this machine: use computeEnvironmentOrder")
    record: Document = {
        "state": "ENABLED",
        **copy.deepcopy(request),
        "jobQueueArn": region.scope.arn("job-queue", name),
        "status": "VALID",
        "statusReason": "JobQueue Healthy",
        "jobStateTimeLimitActions": request.get("jobStateTimeLimitActions", []),
        "tags": dict(request.get("tags", {})),
    }
    _settle(region, record)
    region.queues[name] = record
    return {"jobQueueName": name, "jobQueueArn": record["jobQueueArn"]}


def update(region: Region, request: Document) -> Document:
    """Changes only what the request names. A FIFO queue can never gain a scheduling policy, nor lose one."""
    record = existing(region, request["jobQueue"])
    policy = request.get("schedulingPolicyArn")
    if policy and "schedulingPolicyArn" not in record:
        raise refused("A scheduling policy cannot be added to a job queue that was created without one")
    changed = {**record, **copy.deepcopy({name: one for name, one in request.items() if name != "jobQueue"})}
    _settle(region, changed)
    record.update(changed)
    return {"jobQueueName": record["jobQueueName"], "jobQueueArn": record["jobQueueArn"]}


def delete(region: Region, request: Document) -> Document:
    """Raises ClientException while the queue is ENABLED. Its unfinished jobs are the engine's to end
    first.
    """
    record = region.queue(request["jobQueue"])
    if record is None:
        return {}
    if record["state"] != "DISABLED":
        raise ClientException("Cannot delete, the job queue must be in the DISABLED state")
    del region.queues[record["jobQueueName"]]
    return {}


def describe(region: Region, request: Document) -> Document:
    wanted = request.get("jobQueues")
    found = (
        [one for reference in wanted if (one := region.queue(reference))]
        if wanted
        else list(region.queues.values())
    )
    items, token = page(found, request.get("maxResults"), request.get("nextToken"), MOST_PER_PAGE)
    return {"jobQueues": items, "nextToken": token}


def existing(region: Region, reference: str) -> Document:
    """Raises ClientException for a queue that is not here."""
    found = region.queue(reference)
    if found is None:
        raise ClientException(f"Job queue {reference} does not exist")
    return found


def is_fairshare(queue: Document) -> bool:
    return bool(queue.get("schedulingPolicyArn"))


def _settle(region: Region, record: Document) -> None:
    """Checks the queue as a whole and writes environments as ARNs, as Describe answers them."""
    order = record.get("computeEnvironmentOrder", [])
    if not 1 <= len(order) <= MOST_ENVIRONMENTS:
        raise refused(f"A job queue needs 1 to {MOST_ENVIRONMENTS} compute environments, found {len(order)}")
    found = []
    for item in order:
        environment = region.environment(item["computeEnvironment"])
        if environment is None:
            raise ClientException(f"Compute environment {item['computeEnvironment']} does not exist")
        item["computeEnvironment"] = environment["computeEnvironmentArn"]
        found.append(environment)
    if len({is_fargate(environment) for environment in found}) > 1:
        raise refused("A job queue cannot mix Fargate and EC2 compute environments")
    if not 0 <= record["priority"] <= 1000:  # noqa: PLR2004 - the range AWS documents
        raise refused(f"priority must be between 0 and 1000, found {record['priority']}")
    policy = record.get("schedulingPolicyArn")
    if policy and policy not in region.policies:
        raise ClientException(f"Scheduling policy {policy} does not exist")
    blocked.check_actions(record["jobStateTimeLimitActions"])
