"""Scheduling policies: the shares of a fair-share queue."""

from __future__ import annotations

import copy
from itertools import pairwise
from typing import TYPE_CHECKING

from localaws.batch.calls import limits
from localaws.batch.calls.pages import page
from localaws.batch.errors import ClientException, refused

if TYPE_CHECKING:
    from localaws.batch.memory.state import Region
    from localaws.batch.model import Document

MOST_PER_PAGE = 100
_RANGES = {"shareDecaySeconds": range(604_801), "computeReservation": range(100)}
_LEAST_WEIGHT, _MOST_WEIGHT = 0.0001, 999.9999
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
    """A request without fairsharePolicy changes nothing."""
    policy = _existing(region, request["arn"])
    if "fairsharePolicy" in request:
        policy["fairsharePolicy"] = _fairshare(request)
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
    """https://docs.aws.amazon.com/batch/latest/APIReference/API_FairsharePolicy.html."""
    policy = copy.deepcopy({**_DEFAULT, **request.get("fairsharePolicy", {})})
    for member, allowed in _RANGES.items():
        if policy[member] not in allowed:
            raise refused(f"{member} must be between {allowed[0]} and {allowed[-1]}, found {policy[member]}")
    shares = policy["shareDistribution"]
    if len(shares) > limits.MOST_SHARES:
        raise refused(f"shareDistribution must have at most {limits.MOST_SHARES} shares, found {len(shares)}")
    for share in shares:
        _check_share(share)
    _refuse_overlaps([share["shareIdentifier"] for share in shares])
    return policy


def _check_share(share: Document) -> None:
    name, weight = share["shareIdentifier"], share.get("weightFactor", 1)
    if not limits.SHARE_IDENTIFIER.fullmatch(name):
        raise refused(
            f"shareIdentifier must be 1 to 255 letters and digits, and may end with an asterisk; "
            f"found {name[:300]!r}"
        )
    if not _LEAST_WEIGHT <= weight <= _MOST_WEIGHT:
        raise refused(f"weightFactor must be between {_LEAST_WEIGHT} and {_MOST_WEIGHT}, found {weight}")


def _refuse_overlaps(names: list[str]) -> None:
    """`UserA*` and `UserA1` overlap, and so do two equal names."""
    ordered = sorted(names, key=lambda name: (name.rstrip("*"), not name.endswith("*")))
    prefix: str | None = None
    for before, name in pairwise([None, *ordered]):
        if prefix is not None and name is not None and name.startswith(prefix):
            raise refused(f"The share identifiers {prefix}* and {name} overlap")
        if before == name:
            raise refused(f"The share identifier {name} is there twice")
        if name is not None and name.endswith("*"):
            prefix = name[:-1]
