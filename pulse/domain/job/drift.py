"""Drift: which records AWS Batch may have left behind because an event was lost, and whether it has.

Only jobs that should have moved are asked for: on the normal path AWS Batch is never polled.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from pulse.domain.job.child import Child
from pulse.domain.job.event import JOB_ID_VARIABLE, JobEvent
from pulse.domain.job.record import JobRecord
from pulse.domain.job.status import position

Moving = Literal["RUNNING", "STARTING", "RUNNABLE", "PENDING", "SUBMITTED"]
Seconds = Annotated[int, Meta(ge=0, le=604_800, description="seconds, an integer from 0 to 604800")]

END_UNKNOWN = "AWS Batch no longer knows this job, and no event reported how it ended."
KEPT_BY_BATCH = timedelta(days=7)
"""At least so long after its end: https://docs.aws.amazon.com/batch/latest/userguide/service_limits.html"""
_UNCHANGED_SECONDS: dict[Moving, int] = {
    "RUNNING": 3600,
    "STARTING": 900,
    "RUNNABLE": 900,
    "PENDING": 3600,
    "SUBMITTED": 300,
}


class Patience(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """`unchanged_seconds`: how long a job may stay in a state before AWS Batch is asked; RUNNING, where it is
    not known how long the job should run. `late_seconds`: the event of a younger change may still come.
    """

    unchanged_seconds: dict[Moving, Seconds] = field(default_factory=_UNCHANGED_SECONDS.copy)
    late_seconds: Seconds = 120

    def is_over(self, record: JobRecord, moving: Moving, now: datetime) -> bool:
        """Whether a record in this state should have changed by now."""
        usual = record.usual.ran_p95_seconds if record.usual else None
        runs = (record.expected_seconds or usual) if moving == "RUNNING" else None
        seconds = runs or self.unchanged_seconds.get(moving, _UNCHANGED_SECONDS[moving])
        return now - unchanged_since(record) > timedelta(seconds=seconds)

    def is_late(self, happened_at: datetime | None, now: datetime) -> bool:
        """Whether the event of a change would have come by now; so it is when nobody knows when it was."""
        return happened_at is None or now - happened_at > timedelta(seconds=self.late_seconds)


def unchanged_since(record: JobRecord) -> datetime:
    """When its newest change happened; of a job of which none is known, when it was asked for."""
    return max((change.at for change in record.changes), default=record.created_at)


def has_drifted(record: JobRecord, event: JobEvent) -> bool:
    """Whether AWS Batch has got further with a job than the ledger knows. What is merely missing of its past
    does not count.
    """
    return position(event.status, len(event.attempts)) > record.position


def happened_at(event: JobEvent) -> datetime | None:
    """When a job that was looked up came into its state; None where DescribeJobs does not say."""
    times = {"RUNNING": event.started_at, "SUCCEEDED": event.stopped_at, "FAILED": event.stopped_at}
    return times.get(event.status)


def is_forgotten(record: JobRecord, now: datetime) -> bool:
    """Whether a job that AWS Batch does not list has ended so long ago that it need not."""
    return now - unchanged_since(record) > KEPT_BY_BATCH


def unknown_end(record: JobRecord, queue_arn: str) -> dict[str, Any]:
    """The detail that ends a record of which AWS Batch says nothing any more."""
    return {
        "jobId": record.batch_job_id,
        "jobName": record.job_name,
        "jobQueue": queue_arn,
        "status": "FAILED",
        "statusReason": END_UNKNOWN,
        "container": {"environment": [{"name": JOB_ID_VARIABLE, "value": record.job_id}]},
    }


def unheard_children(parent: JobRecord, noted: Sequence[Child]) -> list[str]:
    """AWS Batch's ids of the children of an ended array whose own end was never noted."""
    known = {child.index for child in noted}
    return [f"{parent.batch_job_id}:{i}" for i in range(parent.array_size or 0) if i not in known]
