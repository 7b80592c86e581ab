"""The function that tells: of jobs, of one and of its log, of queues and costs, of the API, and that there is
nothing else.
"""

from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler import Response

from lambdas.common import callers, http_api, http_input
from lambdas.common.telemetry import count, for_function
from lambdas.wiring import get_job as wiring
from lambdas.wiring import shared
from pulse.api import problem
from pulse.api.answers import costs as month_costs_answer
from pulse.api.answers import jobs as job_answers
from pulse.api.answers import queues

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from pulse.domain.access import Guard

logger, metrics = for_function("get_job")
app = http_api.resolver(logger)


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    count(metrics, "Calls")
    return app.resolve(event, context)


@app.get("/jobs")
def jobs() -> Response[str]:
    found = wiring.list_jobs().page(_query(), _guard())
    return http_api.json(HTTPStatus.OK, job_answers.page(found))


@app.get("/jobs/<job_id>")
def get(job_id: str) -> Response[str]:
    guard = _guard()
    read = partial(wiring.get_job().get, guard=guard)
    known = shared.find_job().do(http_input.job_id(job_id), read, guard)
    return http_api.json(HTTPStatus.OK, job_answers.story(known, shared.console()))


@app.get("/jobs/<job_id>/logs")
def log(job_id: str) -> Response[str]:
    guard = _guard()
    read = partial(wiring.read_log().page, query=_query(), guard=guard)
    found = shared.find_job().do(http_input.job_id(job_id), read, guard)
    return http_api.json(HTTPStatus.OK, job_answers.log(found))


@app.get("/costs")
def costs() -> Response[str]:
    found = wiring.list_costs().costs(_query(), _guard())
    return http_api.json(HTTPStatus.OK, month_costs_answer.costs(found))


@app.get("/queue")
def queue() -> Response[str]:
    return http_api.json(HTTPStatus.OK, queues.queues(wiring.get_queue().views(_query(), _guard())))


@app.get("/openapi.json")
def openapi() -> Response[str]:
    return Response(HTTPStatus.OK, http_api.JSON, wiring.openapi())


@app.not_found
def nothing_else(error: Exception) -> Response[str]:
    """The HTTP API's default route leads here: a path that is none, or one with another method. So does an
    id with characters that no id has.
    """
    from pulse.api.openapi.operations import methods_of  # noqa: PLC0415 - seldom wanted

    del error
    allowed = methods_of(app.current_event.path)
    if not allowed or app.current_event.http_method in allowed:
        return http_api.problem_response(problem.NO_SUCH_RESOURCE)
    return http_api.problem_response(problem.method_not_allowed(allowed), {"Allow": ", ".join(allowed)})


def _query() -> dict[str, str]:
    return app.current_event.raw_event.get("queryStringParameters") or {}


def _guard() -> "Guard":
    return callers.guard(app.current_event.raw_event)
