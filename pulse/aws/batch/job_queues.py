"""AWS Batch's job queues: who stands at the front, and what is in use."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pulse.aws.errors import as_domain_errors
from pulse.domain.views.queue import QueuePosition, Snapshot, Usage

if TYPE_CHECKING:
    from mypy_boto3_batch import BatchClient


_UTILIZATION = "queueUtilization"


class JobQueues:
    """Needs `batch:GetJobQueueSnapshot` on the queues."""

    def __init__(self, client: "BatchClient") -> None:
        self._client = client

    @property
    def _knows_utilization(self) -> bool:
        """An SDK that does not know the member leaves it out of the answer, whatever AWS says."""
        shape = self._client.meta.service_model.operation_model("GetJobQueueSnapshot").output_shape
        return shape is not None and _UTILIZATION in shape.members

    def snapshot(self, queue_arn: str) -> Snapshot:
        """Raises Unavailable, Misconfigured."""
        with as_domain_errors("Looking into a job queue"):
            answer: Any = self._client.get_job_queue_snapshot(jobQueue=queue_arn)
        return Snapshot(
            front=tuple(
                QueuePosition(job["jobArn"].rpartition("/")[2], _moment(job["earliestTimeAtPosition"]))
                for job in (answer.get("frontOfQueue") or {}).get("jobs") or []
            ),
            in_use=_in_use(answer.get(_UTILIZATION) or {}) if self._knows_utilization else None,
        )


def _in_use(utilization: dict[str, Any]) -> tuple[Usage, ...]:
    shares = (utilization.get("fairshareUtilization") or {}).get("topCapacityUtilization") or []
    return (
        *_usage(utilization.get("totalCapacityUsage")),
        *(u for share in shares for u in _usage(share.get("capacityUsage"), share["shareIdentifier"])),
    )


def _usage(capacity: list[dict[str, Any]] | None, share: str = "") -> list[Usage]:
    return [Usage(one["capacityUnit"], one["quantity"], share) for one in capacity or []]


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
