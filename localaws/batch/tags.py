"""TagResource, UntagResource and ListTagsForResource over everything in Batch that carries tags."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localaws.batch import limits
from localaws.batch.errors import ClientException

if TYPE_CHECKING:
    from localaws.batch.model import Document
    from localaws.batch.state import Region


def tag(region: Region, request: Document) -> Document:
    """Adds or replaces tags; raises ClientException when there would be more than 50."""
    record = _tagged(region, request["resourceArn"])
    together = {**record.get("tags", {}), **request["tags"]}
    limits.check_tags(together)
    record["tags"] = together
    return {}


def untag(region: Region, request: Document) -> Document:
    record = _tagged(region, request["resourceArn"])
    gone = set(request["tagKeys"])
    record["tags"] = {key: value for key, value in record.get("tags", {}).items() if key not in gone}
    return {}


def listing(region: Region, request: Document) -> Document:
    return {"tags": _tagged(region, request["resourceArn"]).get("tags", {})}


def _tagged(region: Region, arn: str) -> Document:
    """The record behind an ARN. Raises ClientException for anything that is not a resource of this region."""
    kind = arn.split(":", 5)[-1].partition("/")[0] if arn.startswith("arn:") else ""
    found: Document | None = None
    if kind == "job":
        job = region.jobs.get(region.scope.name_of("job", arn) or "")
        found = job.detail if job else None
    elif kind == "job-definition":
        found = region.definition(arn)
    elif kind == "job-queue":
        found = region.queue(arn)
    elif kind == "compute-environment":
        found = region.environment(arn)
    elif kind == "scheduling-policy":
        found = region.policies.get(arn)
    if found is None:
        raise ClientException(f"Resource {arn} does not exist")
    return found
