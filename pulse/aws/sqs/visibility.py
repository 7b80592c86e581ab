"""SQS: when a message that could not be handled comes again."""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from pulse.aws.errors import as_domain_errors

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

MOST_SECONDS = 43_000
"""A message may stay invisible for 12 hours after it was received, and this one was received a while ago."""


class Visibility:
    """Needs `sqs:GetQueueUrl` and `sqs:ChangeMessageVisibility` on the queue."""

    def __init__(self, make_client: Callable[[], "SQSClient"]) -> None:
        self._make_client = make_client

    @cached_property
    def _client(self) -> "SQSClient":
        """Made when it is first wanted: hardly any message is put off."""
        return self._make_client()

    def put_off(self, queue_arn: str, receipt_handle: str, seconds: int) -> None:
        """The message comes again in so many seconds, not before and not only after its queue's visibility
        timeout. Raises Unavailable, Misconfigured.
        """
        name, account = queue_arn.rpartition(":")[2], queue_arn.split(":")[4]
        with as_domain_errors("Putting a message off"):
            url = self._client.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"]
            self._client.change_message_visibility(
                QueueUrl=url, ReceiptHandle=receipt_handle, VisibilityTimeout=min(seconds, MOST_SECONDS)
            )
