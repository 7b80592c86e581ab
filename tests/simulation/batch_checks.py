"""What the simulated AWS Batch refuses of a SubmitJob request, in AWS's words where they are known.

Only what can be wrong with a request such as Pulse sends, by
https://docs.aws.amazon.com/batch/latest/userguide/service_limits.html. Amounts of vCPU and memory, and the
size of the whole request, are not looked at.
"""

import re
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from pulse.domain.request.batch_limits import MAX_ARRAY_SIZE
from tests.simulation.batch_job import Definition, Document, Job, Queue
from tests.simulation.faults import client_error

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
_MOST_ATTEMPTS, _MOST_RULES, _MOST_TAGS, _MOST_DEPENDENCIES = 10, 5, 50, 20
_SHORTEST_TIMEOUT_SECONDS = 60


def refused(operation: str, message: str) -> ClientError:
    return client_error(operation, "ClientException", 400, message)


def check(request: Mapping[str, Any], jobs: Mapping[str, Job]) -> None:
    """Raises ClientException for what AWS refuses in a request by itself, and for a dependency on nothing."""
    fault = (
        _name_fault(request["jobName"])
        or _strategy_fault(request.get("retryStrategy"))
        or _timeout_fault(request.get("timeout"))
        or _tags_fault(request.get("tags", {}))
        or _dependency_fault(request, jobs)
    )
    if fault:
        raise refused("SubmitJob", f"Error executing request, Exception : {fault}")


def share_members(request: Mapping[str, Any], queue: Queue, definition: Definition) -> Document:
    """The share and the priority of the job. Raises ClientException when queue, definition and request do
    not fit.
    """
    if definition.platform != queue.platform:
        raise refused(
            "SubmitJob",
            "Job Queue is attached to Compute Environment that can not run Jobs with capability "
            f"{definition.platform}.",
        )
    identifier, priority = request.get("shareIdentifier"), request.get("schedulingPriorityOverride")
    if not queue.fair_share:
        if identifier is not None or priority is not None:
            raise refused(
                "SubmitJob",
                "Job with shareIdentifier or schedulingPriority can only be submitted to job queue with fair "
                "share scheduling policy.",
            )
        return {}
    if identifier is None:
        raise refused(
            "SubmitJob",
            "shareIdentifier must be specified for a job queue with fair share scheduling policy.",
        )
    if priority is None:
        priority = definition.scheduling_priority
    if priority is None:
        raise refused(
            "SubmitJob",
            "Either schedulingPriority in job definition or schedulingPriorityOverride should be specified.",
        )
    return {"shareIdentifier": identifier, "schedulingPriority": priority}


def _name_fault(name: str) -> str:
    if _NAME.fullmatch(name):
        return ""
    return (
        "Job name should match valid pattern: 1 to 128 letters, digits, - and _, starting with a letter or "
        f"digit; found {name[:200]!r}"
    )


def _strategy_fault(given: Mapping[str, Any] | None) -> str:
    if given is None:
        return ""
    attempts, rules = given.get("attempts"), given.get("evaluateOnExit", ())
    if attempts is None:
        return "RetryAttempts must be provided with retry strategy"
    if not 1 <= attempts <= _MOST_ATTEMPTS:
        return f"RetryAttempts must be between 1 and {_MOST_ATTEMPTS}, found {attempts}"
    if len(rules) > _MOST_RULES:
        return f"evaluateOnExit must have at most {_MOST_RULES} conditions, found {len(rules)}"
    return ""


def _timeout_fault(given: Mapping[str, int] | None) -> str:
    seconds = _SHORTEST_TIMEOUT_SECONDS if given is None else given.get("attemptDurationSeconds", 0)
    if seconds >= _SHORTEST_TIMEOUT_SECONDS:
        return ""
    return f"Timeout must be at least {_SHORTEST_TIMEOUT_SECONDS} seconds, found {seconds}"


def _tags_fault(tags: Mapping[str, str]) -> str:
    return f"Number of tags must be at most {_MOST_TAGS}, found {len(tags)}" if len(tags) > _MOST_TAGS else ""


def _dependency_fault(request: Mapping[str, Any], jobs: Mapping[str, Job]) -> str:
    size = request.get("arrayProperties", {}).get("size")
    if size is not None and not 2 <= size <= MAX_ARRAY_SIZE:
        return f"Array size must be between 2 and {MAX_ARRAY_SIZE}, found {size}"
    dependencies = request.get("dependsOn", ())
    if len(dependencies) > _MOST_DEPENDENCIES:
        return f"A job can depend on at most {_MOST_DEPENDENCIES} jobs, found {len(dependencies)}"
    faults = (_one_fault(one.get("type"), one.get("jobId"), size, jobs) for one in dependencies)
    return next((fault for fault in faults if fault), "")


def _one_fault(kind: str | None, job_id: str | None, size: int | None, jobs: Mapping[str, Job]) -> str:
    if kind is not None and size is None:
        return f"Dependency type {kind} is for array jobs only"
    if kind == "SEQUENTIAL":
        return "A SEQUENTIAL dependency takes no jobId" if job_id is not None else ""
    if job_id is None:
        return f"A dependency of type {kind or 'none'} needs the jobId of the job to wait for"
    parent, _, index = job_id.partition(":")
    known = jobs.get(parent)
    if known is None or (index and not (index.isdecimal() and int(index) < (known.size or 0))):
        return f"Job {job_id} that the job depends on does not exist"
    if kind == "N_TO_N" and known.size != size:
        return f"N_TO_N needs array jobs of equal size: {job_id} has {known.size}, this job has {size}"
    return ""
