"""What each operation of the HTTP API may answer: its own answers, its problems, what API Gateway says."""

from http import HTTPStatus

from pulse.api import problem
from pulse.api.openapi.operations import Operation
from pulse.api.openapi.schemas import Schema, reference
from pulse.api.problem import Problem
from pulse.domain.errors import TryAgain

JSON = "application/json"
MESSAGE: Schema = {
    "description": "API Gateway's own answer.",
    "type": "object",
    "properties": {"message": {"type": ["string", "null"]}},
    "required": ["message"],
}
_GATEWAY: dict[HTTPStatus, str] = {
    HTTPStatus.FORBIDDEN: "Not signed, or by somebody who may not call this API.",
    HTTPStatus.TOO_MANY_REQUESTS: "More calls than the API takes at once.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Pulse failed; its log says why.",
    HTTPStatus.SERVICE_UNAVAILABLE: "Not now.",
}
"""What API Gateway answers itself: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-troubleshooting-lambda.html"""


def responses(operation: Operation) -> dict[str, Schema]:
    """By status."""
    found = _answers(operation) | _refusals(operation)
    return {str(int(status)): found[status] for status in sorted(found)}


def _answers(operation: Operation) -> dict[HTTPStatus, Schema]:
    return {
        status: {
            "description": status.phrase,
            "content": {JSON: {"schema": reference(kind) if kind else {"type": "object"}}},
        }
        for status, kind in operation.answers.items()
    }


def _refusals(operation: Operation) -> dict[HTTPStatus, Schema]:
    """Each status once, with every type of problem that it may stand for."""
    kinds: dict[HTTPStatus, list[problem.Kind]] = {}
    for error in operation.errors:
        if kind := problem.kind_of(error):
            kinds.setdefault(kind.status, []).append(kind)
    refusals = {status: _gateways(text) for status, text in _GATEWAY.items()}
    for status, found in kinds.items():
        refusal = refusals.setdefault(status, {"description": "", "content": {}})
        refusal["description"] = ". ".join(kind.title for kind in found) + "."
        types = [kind.type for kind in found]
        if status == problem.NO_SUCH_RESOURCE.status:  # a path with something in it that no id can hold
            types.append(problem.NO_SUCH_RESOURCE.type)
        refusal["content"][problem.CONTENT_TYPE] = _problem(status, types)
        if any(issubclass(kind.error, TryAgain) for kind in found):
            refusal["headers"] = {"Retry-After": {"$ref": "#/components/headers/RetryAfter"}}
    failure = refusals[HTTPStatus.INTERNAL_SERVER_ERROR]
    failure["content"][problem.CONTENT_TYPE] = _problem(HTTPStatus.INTERNAL_SERVER_ERROR, ["about:blank"])
    return refusals


def _gateways(description: str) -> Schema:
    message = {"$ref": "#/components/schemas/Message"}
    return {"description": description, "content": {JSON: {"schema": message}}}


def _problem(status: HTTPStatus, types: list[str]) -> Schema:
    narrowed = {"properties": {"type": {"enum": types}, "status": {"const": int(status)}}}
    return {"schema": {"allOf": [reference(Problem), narrowed]}}
