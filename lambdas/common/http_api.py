"""What the functions of the HTTP API share: routes, and problem+json for whatever is wrong with a call."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from lambdas.common.telemetry import reason
from pulse.api import problem
from pulse.api.problem import Problem
from pulse.domain.errors import PulseError, TryAgain

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger

JSON = "application/json"
DEFAULT_ROUTE = "$default"
"""The key of the route that takes what no other does."""
Event = dict[str, Any]


class Answer(NamedTuple):
    status: HTTPStatus
    body: str
    content_type: str = JSON
    headers: Mapping[str, str] = MappingProxyType({})


Route = Callable[[Event], Answer]


def answer(event: Event, routes: Mapping[str, Route], logger: "Logger") -> dict[str, Any]:
    """The answer of the route that API Gateway has chosen, by its key: `GET /jobs/{id}`. What it raises is
    answered as a problem, and its reason is logged.
    """
    try:
        found = routes.get(event["routeKey"], no_such_resource)(event)
    except PulseError as error:
        found = _refused(error, logger)
    except Exception as error:
        logger.error("Call failed", exc_info=error)  # noqa: TRY400 - as a field
        found = problem_answer(problem.of_error(PulseError()))
    return {
        "statusCode": int(found.status),
        "headers": {"Content-Type": found.content_type, **found.headers},
        "body": found.body,
        "isBase64Encoded": False,
    }


def json(status: HTTPStatus, content: msgspec.Struct) -> Answer:
    return Answer(status, msgspec.json.encode(content).decode())


def problem_answer(what: Problem, headers: Mapping[str, str] = MappingProxyType({})) -> Answer:
    body = msgspec.json.encode(what).decode()
    return Answer(HTTPStatus(what.status), body, problem.CONTENT_TYPE, headers)


def no_such_resource(_: Event) -> Answer:
    return problem_answer(problem.NO_SUCH_RESOURCE)


def _refused(error: PulseError, logger: "Logger") -> Answer:
    what = problem.of_error(error)
    if what.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.error("Call failed", status=what.status, reason=reason(error))
    else:
        fields = [fault.field for fault in what.errors]
        logger.info("Call refused", status=what.status, type=what.type, fields=fields)
    wait = {"Retry-After": str(error.retry_after_seconds)} if isinstance(error, TryAgain) else {}
    return problem_answer(what, wait)
