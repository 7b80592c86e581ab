"""EventBridge Scheduler: one-time schedules that send on_job_event each job that should have ended."""

from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec
from botocore.exceptions import ClientError

from pulse.aws.errors import as_domain_errors, code
from pulse.domain.envelope import JOB_OVERDUE, SOURCE
from pulse.domain.schedule_target import ScheduleTarget

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_scheduler import EventBridgeSchedulerClient

_SECOND = timedelta(seconds=1)


class Schedules:
    """Needs `scheduler:CreateSchedule` and `scheduler:DeleteSchedule` on the group's schedules, and
    `iam:PassRole` on the role. `make` makes the client when it is first wanted. Without a target nothing is
    scheduled.
    """

    def __init__(
        self, make: "Callable[[], EventBridgeSchedulerClient]", target: ScheduleTarget | None
    ) -> None:
        self._make = make
        self._target = target

    @cached_property
    def _client(self) -> "EventBridgeSchedulerClient":
        return self._make()

    def set(self, job_id: str, at: datetime) -> None:
        """Schedules "Job Overdue" at that time, within a minute after it, unless the job has a schedule.

        The schedule deletes itself when it has fired:
        https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-delete.html

        Raises Unavailable, Misconfigured.
        """
        if self._target is None:
            return
        with as_domain_errors(f"Scheduling when job {job_id} is overdue"):
            try:
                self._client.create_schedule(**request(self._target, job_id, at))
            except ClientError as error:
                if code(error) != "ConflictException":
                    raise

    def delete(self, job_id: str) -> None:
        """Nothing happens when there is no such schedule, or it has fired. Raises Unavailable,
        Misconfigured.
        """
        if self._target is None:
            return
        with as_domain_errors(f"Deleting the schedule of job {job_id}"):
            try:
                self._client.delete_schedule(GroupName=self._target.group, Name=job_id)
            except ClientError as error:
                if code(error) != "ResourceNotFoundException":
                    raise


def request(target: ScheduleTarget, job_id: str, at: datetime) -> dict[str, Any]:
    """CreateSchedule's parameters. Its times have whole seconds, so `at` is rounded up."""
    whole = at.astimezone(UTC).replace(microsecond=0)
    moment = whole if whole == at else whole + _SECOND
    event = {"source": SOURCE, "detail-type": JOB_OVERDUE, "detail": {"job_id": job_id}}
    return {
        "GroupName": target.group,
        "Name": job_id,
        "Description": "When this job should have ended",
        "ScheduleExpression": f"at({moment:%Y-%m-%dT%H:%M:%S})",
        "ScheduleExpressionTimezone": "UTC",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "ActionAfterCompletion": "DELETE",
        "Target": {
            "Arn": target.queue_arn,
            "RoleArn": target.role_arn,
            "DeadLetterConfig": {"Arn": target.dead_letters_arn},
            "Input": msgspec.json.encode(event).decode(),
        },
    }
