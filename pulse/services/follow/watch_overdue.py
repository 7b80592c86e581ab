"""Tells of a job that runs longer than it should: by a one-time schedule, set when it starts.

The record says when (`due_at`) and is written before the schedule is set, so an event that is delivered again
sets what is missing. A schedule that fires late, twice, or after the job's end does no harm.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from pulse.domain.alerts.job_ended import Deployment
from pulse.domain.alerts.job_underway import overdue_alert
from pulse.domain.errors import PulseError
from pulse.domain.job.due import LATE_SECONDS
from pulse.domain.job.record import JobRecord
from pulse.domain.request.alerts_wanted import is_wanted
from pulse.services.alert.publish_alert import PublishAlert
from pulse.services.ports.ledger import Ledger
from pulse.services.ports.messages import Schedules

Found = Literal["alerted", "alerted before", "ended", "unknown", "not wanted"]


class WatchOverdue(Struct, frozen=True, kw_only=True):
    ledger: Ledger
    schedules: Schedules
    publish_alert: PublishAlert
    deployment: Deployment
    clock: Callable[[], datetime]

    def schedule(self, record: JobRecord) -> None:
        """Schedules `check` for when the job is due, if it ever is. Raises Unavailable, Misconfigured."""
        if record.due_at:
            now = self.clock()
            late = now + timedelta(seconds=LATE_SECONDS)
            self.schedules.set(record.job_id, record.due_at if record.due_at > now else late)

    def unschedule(self, record: JobRecord) -> str:
        """Removes the schedule of a job that has ended. Returns why that failed, in AWS's words, for the log
        only: a schedule that is left fires once in vain, and is gone.
        """
        try:
            if record.due_at:
                self.schedules.delete(record.job_id)
        except PulseError as error:
            return str(error)
        return ""

    def check(self, job_id: str) -> Found:
        """Sends one alert if the job has not ended when its schedule fires. Raises Unavailable,
        Misconfigured.
        """
        record = self.ledger.record(job_id)
        if record is None:
            return "unknown"
        if record.is_terminal:
            return "ended"
        if not is_wanted(record.alerts, "OVERDUE"):
            return "not wanted"
        sent = self.publish_alert.once(
            record, "OVERDUE", lambda: overdue_alert(record, self.deployment, now=self.clock())
        )
        return "alerted" if sent else "alerted before"
