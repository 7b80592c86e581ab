"""The function that submits: for `POST /jobs` of the HTTP API, and for objects in the data bucket."""

from typing import TYPE_CHECKING, Any

from lambdas.common.telemetry import for_function

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger, metrics = for_function("submit_job")


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """An HTTP API event (payload format 2.0), or a batch of SQS messages that hold EventBridge events."""
    # A process serves one door at a time and mostly the same one, so it loads only that one's libraries.
    if "Records" in event:
        from lambdas.submit_job_queue import submit_drops  # noqa: PLC0415

        return submit_drops(event, context)
    from lambdas.submit_job_api import answer  # noqa: PLC0415

    return answer(event)
