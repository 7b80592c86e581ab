"""From one state change of a job to the ledger and, at its end, to an alert.

Events come at least once and in any order. The record only moves forward (domain.job_status.position), under
a condition on the position it was read at; a late or repeated event changes nothing.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Literal

from msgspec import Struct

from pulse.domain.alert import Alert
from pulse.domain.errors import Misconfigured, PulseError, Refused, Unavailable
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

_UNREAD: dict[type[PulseError], str] = {
    # S3 denies an object that does not exist to those who may not list its bucket.
    Misconfigured: "Its metrics.json is missing or may not be read.",
    Unavailable: "Its metrics.json could not be read, because S3 failed.",
}

Effect = Literal["recorded", "late or repeated", "not ours"]


class Result(Struct, frozen=True, kw_only=True):
    """`not ours`: the child of an array, whose parent's events tell its end, or a job of another queue.
    `trouble`: why the alert has no metrics, in AWS's own words, which are for the log only.
    """

    effect: Effect
    record: JobRecord | None = None
    alerted: bool = False
    trouble: str = ""


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
                return self._told("late or repeated", before)
            if written:
                return self._told("recorded", after)
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

    def _told(self, effect: Effect, record: JobRecord) -> Result:
        """One alert at the end of a job, also when an earlier delivery of its last event died before it."""
        trouble: list[str] = []
        match record.status:
            case "SUCCEEDED" | "FAILED" as kind:
                alerted = self.publish_alert.once(record, kind, lambda: self._alert(record, trouble))
            case _:
                alerted = False
        return Result(effect=effect, record=record, alerted=alerted, trouble="; ".join(trouble))

    def _alert(self, record: JobRecord, trouble: list[str]) -> Alert:
        if record.status == "FAILED":
            return job_alert(record, self.place)
        metrics, note = self._metrics(record, trouble)
        return job_alert(record, self.place, metrics, note)

    def _metrics(self, record: JobRecord, trouble: list[str]) -> tuple[TrainingMetrics | None, str]:
        """What the run reported, or why that is not told; what went wrong is added to `trouble`. An alert
        never waits for its metrics.
        """
        if record.results_bucket != self.results_bucket:
            return None, ""
        try:
            body = self.objects.read(
                self.results_bucket, metrics_key(record.job_id), limit_bytes=MAX_METRICS_BYTES
            )
        except Refused as error:
            return None, f"Its metrics.json was not read. {error}"
        except (Misconfigured, Unavailable) as error:
            trouble.append(str(error))
            return None, _UNREAD[type(error)]
        if body is None:
            return None, "It wrote no metrics.json."
        metrics = parse(body)
        return metrics, "" if metrics else "Its metrics.json has another shape than this system knows."
