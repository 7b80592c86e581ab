"""What the functions of the HTTP API share: problem+json for whatever is wrong with a call, and JSON."""

from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING

import msgspec
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from lambdas.common.telemetry import reason
from pulse.api import problem
from pulse.api.problem import Problem
from pulse.domain.errors import PulseError, TryAgain

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger

JSON = "application/json"


def resolver(logger: "Logger") -> APIGatewayHttpResolver:
    """Without routes yet. What they raise becomes a problem, and its reason is logged."""
    app = APIGatewayHttpResolver()
    app.not_found(lambda _: problem_response(problem.NO_SUCH_RESOURCE))
    app.exception_handler(PulseError)(_refusing(logger))
    app.exception_handler(Exception)(_failing(logger))
    return app


def json(status: HTTPStatus, content: msgspec.Struct) -> Response[str]:
    return Response(status, JSON, msgspec.json.encode(content).decode())


def problem_response(what: Problem, headers: dict[str, str | list[str]] | None = None) -> Response[str]:
    body = msgspec.json.encode(what).decode()
    return Response(what.status, problem.CONTENT_TYPE, body, headers=headers or {})


def _refusing(logger: "Logger") -> Callable[[PulseError], Response[str]]:
    def refuse(error: PulseError) -> Response[str]:
        what = problem.of_error(error)
        if what.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            logger.error("Call failed", status=what.status, reason=reason(error))
        else:
            fields = [fault.field for fault in what.errors]
            logger.info("Call refused", status=what.status, type=what.type, fields=fields)
        wait = {"Retry-After": str(error.retry_after_seconds)} if isinstance(error, TryAgain) else {}
        return problem_response(what, {**wait})

    return refuse


def _failing(logger: "Logger") -> Callable[[Exception], Response[str]]:
    def fail(error: Exception) -> Response[str]:
        logger.error("Call failed", exc_info=error)
        return problem_response(problem.of_error(PulseError()))

    return fail
