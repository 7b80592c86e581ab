"""The function that cancels: `POST /jobs/{id}/cancel` of the HTTP API."""

from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from lambdas.common import callers, http_api, http_input
from lambdas.common.telemetry import count, for_function
from lambdas.wiring import shared
from pulse.api.answers import submissions
from pulse.api.requests import cancellation

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger, metrics = for_function("cancel_job")


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], _context: "LambdaContext") -> dict[str, Any]:
    count(metrics, "Calls")
    return http_api.answer(event, _ROUTES, logger)


def _cancel(event: dict[str, Any]) -> http_api.Answer:
    wanted = cancellation(http_input.object_body(event))
    guard = callers.guard(event)
    cancelled = partial(shared.cancel_job().cancel, reason=wanted.reason, guard=guard)
    record = shared.find_job().do(http_input.job_id(event), cancelled, guard)
    count(metrics, "Cancelled")
    logger.info("Job cancelled", job_id=record.job_id, batch_job_id=record.batch_job_id)
    return http_api.json(HTTPStatus.ACCEPTED, submissions.cancelled(record))


_ROUTES: dict[str, http_api.Route] = {"POST /jobs/{id}/cancel": _cancel}
