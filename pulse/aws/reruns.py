"""SQS: asks submit_job, through the queue it takes from, for jobs that shall be submitted again."""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from pulse.aws.errors import translated
from pulse.domain.envelope import RERUN_REQUESTED, SOURCE

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class Reruns:
    """Needs `sqs:SendMessage` on the queue. An empty URL: no job is submitted again."""

    def __init__(self, make_client: Callable[[], "SQSClient"], queue_url: str) -> None:
        self._make_client = make_client
        self._queue_url = queue_url

    @property
    def wanted(self) -> bool:
        return bool(self._queue_url)

    @cached_property
    def _client(self) -> "SQSClient":
        """Made when it is first wanted: most invocations ask for nothing."""
        return self._make_client()

    def ask(self, job_id: str) -> None:
        """Raises Unavailable, Misconfigured."""
        event = {"source": SOURCE, "detail-type": RERUN_REQUESTED, "detail": {"job_id": job_id}}
        with translated("Asking for a job to be submitted again"):
            self._client.send_message(
                QueueUrl=self._queue_url, MessageBody=msgspec.json.encode(event).decode()
            )
