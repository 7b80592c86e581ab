"""The function that follows jobs: a batch of SQS messages with AWS Batch's events from EventBridge."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lambdas.common import sqs_batch
from lambdas.common.telemetry import Job, count, ended, for_function, reason
from lambdas.wiring import on_job_event as wiring
from pulse.domain import envelope
from pulse.domain.envelope import JOB_DESCRIBED, JOB_OVERDUE, JOB_WAITS, SOURCE, Envelope
from pulse.domain.errors import RetryLater
from pulse.domain.fault import printable
from pulse.domain.job import event as job_event

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from pulse.domain.job.event import JobEvent
    from pulse.domain.job.record import JobRecord

logger, metrics = for_function("on_job_event")


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    return sqs_batch.process(event, context, _take, logger, metrics)


def _take(body: str) -> None:
    event = envelope.opened(body, _TAKEN)
    count(metrics, "Events")
    _TAKEN[event.source, event.detail_type](event)


def _record(event: Envelope) -> None:
    change = _change(event)
    result = wiring.record_job_event().record(
        change, on_ended=lambda record, cause: ended(metrics, record, cause=cause)
    )
    for _ in result.alerted:
        count(metrics, Job.ALERTS_SENT)
    for trouble in result.trouble:
        logger.error(
            "Part of following a job failed", job_id=_id(result.record, change), reason=reason(trouble)
        )
    logger.info(
        "Job changed",
        effect=result.effect,
        job_id=_id(result.record, change),
        status=change.status,
        attempts=len(change.attempts),
        foreign=bool(result.record and result.record.foreign),
        alerted=result.alerted,
    )
    if result.again_in_seconds:
        raise RetryLater("Failed children of the array have sent no event yet.", result.again_in_seconds)


def _blocked(event: Envelope) -> None:
    """A queue whose first job cannot start."""
    count(metrics, "QueuesBlocked")
    _waits(event)


def _waits(event: Envelope) -> None:
    """A job that cannot start."""
    change = _change(event)
    result = wiring.watch_blocked().handle(change)
    for _ in result.alerted:
        count(metrics, Job.ALERTS_SENT)
    logger.warning(
        "Job cannot start",
        job_id=_id(result.record, change),
        queue=change.queue_arn,
        reason=reason(printable(change.status_reason)),
        alerted=result.alerted,
    )


def _overdue(event: Envelope) -> None:
    """A job that should have ended by now, unless it has."""
    job_id = str(event.detail.get("job_id", ""))
    logger.append_keys(job_id=printable(job_id[:128]))
    found = wiring.watch_overdue().check(job_id)
    if found == "alerted":
        count(metrics, Job.ALERTS_SENT)
    logger.info("Job due", effect=found)


def _change(event: Envelope) -> "JobEvent":
    change = job_event.parse(event.detail, at=event.time)
    logger.append_keys(job_id=_id(None, change), batch_job_id=change.batch_job_id)
    return change


def _id(record: "JobRecord | None", change: "JobEvent") -> str:
    return record.job_id if record else printable(change.named_job_id[:128])


_TAKEN: dict[tuple[str, str], Callable[[Envelope], None]] = {
    ("aws.batch", "Batch Job State Change"): _record,
    ("aws.batch", "Batch Job Queue Blocked"): _blocked,
    (SOURCE, JOB_DESCRIBED): _record,
    (SOURCE, JOB_WAITS): _waits,
    (SOURCE, JOB_OVERDUE): _overdue,
}
