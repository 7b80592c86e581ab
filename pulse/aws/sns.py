"""SNS: one publish an alert, in a rendering for each protocol that subscribes."""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec

from pulse.aws.errors import as_domain_errors
from pulse.domain.alerts.alert import Alert
from pulse.domain.alerts.renderings.amazon_q import notification
from pulse.domain.alerts.renderings.email import body, subject

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient


class Topic:
    """Needs `sns:Publish` on the topic."""

    def __init__(self, make_client: Callable[[], "SNSClient"], topic_arn: str) -> None:
        self._make_client = make_client
        self._topic_arn = topic_arn

    @cached_property
    def _client(self) -> "SNSClient":
        """Made when it is first wanted: most invocations alert nobody."""
        return self._make_client()

    def publish(self, alert: Alert) -> None:
        """Raises Unavailable, Misconfigured."""
        with as_domain_errors("Publishing an alert to SNS"):
            self._client.publish(TopicArn=self._topic_arn, **message(alert))


def message(alert: Alert) -> dict[str, Any]:
    """What Publish takes besides the topic. With MessageStructure json each protocol gets its own text:
    people e-mail, our queue the alert as data, Amazon Q (an https subscriber) its notification, and whatever
    else subscribes `default`.
    """
    text = body(alert)
    renderings = {
        "default": text,
        "email": text,
        "sqs": msgspec.json.encode(alert).decode(),
        "https": msgspec.json.encode(notification(alert)).decode(),
    }
    return {
        "Subject": subject(alert),
        "Message": msgspec.json.encode(renderings).decode(),
        "MessageStructure": "json",
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": value} for name, value in alert.attributes.items()
        },
    }
