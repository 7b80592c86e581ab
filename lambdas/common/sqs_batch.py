"""A batch of SQS messages, one by one, with partial failures: only what failed is delivered again."""

import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lambdas.common.telemetry import count, reason
from lambdas.wiring import shared
from pulse.domain.errors import NotAccepted, PulseError, RetryLater, TryAgain, Unavailable
from pulse.domain.validation import InvalidInput

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger
    from aws_lambda_powertools.metrics import Metrics
    from aws_lambda_powertools.utilities.typing import LambdaContext

Message = dict[str, Any]
"""As Lambda hands it on."""

NEEDED_MILLISECONDS = 20_000
"""What one drop may take until AWS Batch has answered, at the read time-outs of pulse.aws.clients: its file,
its claim, SubmitJob. Cut off after that, the job's first event settles the claim; cut off before, the claim
stays until somebody looks.
"""
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 10, 240
_ABOUT = ("job_id", "batch_job_id", "object")
"""What `handle` appends to the logger's keys as soon as it knows what a message is about."""


def process(  # noqa: PLR0913 - the last is for one function only
    event: dict[str, Any],
    context: "LambdaContext",
    handle: Callable[[str], None],
    logger: "Logger",
    metrics: "Metrics",
    *,
    needed_milliseconds: int = NEEDED_MILLISECONDS,
) -> dict[str, Any]:
    """Calls `handle` with each message's body, and names the messages that SQS shall deliver again. What it
    raises is logged here, with what it appended to the logger's keys, and fails that message only.

    Messages for which too little of the invocation's time is left are not begun: they come again. So do those
    that are asked to wait, as soon as they were asked to, and jobs for which AWS Batch was too busy.
    """
    left = context.get_remaining_time_in_millis
    # A function may be given less time than that, and shall still take what comes first.
    needed = min(needed_milliseconds, left() * 3 // 4)

    def handled(message: Message) -> bool:
        message_id = message["messageId"]
        try:
            if left() < needed:
                raise Unavailable("Those before it in the batch left too little time. It was not begun.")  # noqa: TRY301 - logged as the others
            handle(message["body"])
        except TryAgain as error:
            count(metrics, "DeliveredAgain")
            logger.warning("Will be delivered again", message_id=message_id, reason=reason(error))
            if isinstance(error, RetryLater):
                _put_off(message, error.retry_after_seconds, logger)
            if isinstance(error, NotAccepted):
                _put_off(message, _pause_seconds(message), logger)
        except (PulseError, InvalidInput) as error:
            count(metrics, "Unprocessable")
            logger.error("Cannot be processed", message_id=message_id, reason=reason(error))  # noqa: TRY400
        except Exception:
            count(metrics, "Crashed")
            logger.exception("Failed", message_id=message_id)
        else:
            return True
        finally:
            logger.remove_keys(_ABOUT)
        return False

    failed = [message for message in event["Records"] if not handled(message)]
    return {"batchItemFailures": [{"itemIdentifier": message["messageId"]} for message in failed]}


def _pause_seconds(message: Message) -> int:
    """Longer each time, and random, so that those of one burst do not meet again: of five deliveries the last
    comes three minutes after the first, or later.
    """
    deliveries = int(message.get("attributes", {}).get("ApproximateReceiveCount", 1))
    most = min(FIRST_PAUSE_SECONDS * 3 ** (deliveries - 1), LONGEST_PAUSE_SECONDS)
    return random.randint(most // 2, most)  # noqa: S311 - spreads callers, guards nothing


def _put_off(message: Message, seconds: int, logger: "Logger") -> None:
    """Where that fails, the queue's visibility timeout decides."""
    try:
        shared.visibility().put_off(message["eventSourceARN"], message["receiptHandle"], seconds)
    except PulseError as error:
        logger.warning("Could not be put off", message_id=message["messageId"], reason=reason(error))
