"""The door of dropped objects: a batch of SQS messages with S3's "Object Created" events from EventBridge."""

from typing import TYPE_CHECKING, Any

from lambdas import bootstrap, sqs_batch
from lambdas.telemetry import count, of, reason, submitted
from pulse.domain import envelope, s3_drop
from pulse.domain.s3_drop import S3Drop
from pulse.services.submit_drop import Outcome

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger, metrics = of("submit_job")


def submit_drops(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Submits each drop; the answer names the messages that SQS shall deliver again."""
    return sqs_batch.process(event, context, _submit, logger, metrics)


def _submit(body: str) -> None:
    event = envelope.opened(body, source="aws.s3", detail_types=["Object Created"])
    drop = s3_drop.parse(event.detail, time=event.time)
    outcome = bootstrap.submit_drop().submit(drop)
    _log(drop, outcome)


def _log(drop: S3Drop, outcome: Outcome) -> None:
    if submission := outcome.submission:
        submitted(logger, metrics, "Drop", submission, object=str(drop))
    else:
        count(metrics, "Rejected" if outcome.alerted else "Ignored")
        logger.info(
            "No job for drop", object=str(drop), reason=reason(outcome.reason), alerted=outcome.alerted
        )
