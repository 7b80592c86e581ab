"""The HTTP face of Batch: one request in, one answer out. Knows no MiniStack."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from localaws import json_text
from localaws.batch import iam
from localaws.batch.calls import (
    definitions,
    environments,
    limits,
    listing,
    policies,
    queue_snapshot,
    queues,
    tags,
)
from localaws.batch.engine import Engine
from localaws.batch.errors import BatchError, ClientException, ServerException, refused
from localaws.batch.model import Call, Document, Route, answer, checked, route

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from localaws.batch.memory.state import Job, Region
    from localaws.batch.scope import Scope

logger = logging.getLogger("localaws.batch")

_JSON = {"Content-Type": "application/json"}
Answer = tuple[int, dict[str, str], bytes]
LARGEST_SUBMISSION_BYTES = 30 * 1024
MOST_ENDED_AT_ONCE = 50


def handle(engine: Engine, scope: Scope, call: Call) -> Answer:
    """The answer to a request whose caller is already authorized."""
    found = route(call)
    if found is None:
        unknown = f"AWS Batch has no operation {call.method} {call.path[:200]}"
        return error(404, "UnknownOperationException", unknown)
    try:
        if found.operation.name == "SubmitJob":
            engine.throttle.admit(scope)
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
    if operation == "DescribeComputeEnvironments":
        _judge_environments(engine, region)
    if operation in _OPERATIONS:
        result = _OPERATIONS[operation](region, request)
        if operation.startswith(("Create", "Update")):
            _judge_environments(engine, region)
            engine.wake()
        return result
    if operation in _ON_JOBS:
        return _ON_JOBS[operation](engine, region, request)
    raise ClientException(f"{operation} is not available on this machine")


def _judge_environments(engine: Engine, region: Region) -> None:
    environments.judge(region, lambda role: engine.aws.trusts(region.scope, role, iam.BATCH_SERVICE))


def valid(found: Route, call: Call) -> Document:
    """The request, checked against Batch's model. Raises ClientException."""
    if found.operation.name == "SubmitJob" and len(call.body) > LARGEST_SUBMISSION_BYTES:
        raise refused(
            f"Request payload must be at most {LARGEST_SUBMISSION_BYTES} bytes, found {len(call.body)}"
        )
    request: Document = checked(found.operation.input_shape, parameters(found, call))
    return request


def parameters(found: Route, call: Call) -> Document:
    """The request's members from its path, query string and JSON body.

    Raises ClientException for a body that is no JSON object.
    """
    try:
        members: Any = json_text.loads(call.body) if call.body.strip() else {}
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


def _one(end: Callable[[Engine, Job, str], None]) -> Callable[[Engine, Region, Document], Document]:
    """CancelJob and TerminateJob. AWS answers 200 also for a job that nobody has:
    https://github.com/aws/aws-cli/issues/2551.
    """

    def it(engine: Engine, region: Region, request: Document) -> Document:
        limits.check_reason(request["reason"])
        if job := _find(region, request["jobId"]):
            end(engine, job, request["reason"])
        return {}

    return it


def _list(engine: Engine, region: Region, request: Document) -> Document:
    lag_ms = int(1000 * engine.settings.list_lag_seconds)
    return listing.listing(region, request, engine.settings.now_ms() - lag_ms)


def _snapshot(engine: Engine, region: Region, request: Document) -> Document:
    return queue_snapshot.snapshot(region, request, engine.settings.now_ms())


def _many(end: Callable[[Engine, Job, str], None]) -> Callable[[Engine, Region, Document], Document]:
    """CancelJobs and TerminateJobs. A job that cannot be found counts as processed successfully, as
    https://docs.aws.amazon.com/batch/latest/APIReference/API_CancelJobs.html says.
    """

    def each(engine: Engine, region: Region, request: Document) -> Document:
        if len(request["jobs"]) > MOST_ENDED_AT_ONCE:
            raise refused(f"jobs must hold at most {MOST_ENDED_AT_ONCE} ids, found {len(request['jobs'])}")
        limits.check_reason(request["reason"])
        for reference in request["jobs"]:
            if job := _find(region, reference):
                end(engine, job, request["reason"])
        return {"successful": request["jobs"], "errors": []}

    return each


def _delete_queue(engine: Engine, region: Region, request: Document) -> Document:
    queue = region.queue(request["jobQueue"])
    queues.delete(region, request)
    if queue:
        engine.terminate_queue(region, queue["jobQueueArn"])
    return {}


def _find(region: Region, reference: str) -> Job | None:
    return region.jobs.get(region.scope.name_of("job", reference) or "")


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
    "TagResource": tags.tag,
    "UntagResource": tags.untag,
    "ListTagsForResource": tags.listing,
}
_ON_JOBS: Mapping[str, Callable[[Engine, Region, Document], Document]] = {
    "SubmitJob": _submit,
    "CancelJob": _one(Engine.cancel),
    "CancelJobs": _many(Engine.cancel),
    "TerminateJob": _one(Engine.terminate),
    "TerminateJobs": _many(Engine.terminate),
    "ListJobs": _list,
    "GetJobQueueSnapshot": _snapshot,
    "DeleteJobQueue": _delete_queue,
}
