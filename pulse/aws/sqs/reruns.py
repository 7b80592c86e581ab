"""Asks submit_job, through the queue it takes from, for jobs that shall be submitted again."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from pulse.aws.sqs.messages import Messages
from pulse.domain.envelope import RERUN_REQUESTED
from pulse.domain.request.identity import AutomaticReason

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class Reruns:
    """Needs `sqs:SendMessage` on the queue. An empty URL: no job is submitted again."""

    def __init__(self, make_client: Callable[[], "SQSClient"], queue_url: str) -> None:
        self._queue = Messages(make_client, queue_url)
        self.wanted = bool(queue_url)

    def enqueue(self, job_id: str, because: AutomaticReason) -> None:
        """Raises Unavailable, Misconfigured."""
        self._queue.send(RERUN_REQUESTED, {"job_id": job_id, "because": because})
