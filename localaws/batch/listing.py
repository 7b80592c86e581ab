"""ListJobs and DescribeJobs: https://docs.aws.amazon.com/batch/latest/APIReference/API_ListJobs.html."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localaws.batch import arrays
from localaws.batch.errors import refused
from localaws.batch.pages import page
from localaws.batch.queues import existing

if TYPE_CHECKING:
    from localaws.batch.model import Document
    from localaws.batch.state import Job, Region

MOST_DESCRIBED = 100
MOST_BY_STATUS = 1000
MOST_BY_FILTER = 100
_SUMMARY = (
    "jobArn",
    "jobId",
    "jobName",
    "createdAt",
    "shareIdentifier",
    "status",
    "statusReason",
    "startedAt",
    "stoppedAt",
    "arrayProperties",
    "jobDefinition",
    "isCancelled",
    "isTerminated",
)


def describe(region: Region, request: Document) -> Document:
    """Jobs by id or ARN; an unknown one is left out."""
    wanted = request["jobs"]
    if len(wanted) > MOST_DESCRIBED:
        raise refused(f"Maximum number of jobs supported is {MOST_DESCRIBED}, found {len(wanted)}")
    ids = [region.scope.name_of("job", reference) for reference in wanted]
    return {"jobs": [arrays.detail(region.jobs[one], region) for one in ids if one in region.jobs]}


def listing(region: Region, request: Document) -> Document:
    """Newest first. One filter looks at every status; without one, the status asked for or else RUNNING."""
    candidates = _candidates(region, request)
    filters = request.get("filters", [])
    if len(filters) > 1:
        raise refused(f"Only one filter can be used at a time, found {len(filters)}")
    if filters:
        if "jobQueue" not in request:
            raise refused("filters can only be used with jobQueue")
        found = [job for job in candidates if _passes(job, filters[0])]
        if filters[0].get("name") == "SHARE_IDENTIFIER" and "jobStatus" in request:
            found = [job for job in found if job.status == request["jobStatus"]]
        most = MOST_BY_FILTER
    else:
        status = request.get("jobStatus", "RUNNING")
        found = [job for job in candidates if job.status == status]
        most = MOST_BY_STATUS
    found.sort(key=lambda job: job.sequence, reverse=True)
    items, token = page(found, request.get("maxResults"), request.get("nextToken"), most)
    return {"jobSummaryList": [_summary(job) for job in items], "nextToken": token}


def _candidates(region: Region, request: Document) -> list[Job]:
    given = [name for name in ("jobQueue", "arrayJobId", "multiNodeJobId") if name in request]
    if len(given) != 1:
        raise refused(
            "Exactly one of jobQueue, arrayJobId and multiNodeJobId must be specified, "
            f"found {', '.join(given) or 'none'}"
        )
    if given == ["jobQueue"]:
        arn = existing(region, request["jobQueue"])["jobQueueArn"]
        return [job for job in region.jobs.values() if job.queue_arn == arn and ":" not in job.id]
    prefix = f"{request.get('arrayJobId')}:"
    return [job for job in region.jobs.values() if job.id.startswith(prefix)]


def _passes(job: Job, wanted: Document) -> bool:
    name, values = wanted.get("name"), wanted.get("values", [])
    if not values:
        raise refused(f"filter {name} needs at least one value")
    if name == "JOB_NAME":
        return any(_named(job.detail["jobName"].lower(), value.lower()) for value in values)
    if name == "JOB_DEFINITION":
        return any(_defined(job.detail["jobDefinition"], value) for value in values)
    if name == "SHARE_IDENTIFIER":
        return job.detail.get("shareIdentifier") in values
    if name in ("BEFORE_CREATED_AT", "AFTER_CREATED_AT"):
        if not str(values[0]).isdigit():
            raise refused(f"filter {name} needs milliseconds since 1970, found {values[0]!r}")
        limit, created = int(values[0]), int(job.detail["createdAt"])
        return created < limit if name == "BEFORE_CREATED_AT" else created > limit
    raise refused(
        "filter name must be one of JOB_NAME, JOB_DEFINITION, BEFORE_CREATED_AT, AFTER_CREATED_AT and "
        f"SHARE_IDENTIFIER, found {name!r}"
    )


def _named(found: str, wanted: str) -> bool:
    return found.startswith(wanted[:-1]) if wanted.endswith("*") else found == wanted


def _defined(arn: str, wanted: str) -> bool:
    """An ARN means that revision; a name means any revision of it."""
    if wanted.startswith("arn:"):
        return arn == wanted
    name, _, _ = arn.rpartition("/")[2].partition(":")
    return _named(name, wanted)


def _summary(job: Job) -> Document:
    container = {name: job.container[name] for name in ("exitCode", "reason") if name in job.container}
    return {**{name: job.detail[name] for name in _SUMMARY if name in job.detail}, "container": container}
