"""SQS: events of our own, put straight into the queue of the function that handles them."""

from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec

from pulse.aws.errors import as_domain_errors
from pulse.domain.envelope import SOURCE

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class Messages:
    """Needs `sqs:SendMessage` on the queue."""

    def __init__(self, make_client: Callable[[], "SQSClient"], queue_url: str) -> None:
        self._make_client = make_client
        self._queue_url = queue_url

    @cached_property
    def _client(self) -> "SQSClient":
        """Made when it is first wanted: most invocations send nothing."""
        return self._make_client()

    def send(self, detail_type: str, detail: dict[str, Any], *, time: datetime | None = None) -> None:
        """`time`: when it happened, UTC. Raises Unavailable, Misconfigured."""
        event = {"source": SOURCE, "detail-type": detail_type, "detail": detail}
        body = msgspec.json.encode(event | ({"time": time} if time else {}))
        with as_domain_errors(f"Sending {detail_type} to SQS"):
            self._client.send_message(QueueUrl=self._queue_url, MessageBody=body.decode())
