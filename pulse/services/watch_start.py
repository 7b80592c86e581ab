"""What is done when a job begins: what earlier runs took is looked up, and told is what was asked for."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from msgspec import Struct, structs

from pulse.domain.alert import Alert
from pulse.domain.alerts_wanted import JobKind, is_wanted
from pulse.domain.due import Overdue, due_at
from pulse.domain.early_alert import started_alert, submitted_alert
from pulse.domain.job_alert import Place
from pulse.domain.job_record import JobRecord
from pulse.domain.usual import usual
from pulse.services.past_runs import MOST
from pulse.services.ports import Ledger
from pulse.services.publish_alert import PublishAlert
from pulse.services.watch_overdue import WatchOverdue

_BEGINNINGS: dict[JobKind, tuple[Callable[[JobRecord], bool], Callable[[JobRecord, Place], Alert]]] = {
    "SUBMITTED": (lambda _: True, submitted_alert),
    "STARTED": (lambda record: record.has_started, started_alert),
}
"""What is told before a job's end: from when on, and in which words."""


class WatchStart(Struct, frozen=True, kw_only=True):
    """`likely_usd`: what a job will likely cost, by its record and the timeout of an attempt, seconds."""

    ledger: Ledger
    watch_overdue: WatchOverdue
    publish_alert: PublishAlert
    overdue: Overdue
    likely_usd: Callable[[JobRecord, int | None], Decimal | None]
    place: Place
    clock: Callable[[], datetime]

    def learned(self, record: JobRecord, timeout_seconds: int | None) -> JobRecord:
        """The record of a job that has started, with what earlier runs took and when it is due. For a foreign
        job and for an array, whose children are no runs, nothing is looked up; else it takes one or two
        queries. Raises Unavailable, Misconfigured.
        """
        if not (record.foreign or record.array_size):
            record = self._compared(record, timeout_seconds)
        return structs.replace(record, due_at=due_at(record, self.overdue, now=self.clock()))

    def tell(self, record: JobRecord) -> tuple[JobKind, ...]:
        """Of a job that has not ended: sends the alerts that it asked for, each once, and sets the schedule
        by which it is overdue. Which alerts went out. Raises Unavailable, Misconfigured.
        """
        # What follows an array is no news: the array's own beginning was told.
        told = () if record.follows else tuple(kind for kind in _BEGINNINGS if self._told(record, kind))
        self.watch_overdue.expect(record)
        return told

    def _told(self, record: JobRecord, kind: JobKind) -> bool:
        is_due, alert = _BEGINNINGS[kind]
        return (
            is_wanted(record.alerts, kind)
            and is_due(record)
            and self.publish_alert.once(record, kind, lambda: alert(record, self.place))
        )

    def _compared(self, record: JobRecord, timeout_seconds: int | None) -> JobRecord:
        same_data = self.ledger.runs(dataset=record.dataset, most=MOST) if record.dataset else []
        ended_well = (run for run in same_data if run.status == "SUCCEEDED" and not run.array_size)
        last = next(ended_well, None)
        compared = structs.replace(record, compared_to=last.results_id if last else "")
        if record.follows:
            return compared
        known = usual(same_data)
        if known is None and record.profile:
            known = usual(self.ledger.runs(profile=record.profile, most=MOST))
        compared = structs.replace(compared, usual=known)
        return structs.replace(compared, quoted_usd=self.likely_usd(compared, timeout_seconds))
