"""From a SubmitJob request to a job of the simulated AWS Batch, and from an array to its children. Nothing is
stored or started here.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pulse.domain.job.event import JOB_ID_VARIABLE
from tests.simulation import batch_checks as checks
from tests.simulation.batch_job import STATUSES, Definition, Document, Job, Line

_LENGTH_OF_EVENT_STEM = 24


def job_of(  # noqa: PLR0913 - what a job is made of
    request: Mapping[str, Any], line: Line, definition: Definition, *, job_id: str, stem: str, now_ms: int
) -> Job:
    """Returns the job, SUBMITTED, that a checked request describes. The request's parts are kept, not copied.
    Raises ClientException.
    """
    shares = checks.share_members(request, line.queue, definition)
    base, pulse_job_id, vcpus = _container(definition, request.get("containerOverrides", {}))
    arn = f"{line.queue.arn.partition('job-queue/')[0]}job/{job_id}"
    tags, dependencies = request.get("tags", {}), request.get("dependsOn", [])
    fixed: Document = {
        "jobArn": arn,
        "jobName": request["jobName"],
        "jobId": job_id,
        "jobQueue": line.queue.arn,
        **shares,
        "createdAt": now_ms,
        "retryStrategy": _strategy(request.get("retryStrategy") or definition.retry_strategy),
        "dependsOn": dependencies,
        "jobDefinition": definition.arn,
        "parameters": request.get("parameters", {}),
        "tags": tags,
        "platformCapabilities": [definition.platform],
        "eksAttempts": [],
    }
    if "propagateTags" in request:
        fixed["propagateTags"] = request["propagateTags"]
    if "timeout" in request:
        fixed["timeout"] = request["timeout"]
    elif definition.timeout_seconds:
        fixed["timeout"] = {"attemptDurationSeconds": definition.timeout_seconds}
    size = request.get("arrayProperties", {}).get("size")
    return Job(
        id=job_id,
        arn=arn,
        name=request["jobName"],
        stem=stem,
        line=line,
        definition=definition,
        fixed=fixed,
        base=base,
        container=base,
        event_tags={"resourceArn": arn, **tags},
        event_stem=job_id[:_LENGTH_OF_EVENT_STEM],
        pulse_job_id=pulse_job_id,
        vcpus=vcpus,
        share=shares.get("shareIdentifier", ""),
        timeout_seconds=fixed["timeout"].get("attemptDurationSeconds") if "timeout" in fixed else None,
        size=size,
        waits_for=tuple(one["jobId"] for one in dependencies if "type" not in one),
        counts=dict.fromkeys(STATUSES, 0) if size else {},
    )


def child_of(parent: Job, index: int, now_ms: int) -> Job:
    """Returns a child of an array. It waits for what of the array's dependencies has a type."""
    job_id, arn = f"{parent.id}:{index}", f"{parent.arn}:{index}"
    waits_for = _awaited(parent.id, index, parent.fixed["dependsOn"])
    fixed = {
        **parent.fixed,
        "jobArn": arn,
        "jobId": job_id,
        "createdAt": now_ms,
        "dependsOn": [{"jobId": one} for one in waits_for],
        "arrayProperties": {"index": index, "statusSummary": {}},
    }
    return Job(
        id=job_id,
        arn=arn,
        name=parent.name,
        stem=f"{parent.stem}:{index}",
        line=parent.line,
        definition=parent.definition,
        fixed=fixed,
        base=parent.base,
        container=parent.base,
        event_tags=parent.event_tags,
        event_stem=f"{index:08x}{parent.id[8:_LENGTH_OF_EVENT_STEM]}",
        pulse_job_id=parent.pulse_job_id,
        vcpus=parent.vcpus,
        share=parent.share,
        timeout_seconds=parent.timeout_seconds,
        is_foreign=parent.is_foreign,
        parent=parent,
        index=index,
        waits_for=waits_for,
    )


def _container(definition: Definition, overrides: Mapping[str, Any]) -> tuple[Document, str, float]:
    """The container of the job, the Pulse job id in its environment, and its vCPUs."""
    own = definition.container
    environment = overrides.get("environment", [])
    if own["environment"]:
        environment = list({one["name"]: one for one in (*own["environment"], *environment)}.values())
    pulse_job_id = ""
    for one in environment:
        name = one["name"]
        if name == JOB_ID_VARIABLE:
            pulse_job_id = one["value"]
        elif name.startswith("AWS_BATCH"):
            raise checks.refused("SubmitJob", f"Environment variables must not start with AWS_BATCH: {name}")
    asked = overrides.get("resourceRequirements", ())
    requirements = {one["type"]: one for one in (*own["resourceRequirements"], *asked)}
    found = {
        **own,
        "command": overrides.get("command") or own["command"],
        "environment": environment,
        "resourceRequirements": list(requirements.values()),
    }
    return found, pulse_job_id, float(requirements["VCPU"]["value"])


def _strategy(given: Mapping[str, Any]) -> Document:
    """The retry strategy as AWS Batch shows it: its rules in small letters."""
    return {
        "attempts": given.get("attempts", 1),
        "evaluateOnExit": [
            {name: value.lower() for name, value in rule.items()} for rule in given.get("evaluateOnExit", ())
        ],
    }


def _awaited(parent_id: str, index: int, dependencies: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
    found = []
    for one in dependencies:
        if one.get("type") == "N_TO_N":
            found.append(f"{one['jobId']}:{index}")
        elif one.get("type") == "SEQUENTIAL" and index:
            found.append(f"{parent_id}:{index - 1}")
    return tuple(found)
