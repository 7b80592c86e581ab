"""Amazon EventBridge Scheduler: one-time schedules that put their input into a queue.

A schedule fires within a minute after its time, at least once, and deletes itself some time later:
https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html,
https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-delete.html
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from tests.simulation.account import ACCOUNT, REGION
from tests.simulation.faults import client_error
from tests.simulation.kernel import START, Kernel
from tests.simulation.mishaps import delay_seconds, happens
from tests.simulation.sqs_queue import Queue

LATE_SECONDS = 60.0
TWICE_SHARE = 0.01
_FIRING_SECONDS, _LATE_FIRING_SECONDS = 0.5, 10.0
"""Between the moment that nothing can stop it any more and the message in the queue."""
_KEPT_SECONDS = 60.0
"""How long a schedule that fired is still there, at most."""
_AT = re.compile(r"at\((\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})\)")
_NAME = re.compile(r"[0-9a-zA-Z_.-]{1,64}")


@dataclass(eq=False)
class Schedule:
    """`at`: when it is due, seconds since the start. `request`: the CreateSchedule that made it."""

    group: str
    name: str
    at: float
    queue: Queue
    input: str
    deletes_itself: bool
    request: object


class Scheduler:
    """The client, and what fires. `groups`: the schedule groups there are besides `default`."""

    def __init__(self, kernel: Kernel, queues: Iterable[Queue], groups: Collection[str] = ()) -> None:
        self.schedules: dict[tuple[str, str], Schedule] = {}
        """Those there are, by group and name."""
        self._kernel = kernel
        self._queues = {queue.arn: queue for queue in queues}
        self._groups = {"default", *groups}

    def add(self, queue: Queue) -> None:
        """Makes a queue known."""
        self._queues[queue.arn] = queue

    def create_schedule(  # noqa: PLR0913 - CreateSchedule's parameters
        self,
        *,
        Name: str,  # noqa: N803 - boto3's names
        ScheduleExpression: str,  # noqa: N803
        Target: Mapping[str, Any],  # noqa: N803
        FlexibleTimeWindow: Mapping[str, Any],  # noqa: N803
        GroupName: str = "default",  # noqa: N803
        ScheduleExpressionTimezone: str = "UTC",  # noqa: N803
        ActionAfterCompletion: str = "NONE",  # noqa: N803
        **_: Any,
    ) -> dict[str, Any]:
        """Creates a schedule. What one call sends twice has one client token, and creates one."""
        request = object()

        def create() -> dict[str, Any]:
            found = self.schedules.get((GroupName, Name))
            if found is not None and found.request is not request:
                raise client_error(
                    "CreateSchedule", "ConflictException", 409, f"Schedule {Name} already exists."
                )
            if found is None:
                self._check(Name, GroupName, Target, FlexibleTimeWindow, ScheduleExpressionTimezone)
                schedule = Schedule(
                    GroupName,
                    Name,
                    _seconds(ScheduleExpression),
                    self._queues[Target["Arn"]],
                    Target.get("Input", ""),
                    ActionAfterCompletion == "DELETE",
                    request,
                )
                self._set(schedule)
            return {"ScheduleArn": f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/{GroupName}/{Name}"}

        return self._kernel.call("scheduler", "CreateSchedule", create)

    def delete_schedule(self, *, Name: str, GroupName: str = "default", **_: Any) -> dict[str, Any]:  # noqa: N803
        """Deletes a schedule. What one call sends twice has one client token, and finds what it did."""
        done: list[None] = []

        def delete() -> dict[str, Any]:
            if not done:
                if (GroupName, Name) not in self.schedules:
                    said = f"Schedule {Name} does not exist."
                    raise client_error("DeleteSchedule", "ResourceNotFoundException", 404, said)
                del self.schedules[GroupName, Name]
                done.append(None)
            return {}

        return self._kernel.call("scheduler", "DeleteSchedule", delete)

    def _check(
        self, name: str, group: str, target: Mapping[str, Any], window: Mapping[str, Any], timezone: str
    ) -> None:
        if group not in self._groups:
            said = f"Schedule group {group} does not exist."
            raise client_error("CreateSchedule", "ResourceNotFoundException", 404, said)
        if not _NAME.fullmatch(name) or window.get("Mode") != "OFF" or timezone != "UTC":
            raise _invalid("The name, the time window or the time zone is not one that is known here.")
        if target["Arn"] not in self._queues or not target.get("RoleArn"):
            raise _invalid("The target is not valid.")

    def _set(self, schedule: Schedule) -> None:
        self.schedules[schedule.group, schedule.name] = schedule
        late = LATE_SECONDS * self._kernel.chance("late", schedule.group, schedule.name, schedule.at)
        wait = max(schedule.at - self._kernel.now, 0.0) + late
        self._kernel.after(wait, lambda: self._fire(schedule))

    def _fire(self, schedule: Schedule) -> None:
        if not self._is_there(schedule):
            return
        kernel, named = self._kernel, (schedule.group, schedule.name, schedule.at)
        for time in range(2 if happens(kernel, TWICE_SHARE, "fires twice", *named) else 1):
            wait = delay_seconds(kernel, _FIRING_SECONDS, _LATE_FIRING_SECONDS, "fires", *named, time)
            kernel.after(wait, lambda: _put(schedule))
        if schedule.deletes_itself:
            kernel.after(_KEPT_SECONDS * kernel.chance("kept", *named), lambda: self._end(schedule))

    def _end(self, schedule: Schedule) -> None:
        if self._is_there(schedule):
            del self.schedules[schedule.group, schedule.name]

    def _is_there(self, schedule: Schedule) -> bool:
        return self.schedules.get((schedule.group, schedule.name)) is schedule


def _put(schedule: Schedule) -> None:
    schedule.queue.put(schedule.input)


def _seconds(expression: str) -> float:
    """When a schedule is due, seconds since the start; one that is due already fires at once."""
    found = _AT.fullmatch(expression)
    try:
        at = datetime.fromisoformat(found[1]) if found else None
    except ValueError:
        at = None
    if at is None:
        raise _invalid("Invalid Schedule Expression.")
    return (at.replace(tzinfo=UTC) - START).total_seconds()


def _invalid(said: str) -> ClientError:
    return client_error("CreateSchedule", "ValidationException", 400, said)
