"""From one state change of a job to the ledger and, at its end, to an alert.

Events come at least once and in any order. The record only moves forward (domain.job_status.position), under
a condition on the position it was read at; a late or repeated event changes nothing.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Literal

from msgspec import Struct

from pulse.domain.alert import Alert
from pulse.domain.errors import Misconfigured, Refused, Unavailable
from pulse.domain.job_alert import Place, job_alert
from pulse.domain.job_event import JobEvent
from pulse.domain.job_record import JobRecord, advanced, foreign, record_ids
from pulse.domain.s3_layout import metrics_key
from pulse.domain.training_metrics import TrainingMetrics, parse
from pulse.services.ports import Ledger, Objects
from pulse.services.publish_alert import PublishAlert

MAX_METRICS_BYTES = 4 * 1024 * 1024
_TRIES = 5
"""Concurrent events of one job collide at most a few times; then the queue delivers again."""

Effect = Literal["recorded", "late or repeated", "not ours"]


class Result(Struct, frozen=True, kw_only=True):
    """`not ours`: the child of an array, whose parent's events tell its end, or a job of another queue."""

    effect: Effect
    record: JobRecord | None = None
    alerted: bool = False


class RecordJobEvent(Struct, frozen=True, kw_only=True):
    """`queues` maps the ARNs of our queues to their names."""

    ledger: Ledger
    objects: Objects
    publish_alert: PublishAlert
    queues: Mapping[str, str]
    results_bucket: str
    place: Place
    clock: Callable[[], datetime]

    def record(self, event: JobEvent) -> Result:
        """Raises Unavailable and Misconfigured, so that the event is delivered again."""
        queue = self.queues.get(event.queue_arn)
        if queue is None or event.is_array_child:
            return Result(effect="not ours")
        for _ in range(_TRIES):
            before, free_id = self._find(event)
            if before is None:
                after = foreign(event, job_id=free_id, queue=queue, now=self.clock())
                written = self.ledger.create(after)
            elif moved := advanced(before, event):
                after = moved
                written = self.ledger.move(after, before=before.position)
            else:
                return Result(effect="late or repeated", record=before, alerted=self._tell(before))
            if written:
                return Result(effect="recorded", record=after, alerted=self._tell(after))
        raise Unavailable(f"Other events of AWS Batch job {event.batch_job_id} were faster {_TRIES} times.")

    def _find(self, event: JobEvent) -> tuple[JobRecord | None, str]:
        """The record of the event's job; or None, and the id under which a foreign job is recorded."""
        free = []
        for job_id in record_ids(event):
            record = self.ledger.record(job_id)
            if record is None:
                free.append(job_id)
            elif record.is_about(event):
                return record, record.job_id
        return None, (free or [event.batch_job_id])[0]

    def _tell(self, record: JobRecord) -> bool:
        """One alert at the end of a job, also when an earlier delivery of its last event died before it."""
        match record.status:
            case "SUCCEEDED" | "FAILED" as kind:
                return self.publish_alert.once(record, kind, lambda: self._alert(record))
            case _:
                return False

    def _alert(self, record: JobRecord) -> Alert:
        if record.status == "FAILED":
            return job_alert(record, self.place)
        metrics, note = self._metrics(record)
        return job_alert(record, self.place, metrics, note)

    def _metrics(self, record: JobRecord) -> tuple[TrainingMetrics | None, str]:
        """What the run reported, or why that is not told. An alert never waits for its metrics."""
        if record.results_bucket != self.results_bucket:
            return None, ""
        try:
            body = self.objects.read(
                self.results_bucket, metrics_key(record.job_id), limit_bytes=MAX_METRICS_BYTES
            )
        except (Misconfigured, Refused, Unavailable) as error:
            return None, f"Its metrics.json could not be read: {error}"
        if body is None:
            return None, "It wrote no metrics.json."
        metrics = parse(body)
        return metrics, "" if metrics else "Its metrics.json has another shape than this system knows."
