"""The function that tells: of jobs, of one and of its log, of queues and costs, of the API, and that there is
nothing else.
"""

from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from lambdas.common import callers, http_api, http_input
from lambdas.common.http_api import Answer, Event
from lambdas.common.telemetry import count, for_function
from lambdas.wiring import get_job as wiring
from lambdas.wiring import shared

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

# A process is mostly asked one thing, so what an answer looks like is imported where it is made.
# ruff: noqa: PLC0415

logger, metrics = for_function("get_job")


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], _context: "LambdaContext") -> dict[str, Any]:
    count(metrics, "Calls")
    return http_api.answer(event, _ROUTES, logger)


def _jobs(event: Event) -> Answer:
    from pulse.api.answers import jobs

    found = wiring.list_jobs().page(http_input.query(event), callers.guard(event))
    return http_api.json(HTTPStatus.OK, jobs.page(found))


def _job(event: Event) -> Answer:
    from pulse.api.answers import jobs

    guard = callers.guard(event)
    read = partial(wiring.get_job().get, guard=guard)
    known = shared.find_job().do(http_input.job_id(event), read, guard)
    return http_api.json(HTTPStatus.OK, jobs.story(known, shared.console()))


def _log(event: Event) -> Answer:
    from pulse.api.answers import jobs

    guard = callers.guard(event)
    read = partial(wiring.read_log().page, query=http_input.query(event), guard=guard)
    found = shared.find_job().do(http_input.job_id(event), read, guard)
    return http_api.json(HTTPStatus.OK, jobs.log(found))


def _costs(event: Event) -> Answer:
    from pulse.api.answers import costs

    found = wiring.list_costs().costs(http_input.query(event), callers.guard(event))
    return http_api.json(HTTPStatus.OK, costs.costs(found))


def _queue(event: Event) -> Answer:
    from pulse.api.answers import queues

    found = wiring.get_queue().views(http_input.query(event), callers.guard(event))
    return http_api.json(HTTPStatus.OK, queues.queues(found))


def _trainings(_: Event) -> Answer:
    from pulse.api.answers import trainings

    described = shared.catalogue().trainings.values()
    return http_api.json(HTTPStatus.OK, trainings.trainings(described))


def _openapi(_: Event) -> Answer:
    return Answer(HTTPStatus.OK, wiring.openapi())


def _nothing_else(event: Event) -> Answer:
    """A path that is none, or one with another method."""
    from pulse.api import problem
    from pulse.api.openapi.operations import methods_of

    allowed = methods_of(event["rawPath"])
    if not allowed or event["requestContext"]["http"]["method"] in allowed:
        return http_api.no_such_resource(event)
    return http_api.problem_answer(problem.method_not_allowed(allowed), {"Allow": ", ".join(allowed)})


_ROUTES: dict[str, http_api.Route] = {
    "GET /jobs": _jobs,
    "GET /jobs/{id}": _job,
    "GET /jobs/{id}/logs": _log,
    "GET /costs": _costs,
    "GET /queue": _queue,
    "GET /trainings": _trainings,
    "GET /openapi.json": _openapi,
    http_api.DEFAULT_ROUTE: _nothing_else,
}
