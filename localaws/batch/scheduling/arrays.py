"""Array jobs: a parent that never runs, and children `<parent>:<index>` that do.

https://docs.aws.amazon.com/batch/latest/userguide/array_jobs.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from localaws.batch.errors import refused
from localaws.batch.memory import containers
from localaws.batch.memory.state import Job, Region
from localaws.batch.scheduling import lifecycle

if TYPE_CHECKING:
    from localaws.batch.model import Document

SIZES = range(2, 10_001)
CHILD_FAILED = "Array Child Job failed"
CHILDREN_SUCCEEDED = "Array Child Jobs succeeded"
_STATUSES = ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED")


def check(region: Region, size: int | None, dependencies: list[Document]) -> None:
    """Raises ClientException for a size, or for a dependency type, that AWS refuses.

    AWS documents SEQUENTIAL without a jobId only. One with it is taken, as clients send it: the job, array or
    not, waits for that job, and the children of an array also for one another.
    """
    if size is not None and size not in SIZES:
        raise refused(f"Array size must be between {SIZES[0]} and {SIZES[-1]}, found {size}")
    for dependency in dependencies:
        kind, job_id = dependency.get("type"), dependency.get("jobId")
        if size is None and (kind == "N_TO_N" or (kind == "SEQUENTIAL" and job_id is None)):
            raise refused(f"Dependency type {kind} is for array jobs only")
        if job_id is None:
            if kind == "SEQUENTIAL":
                continue
            raise refused(f"A dependency of type {kind or 'none'} needs the jobId of the job to wait for")
        if not _exists(region, job_id):
            raise refused(f"Job {job_id} that the job depends on does not exist")
        if kind == "N_TO_N" and (found := _size(region, job_id)) != size:
            raise refused(f"N_TO_N needs array jobs of equal size: {job_id} has {found}, this job has {size}")


def _exists(region: Region, job_id: str) -> bool:
    """A child is known from its parent's submission on, though it is made when the parent may run."""
    parent, _, index = job_id.partition(":")
    size = _size(region, parent)
    return job_id in region.jobs or (size is not None and index.isdecimal() and int(index) < size)


def _size(region: Region, job_id: str) -> int | None:
    known = region.jobs.get(job_id)
    return known.array_size if known else None


def spawn(region: Region, parent: Job, now_ms: int) -> list[Job]:
    """Stores and returns the jobs of the array, SUBMITTED; the parent's own dependencies are fulfilled."""
    spawned = [_child(parent, index, now_ms) for index in range(parent.array_size or 0)]
    parent.unfinished = len(spawned)
    for child in spawned:
        region.jobs.add(child)
    return spawned


def after(region: Region, child: Job, now_ms: int) -> Job | None:
    """The child's parent, finished, if this child was the last to end. One failed child fails it."""
    parent = region.jobs.get(child.parent_id or "")
    if parent is None:
        return None
    parent.unfinished -= 1
    if parent.unfinished:
        return None
    if region.jobs.summary(parent.id).get("FAILED", 0):
        lifecycle.finish(parent, "FAILED", parent.stop_reason or CHILD_FAILED, now_ms)
    else:
        lifecycle.finish(parent, "SUCCEEDED", CHILDREN_SUCCEEDED, now_ms)
    return parent


def _child(parent: Job, index: int, now_ms: int) -> Job:
    child = f"{parent.id}:{index}"
    waits_for = []
    for dependency in parent.detail["dependsOn"]:
        if dependency.get("type") == "N_TO_N":
            waits_for.append({"jobId": f"{dependency['jobId']}:{index}"})
        elif dependency.get("type") == "SEQUENTIAL" and index:
            waits_for.append({"jobId": f"{parent.id}:{index - 1}"})
    # Ten thousand children share what an attempt never changes.
    detail = {
        **parent.detail,
        "jobId": child,
        "jobArn": parent.scope.arn("job", child),
        "status": "SUBMITTED",
        "createdAt": now_ms,
        "dependsOn": waits_for,
        "arrayProperties": {"index": index},
        "attempts": [],
        **containers.copied(parent.detail),
    }
    detail.pop("statusReason", None)
    return Job(
        parent.scope, detail, parent.sequence, parent.vcpus, parent.memory_mib, siblings=parent.array_size
    )


def detail(job: Job, region: Region) -> Document:
    """The JobDetail, a parent's with the number of its children in each status."""
    if job.array_size is None:
        return job.detail
    counts = region.jobs.summary(job.id)
    summary = {status: counts.get(status, 0) for status in _STATUSES}
    return {**job.detail, "arrayProperties": {"size": job.array_size, "statusSummary": summary}}
