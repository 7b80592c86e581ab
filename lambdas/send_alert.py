"""Posts alerts to Slack: handles a batch of SQS messages, each the JSON of one alert (raw SNS delivery)."""

from typing import TYPE_CHECKING, Any

import msgspec

from lambdas.common import sqs_batch
from lambdas.common.telemetry import count, for_function
from lambdas.wiring import shared
from pulse.domain.alerts.alert import Alert

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

POST_MILLISECONDS = 12_000
"""What one post may take: a connection and an answer, at the time-outs of pulse.aws.webhook."""

logger, metrics = for_function("send_alert")


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    left = context.get_remaining_time_in_millis
    return sqs_batch.process(
        event,
        context,
        lambda body: _send(body, patience_seconds=(left() - POST_MILLISECONDS) / 1000),
        logger,
        metrics,
        needed_milliseconds=POST_MILLISECONDS,
    )


def _send(body: str, *, patience_seconds: float) -> None:
    alert = msgspec.json.decode(body, type=Alert)
    logger.append_keys(job_id=alert.job_id)
    shared.post_slack().post(alert, patience_seconds=patience_seconds)
    count(metrics, "SlackMessages")
    logger.info("Alert posted to Slack", kind=alert.kind, about=alert.about)
