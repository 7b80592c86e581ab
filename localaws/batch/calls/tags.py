"""TagResource, UntagResource and ListTagsForResource over everything in Batch that carries tags."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localaws.batch.calls import limits
from localaws.batch.errors import ClientException

if TYPE_CHECKING:
    from localaws.batch.memory.state import Job, Region
    from localaws.batch.model import Document

TOO_MANY = f"Total number of combined tags from the job and job definition is over {limits.MOST_TAGS}"


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


def propagates_too_many(region: Region, job: Job) -> bool:
    """Whether the task would get more than 50 tags; the job then fails."""
    definition = region.definition(job.detail["jobDefinition"]) or {}
    together = {**definition.get("tags", {}), **job.detail["tags"]}
    return bool(job.detail["propagateTags"]) and len(together) > limits.MOST_TAGS


def _tagged(region: Region, arn: str) -> Document:
    """The record behind an ARN. Raises ClientException for anything that is not a resource of this region."""
    kind = arn.split(":", 5)[-1].partition("/")[0] if arn.startswith("arn:") else ""
    found: Document | None = None
    if kind == "job":
        found = _job(region, region.scope.name_of("job", arn) or "")
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


def _job(region: Region, job_id: str) -> Document | None:
    """https://docs.aws.amazon.com/batch/latest/APIReference/API_TagResource.html: no child of an array."""
    if ":" in job_id:
        raise ClientException(f"Tags of {job_id} are not supported: it is a child job, tag its parent")
    job = region.jobs.get(job_id)
    return job.detail if job else None
