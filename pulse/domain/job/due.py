"""When a job is overdue, and how long AWS Batch may be unable to start one before an alert."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from pulse.domain.job.record import JobRecord
from pulse.domain.request.alerts_wanted import is_wanted

BlockedReason = Literal[
    "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY",
    "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE",
    "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT",
    "MISCONFIGURATION:EC2_INSTANCE_CONFIGURATION_UNSUPPORTED",
    "MISCONFIGURATION:SERVICE_ROLE_PERMISSIONS",
    "ACTION_REQUIRED",
    "UNDETERMINED",
    "default",
]
"""Those of AWS Batch, and `default` for any other:
https://docs.aws.amazon.com/batch/latest/userguide/job_stuck_in_runnable.html"""
DwellSeconds = Annotated[int, Meta(ge=0, le=604_800, description="seconds, an integer from 0 to 604800")]
LATE_SECONDS = 60
"""A schedule that comes too late fires so long after it is set: time for the job's end to be heard of."""
_OTHER: BlockedReason = "default"
_DWELL_SECONDS: dict[BlockedReason, int] = {
    "default": 1800,
    "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE": 0,
    "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT": 1200,
    "MISCONFIGURATION:EC2_INSTANCE_CONFIGURATION_UNSUPPORTED": 0,
    "MISCONFIGURATION:SERVICE_ROLE_PERMISSIONS": 0,
    "ACTION_REQUIRED": 0,
    "UNDETERMINED": 3600,
}


class Overdue(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where a request does not say how long its job should run: so many percent more than 95 of 100 earlier
    runs took, and at least so many seconds.
    """

    margin_percent: Annotated[int, Meta(ge=0, le=1000, description="percent, an integer from 0 to 1000")] = 50
    least_seconds: Annotated[
        int, Meta(ge=0, le=1_209_600, description="seconds, an integer from 0 to 1209600 (14 days)")
    ] = 300


class Watch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """`blocked_dwell_seconds`: how long AWS Batch cannot start a job for one of its reasons, and for any
    other (`default`), before an alert goes out.
    """

    overdue: Overdue = Overdue()
    blocked_dwell_seconds: dict[BlockedReason, DwellSeconds] = field(default_factory=_DWELL_SECONDS.copy)

    def dwell(self, reason: str) -> timedelta:
        """`reason`: AWS Batch's status reason, of which the word before the first space decides."""
        word = next(iter(reason.split(maxsplit=1)), "")
        seconds = {str(known): value for known, value in self.blocked_dwell_seconds.items()}
        return timedelta(seconds=seconds.get(word, seconds.get(_OTHER, _DWELL_SECONDS[_OTHER])))


def due_at(record: JobRecord, overdue: Overdue, *, now: datetime) -> datetime | None:
    """When a job that has started is overdue, UTC: after what its request says, else after what earlier runs
    took, with the margin. None when neither is known, or nobody wants to hear of it.
    """
    seconds = record.due_seconds
    if seconds is None and record.usual:
        learned = record.usual.ran_p95_seconds * (100 + overdue.margin_percent) / 100
        seconds = max(overdue.least_seconds, learned)
    if seconds is None or not is_wanted(record.alerts, "OVERDUE"):
        return None
    return (record.started_at or now) + timedelta(seconds=seconds)
