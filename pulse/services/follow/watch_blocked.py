"""Tells of a job that AWS Batch cannot start, once that has lasted for the dwell time of the reason.

AWS Batch speaks of a blocked queue some time after it is, and again as long as it is. Where the dwell time is
longer than that, the reconciler, which knows the jobs that do not move, looks again.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from msgspec import Struct, structs

from pulse.domain.alerts.job_ended import Deployment
from pulse.domain.alerts.job_underway import blocked_alert
from pulse.domain.diagnosis.blocked import UNDETERMINED
from pulse.domain.errors import RetryLater, Unavailable
from pulse.domain.fault import cut
from pulse.domain.job.drift import unchanged_since
from pulse.domain.job.due import Watch
from pulse.domain.job.event import JobEvent
from pulse.domain.job.record import JobRecord
from pulse.domain.request.alerts_wanted import is_wanted
from pulse.services.alert.publish_alert import PublishAlert
from pulse.services.follow.record_job_event import EventResult, RecordJobEvent
from pulse.services.ports.ledger import Ledger

DETECTED_AFTER = timedelta(minutes=10)
"""An assumption: for how long AWS Batch looks before it says that a job blocks its queue. It documents no
time; its own limits for such jobs (jobStateTimeLimitActions) begin at ten minutes.
"""
_WAITING = {"RUNNABLE", "PENDING"}
"""PENDING is an array, whose children wait."""
_REASON_CHARACTERS = 1024
_TRIES = 5


class WatchBlocked(Struct, frozen=True, kw_only=True):
    ledger: Ledger
    record_job_event: RecordJobEvent
    publish_alert: PublishAlert
    watch: Watch
    deployment: Deployment
    clock: Callable[[], datetime]

    def handle(self, event: JobEvent) -> EventResult:
        """Handles an event that says why a RUNNABLE job cannot start. Raises Unavailable,
        Misconfigured.
        """
        try:
            result = self.record_job_event.record(event)
        except RetryLater:
            # Another call is sending another alert of the job: this one need not wait for that.
            if event.status == "RUNNABLE" and (record := self.record_job_event.record_of(event)):
                self.check(record, event.status_reason or UNDETERMINED)
            raise
        if result.effect == "not ours" or event.status != "RUNNABLE":
            return result
        is_part = event.is_array_child or event.is_node
        record = self.record_job_event.parent_of(event) if is_part else result.record
        if record and self.check(record, event.status_reason or UNDETERMINED):
            return structs.replace(result, record=record, alerted=(*result.alerted, "BLOCKED"))
        return structs.replace(result, record=record)

    def check(self, record: JobRecord, reason: str) -> bool:
        """Notes why a RUNNABLE job cannot start, and alerts, once a job, when the dwell time is over.
        `reason`: AWS Batch's status reason. Whether an alert went out. Raises Unavailable, Misconfigured.
        """
        reason = cut(reason, _REASON_CHARACTERS)
        noted = self._noted(record, reason)
        if noted is None or not is_wanted(noted.alerts, "BLOCKED"):
            return False
        now = self.clock()
        # What waits behind others is not blocked, however long that is.
        since = max(unchanged_since(noted), (noted.blocked_since or now) - DETECTED_AFTER)
        # Clocks differ: a job that begins to wait in the future has waited for no time.
        if max(timedelta(0), now - since) < self.watch.dwell(reason):
            return False
        return self.publish_alert.once(
            noted, "BLOCKED", lambda: blocked_alert(noted, self.deployment, reason=reason, now=now)
        )

    def _noted(self, record: JobRecord, reason: str) -> JobRecord | None:
        """The record with the reason, and since when; None when the job has moved on. An array has no reason:
        it is one child's.
        """
        now: JobRecord | None = record
        for _ in range(_TRIES):
            if now is None or now.status not in _WAITING:
                return None
            noted = "" if now.array_size else reason
            if now.blocked_since and now.blocked_reason == noted:
                return now
            after = structs.replace(
                now,
                blocked_reason=noted,
                blocked_since=now.blocked_since or self.clock(),
                revision=now.revision + 1,
            )
            if self.ledger.update_if_unchanged(after, before=now.position):
                return after
            now = self.ledger.record(record.job_id)
        raise Unavailable(f"Events of job {record.job_id} were faster {_TRIES} times.")
