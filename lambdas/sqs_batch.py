"""A batch of SQS messages, one by one, with partial failures: only what failed is delivered again."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import Metrics
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from lambdas.telemetry import count, reason
from pulse.domain.errors import PulseError, TryAgain
from pulse.domain.validation import InvalidInput

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


def process(
    event: dict[str, Any],
    context: "LambdaContext",
    handle: Callable[[str], None],
    logger: Logger,
    metrics: Metrics,
) -> dict[str, Any]:
    """Calls `handle` with each message's body. What it raises is logged here and fails that message only."""

    def record_handler(record: SQSRecord) -> None:
        try:
            handle(record.body)
        except TryAgain as error:
            count(metrics, "DeliveredAgain")
            logger.warning("Will be delivered again", message_id=record.message_id, reason=reason(error))
            raise
        except (PulseError, InvalidInput) as error:
            count(metrics, "Unprocessable")
            logger.error("Cannot be processed", message_id=record.message_id, reason=reason(error))  # noqa: TRY400
            raise
        except Exception:
            count(metrics, "Failed")
            logger.exception("Failed", message_id=record.message_id)
            raise

    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    answer = process_partial_response(event, record_handler, processor, context)
    return dict(answer)
