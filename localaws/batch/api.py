"""The HTTP face of Batch: one request in, one answer out. Knows no MiniStack."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from localaws.batch import definitions, environments, limits, listing, policies, queues, tags
from localaws.batch.errors import BatchError, ClientException, ServerException, refused
from localaws.batch.model import Call, Document, Route, answer, checked, route

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from localaws.batch.engine import Engine
    from localaws.batch.scope import Scope
    from localaws.batch.state import Job, Region

logger = logging.getLogger("localaws.batch")

_JSON = {"Content-Type": "application/json"}
Answer = tuple[int, dict[str, str], bytes]
_LARGEST = {
    "SubmitJob": (30 * 1024, "Request payload"),
    "RegisterJobDefinition": (24 * 1024, "Job definition"),
}
MOST_ENDED_AT_ONCE = 50


def handle(engine: Engine, scope: Scope, call: Call) -> Answer:
    """The answer to a request whose caller is already authorized."""
    found = route(call)
    if found is None:
        unknown = f"AWS Batch has no operation {call.method} {call.path[:200]}"
        return error(404, "UnknownOperationException", unknown)
    try:
        request = valid(found, call)
        result = perform(engine, scope, found.operation.name, request)
        return 200, dict(_JSON), json.dumps(answer(found.operation, result)).encode()
    except BatchError as problem:
        return error(problem.status, problem.code, problem.message)
    except Exception as problem:
        logger.exception("%s broke", found.operation.name)
        return error(
            500, ServerException.code, f"The local AWS Batch failed: {type(problem).__name__}: {problem}"
        )


def perform(engine: Engine, scope: Scope, operation: str, request: Document) -> Document:
    """Carries out an operation with a checked request. Raises BatchError."""
    region = engine.state.region(scope)
    if operation in _OPERATIONS:
        result = _OPERATIONS[operation](region, request)
        if operation.startswith(("Create", "Update")):
            engine.wake()
        return result
    if operation in _ON_JOBS:
        return _ON_JOBS[operation](engine, region, request)
    raise ClientException(f"{operation} is not available on this machine")


def valid(found: Route, call: Call) -> Document:
    """The request, checked against Batch's model. Raises ClientException."""
    most, what = _LARGEST.get(found.operation.name, (None, ""))
    if most is not None and len(call.body) > most:
        raise refused(f"{what} must be at most {most} bytes, found {len(call.body)}")
    request: Document = checked(found.operation.input_shape, parameters(found, call))
    return request


def parameters(found: Route, call: Call) -> Document:
    """The request's members from its path, query string and JSON body.

    Raises ClientException for a body that is no JSON object.
    """
    try:
        members: Any = json.loads(call.body) if call.body.strip() else {}
    except ValueError as problem:
        raise ClientException(f"Request body is not JSON: {problem}") from problem
    if not isinstance(members, dict):
        raise ClientException("Request body must be a JSON object")
    members.update(found.path_parameters)
    if "tagKeys" in call.query:
        members["tagKeys"] = list(call.query["tagKeys"])
    return members


def _submit(engine: Engine, region: Region, request: Document) -> Document:
    job = engine.submit(region, request)
    return {name: job.detail[name] for name in ("jobArn", "jobName", "jobId")}


def _cancel(engine: Engine, region: Region, request: Document) -> Document:
    limits.check_reason(request["reason"])
    engine.cancel(_job(region, request["jobId"]), request["reason"])
    return {}


def _terminate(engine: Engine, region: Region, request: Document) -> Document:
    limits.check_reason(request["reason"])
    engine.terminate(_job(region, request["jobId"]), request["reason"])
    return {}


def _many(
    one: Callable[[Engine, Region, Document], Document],
) -> Callable[[Engine, Region, Document], Document]:
    """CancelJobs and TerminateJobs: each job by itself, the failures listed beside the successes."""

    def each(engine: Engine, region: Region, request: Document) -> Document:
        if len(request["jobs"]) > MOST_ENDED_AT_ONCE:
            raise refused(f"jobs must hold at most {MOST_ENDED_AT_ONCE} ids, found {len(request['jobs'])}")
        limits.check_reason(request["reason"])
        result: Document = {"successful": [], "errors": []}
        for job in request["jobs"]:
            try:
                one(engine, region, {"jobId": job, "reason": request["reason"]})
                result["successful"].append(job)
            except BatchError as problem:
                result["errors"].append({"job": job, "code": problem.code, "message": problem.message})
        return result

    return each


def _delete_queue(engine: Engine, region: Region, request: Document) -> Document:
    queue = region.queue(request["jobQueue"])
    queues.delete(region, request)
    if queue:
        engine.terminate_queue(region, queue["jobQueueArn"])
    return {}


def _job(region: Region, reference: str) -> Job:
    found = region.jobs.get(region.scope.name_of("job", reference) or "")
    if found is None:
        raise ClientException(f"Job {reference} does not exist")
    return found


def error(status: int, code: str, message: str) -> Answer:
    """An error as rest-json services write it: the code in a header and in the body."""
    body = json.dumps({"__type": code, "message": message}).encode()
    return status, {**_JSON, "x-amzn-errortype": code}, body


_OPERATIONS: Mapping[str, Callable[[Region, Document], Document]] = {
    "CreateComputeEnvironment": environments.create,
    "UpdateComputeEnvironment": environments.update,
    "DeleteComputeEnvironment": environments.delete,
    "DescribeComputeEnvironments": environments.describe,
    "CreateJobQueue": queues.create,
    "UpdateJobQueue": queues.update,
    "DescribeJobQueues": queues.describe,
    "CreateSchedulingPolicy": policies.create,
    "UpdateSchedulingPolicy": policies.update,
    "DeleteSchedulingPolicy": policies.delete,
    "DescribeSchedulingPolicies": policies.describe,
    "ListSchedulingPolicies": policies.listing,
    "RegisterJobDefinition": definitions.register,
    "DeregisterJobDefinition": definitions.deregister,
    "DescribeJobDefinitions": definitions.describe,
    "DescribeJobs": listing.describe,
    "ListJobs": listing.listing,
    "TagResource": tags.tag,
    "UntagResource": tags.untag,
    "ListTagsForResource": tags.listing,
}
_ON_JOBS: Mapping[str, Callable[[Engine, Region, Document], Document]] = {
    "SubmitJob": _submit,
    "CancelJob": _cancel,
    "CancelJobs": _many(_cancel),
    "TerminateJob": _terminate,
    "TerminateJobs": _many(_terminate),
    "DeleteJobQueue": _delete_queue,
}
