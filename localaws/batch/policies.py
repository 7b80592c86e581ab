"""Scheduling policies: the shares of a fair-share queue."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from localaws.batch import limits
from localaws.batch.errors import ClientException, refused
from localaws.batch.pages import page

if TYPE_CHECKING:
    from localaws.batch.model import Document
    from localaws.batch.state import Region

MOST_PER_PAGE = 100
_DEFAULT = {"shareDecaySeconds": 0, "computeReservation": 0, "shareDistribution": []}


def create(region: Region, request: Document) -> Document:
    name = request["name"]
    limits.check_name(name, "Scheduling policy name")
    limits.check_tags(request.get("tags", {}))
    if "quotaSharePolicy" in request:
        raise refused("quotaSharePolicy is not available on this machine: use fairsharePolicy")
    arn = region.scope.arn("scheduling-policy", name)
    if arn in region.policies:
        raise ClientException(f"Object already exists: {arn}")
    region.policies[arn] = {
        "name": name,
        "arn": arn,
        "fairsharePolicy": _fairshare(request),
        "tags": dict(request.get("tags", {})),
    }
    return {"name": name, "arn": arn}


def update(region: Region, request: Document) -> Document:
    _existing(region, request["arn"])["fairsharePolicy"] = _fairshare(request)
    return {}


def delete(region: Region, request: Document) -> Document:
    """Raises ClientException while a queue uses the policy."""
    arn = request["arn"]
    if any(queue.get("schedulingPolicyArn") == arn for queue in region.queues.values()):
        raise ClientException("Cannot delete, found existing JobQueue relationship")
    region.policies.pop(arn, None)
    return {}


def describe(region: Region, request: Document) -> Document:
    found = [region.policies[arn] for arn in request["arns"] if arn in region.policies]
    return {"schedulingPolicies": found}


def listing(region: Region, request: Document) -> Document:
    arns = [{"arn": arn} for arn in sorted(region.policies)]
    items, token = page(arns, request.get("maxResults"), request.get("nextToken"), MOST_PER_PAGE)
    return {"schedulingPolicies": items, "nextToken": token}


def _existing(region: Region, arn: str) -> Document:
    if arn not in region.policies:
        raise ClientException(f"Scheduling policy {arn} does not exist")
    return region.policies[arn]


def _fairshare(request: Document) -> Document:
    policy = {**copy.deepcopy(_DEFAULT), **request.get("fairsharePolicy", {})}
    for share in policy["shareDistribution"]:
        weight = share.get("weightFactor", 1)
        if not 0.0001 <= weight <= 999.9999:  # noqa: PLR2004 - the range AWS documents
            raise refused(f"weightFactor must be between 0.0001 and 999.9999, found {weight}")
    return policy
