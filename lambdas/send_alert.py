"""The function that tells Slack: a batch of SQS messages, each the JSON of one alert (raw SNS delivery)."""

from typing import TYPE_CHECKING, Any

import msgspec

from lambdas import bootstrap, sqs_batch
from lambdas.telemetry import count, of
from pulse.domain.alert import Alert

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger, metrics = of("send_alert")


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    return sqs_batch.process(event, context, _send, logger, metrics)


def _send(body: str) -> None:
    alert = msgspec.json.decode(body, type=Alert)
    bootstrap.post_slack().post(alert)
    count(metrics, "SlackMessages")
    logger.info("Alert posted to Slack", kind=alert.kind, job_id=alert.job_id, about=alert.about)
