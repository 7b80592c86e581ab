"""ListJobs and DescribeJobs: https://docs.aws.amazon.com/batch/latest/APIReference/API_ListJobs.html."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from localaws.batch.calls.pages import page
from localaws.batch.calls.queues import existing
from localaws.batch.errors import refused
from localaws.batch.scheduling import arrays

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from localaws.batch.memory.state import Job, Region
    from localaws.batch.model import Document

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
    found = (region.jobs.get(region.scope.name_of("job", reference) or "") for reference in wanted)
    return {"jobs": [arrays.detail(job, region) for job in found if job]}


def listing(region: Region, request: Document, submitted_until_ms: int) -> Document:
    """Newest first. One filter looks at every status; without one, the status asked for or else RUNNING.

    Jobs submitted after `submitted_until_ms` are not listed yet.
    """
    given = [name for name in ("jobQueue", "arrayJobId", "multiNodeJobId") if name in request]
    if len(given) != 1:
        raise refused(
            "Exactly one of jobQueue, arrayJobId and multiNodeJobId must be specified, "
            f"found {', '.join(given) or 'none'}"
        )
    filters = request.get("filters", [])
    if len(filters) > 1:
        raise refused(f"Only one filter can be used at a time, found {len(filters)}")
    if filters and given != ["jobQueue"]:
        raise refused("filters can only be used with jobQueue")
    found = [
        job
        for job in (_filtered(region, request, filters[0]) if filters else _in_status(region, request))
        if job.detail["createdAt"] <= submitted_until_ms
    ]
    found.sort(key=lambda job: job.sequence, reverse=True)
    most = MOST_BY_FILTER if filters else MOST_BY_STATUS
    items, token = page(found, request.get("maxResults"), request.get("nextToken"), most)
    return {"jobSummaryList": [_summary(job, region) for job in items], "nextToken": token}


def _in_status(region: Region, request: Document) -> Iterable[Job]:
    status = request.get("jobStatus", "RUNNING")
    if "jobQueue" in request:
        return region.jobs.in_status(existing(region, request["jobQueue"])["jobQueueArn"], status)
    children = region.jobs.children(request.get("arrayJobId", ""))
    return [job for job in children if job.status == status]


def _filtered(region: Region, request: Document, wanted: Document) -> Iterable[Job]:
    arn = existing(region, request["jobQueue"])["jobQueueArn"]
    _check_filter(wanted)
    found = [job for job in _candidates(region, arn, wanted) if _passes(job, wanted)]
    if wanted["name"] == "SHARE_IDENTIFIER" and "jobStatus" in request:
        found = [job for job in found if job.status == request["jobStatus"]]
    return found


def _candidates(region: Region, queue_arn: str, wanted: Document) -> Iterable[Job]:
    """Exact names have an index; whatever else is asked for is looked for in all jobs of the queue."""
    names = set(map(str.lower, wanted["values"]))
    if wanted["name"] == "JOB_NAME" and not any(name.endswith("*") for name in names):
        return chain.from_iterable(region.jobs.named(queue_arn, name) for name in names)
    return region.jobs.of_queue(queue_arn)


def _passes(job: Job, wanted: Document) -> bool:
    return _FILTERS[wanted["name"]](job, wanted["values"])


def _check_filter(wanted: Document) -> None:
    name, values = wanted.get("name", ""), wanted.get("values")
    if name not in _FILTERS:
        raise refused(f"filter name must be one of {', '.join(_FILTERS)}, found {name!r}")
    if not values:
        raise refused(f"filter {name} needs at least one value")
    if name.endswith("_CREATED_AT") and not str(values[0]).isdecimal():
        raise refused(f"filter {name} needs milliseconds since 1970, found {values[0]!r}")


def _has_name(job: Job, names: list[str]) -> bool:
    return any(_named(job.detail["jobName"].lower(), name.lower()) for name in names)


def _has_definition(job: Job, definitions: list[str]) -> bool:
    return any(_defined(job.detail["jobDefinition"], one) for one in definitions)


def _has_share(job: Job, shares: list[str]) -> bool:
    return job.share in shares


def _created_before(job: Job, times_ms: list[str]) -> bool:
    return int(job.detail["createdAt"]) < int(times_ms[0])


def _created_after(job: Job, times_ms: list[str]) -> bool:
    return int(job.detail["createdAt"]) > int(times_ms[0])


_FILTERS: Mapping[str, Callable[[Job, list[str]], bool]] = {
    "JOB_NAME": _has_name,
    "JOB_DEFINITION": _has_definition,
    "BEFORE_CREATED_AT": _created_before,
    "AFTER_CREATED_AT": _created_after,
    "SHARE_IDENTIFIER": _has_share,
}


def _named(found: str, wanted: str) -> bool:
    return found.startswith(wanted[:-1]) if wanted.endswith("*") else found == wanted


def _defined(arn: str, wanted: str) -> bool:
    """An ARN means that revision; a name means any revision of it."""
    if wanted.startswith("arn:"):
        return arn == wanted
    name, _, _ = arn.rpartition("/")[2].partition(":")
    return _named(name, wanted)


def _summary(job: Job, region: Region) -> Document:
    detail = arrays.detail(job, region)
    summary = {name: detail[name] for name in _SUMMARY if name in detail}
    if container := detail.get("container"):
        summary["container"] = {name: container[name] for name in ("exitCode", "reason") if name in container}
    return summary
