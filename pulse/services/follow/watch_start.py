"""Handles a job's start: looks up what earlier runs took, and sends the alerts that its request wants."""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal

from msgspec import Struct, structs

from pulse.domain.alerts.alert import Alert
from pulse.domain.alerts.job_ended import Deployment
from pulse.domain.alerts.job_underway import started_alert, submitted_alert
from pulse.domain.job.due import Overdue, due_at
from pulse.domain.job.record import JobRecord
from pulse.domain.job.usual import usual
from pulse.domain.request.alerts_wanted import JobKind, is_wanted
from pulse.services.alert.publish_alert import PublishAlert
from pulse.services.follow.watch_overdue import WatchOverdue
from pulse.services.query.past_runs import PastRuns

_BEGINNINGS: dict[JobKind, tuple[Callable[[JobRecord], bool], Callable[[JobRecord, Deployment], Alert]]] = {
    "SUBMITTED": (lambda _: True, submitted_alert),
    "STARTED": (lambda record: record.has_started, started_alert),
}
"""The alerts before a job's end: when each is due, and the function that writes it."""


class WatchStart(Struct, frozen=True, kw_only=True):
    """`likely_usd`: what a job will likely cost, by its record, the timeout of an attempt and what earlier
    runs took, seconds.
    """

    past_runs: PastRuns
    watch_overdue: WatchOverdue
    publish_alert: PublishAlert
    overdue: Overdue
    likely_usd: Callable[[JobRecord, int | None, Sequence[float]], Decimal | None]
    deployment: Deployment
    clock: Callable[[], datetime]

    def with_history(self, record: JobRecord, timeout_seconds: int | None) -> JobRecord:
        """The record of a job that has started, with what earlier runs took and when it is due. For a foreign
        job nothing is looked up; else it takes one or two queries. Raises Unavailable, Misconfigured.
        """
        if not record.foreign:
            record = self._compared(record, timeout_seconds)
        return structs.replace(record, due_at=due_at(record, self.overdue, now=self.clock()))

    def alert(self, record: JobRecord) -> tuple[JobKind, ...]:
        """Sends the alerts that a running job's request wants, each once, and schedules the check whether it
        is overdue. Returns the alerts that went out. Raises Unavailable, Misconfigured.
        """
        # What follows an array is no news: the array's own beginning was told.
        sent = () if record.follows else tuple(kind for kind in _BEGINNINGS if self._send(record, kind))
        self.watch_overdue.schedule(record)
        return sent

    def _send(self, record: JobRecord, kind: JobKind) -> bool:
        is_due, alert = _BEGINNINGS[kind]
        return (
            is_wanted(record.alerts, kind)
            and is_due(record)
            and self.publish_alert.once(record, kind, lambda: alert(record, self.deployment))
        )

    def _compared(self, record: JobRecord, timeout_seconds: int | None) -> JobRecord:
        same_data = self.past_runs.of_dataset(record.dataset, record.training)
        ended_well = (run for run in same_data if run.status == "SUCCEEDED" and not run.array_size)
        last = next(ended_well, None)
        compared = structs.replace(record, compared_to=last.results_id if last else "")
        if record.follows:
            return compared
        runs = self.past_runs.of_profile(record.profile, record.training, same_data)
        quoted_usd = self.likely_usd(record, timeout_seconds, [run.ran_seconds or 0 for run in runs])
        # No child of an array is like a whole run.
        known = None if record.array_size else usual(runs)
        return structs.replace(compared, usual=known, quoted_usd=quoted_usd)
