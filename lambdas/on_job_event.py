"""The function that follows jobs: a batch of SQS messages with AWS Batch's events from EventBridge."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lambdas import bootstrap, sqs_batch
from lambdas.telemetry import Job, count, ended, of, reason
from pulse.domain import envelope, job_event
from pulse.domain.diagnosis import diagnose
from pulse.domain.envelope import Envelope
from pulse.domain.fault import printable

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger, metrics = of("on_job_event")


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    return sqs_batch.process(event, context, _take, logger, metrics)


def _take(body: str) -> None:
    event = envelope.opened(body, _TAKEN)
    count(metrics, "Events")
    _TAKEN[event.source, event.detail_type](event)


def _record(event: Envelope) -> None:
    change = job_event.parse(event.detail, at=event.time)
    result = bootstrap.record_job_event().record(change)
    if result.ended and result.record:
        failed = result.record.status == "FAILED"
        ended(metrics, result.record, cause=diagnose(result.record).cause if failed else "")
    if result.alerted:
        count(metrics, Job.ALERTS_SENT)
    if result.record and result.trouble:
        logger.error("No metrics for the alert", job_id=result.record.job_id, reason=reason(result.trouble))
    logger.info(
        "Job changed",
        effect=result.effect,
        job_id=result.record.job_id if result.record else printable(change.named_job_id[:128]),
        batch_job_id=change.batch_job_id,
        status=change.status,
        attempts=len(change.attempts),
        foreign=bool(result.record and result.record.foreign),
        alerted=result.alerted,
    )


def _blocked(event: Envelope) -> None:
    """A queue whose first job cannot start. The job itself has not changed."""
    count(metrics, "QueuesBlocked")
    change = job_event.parse(event.detail)
    logger.warning(
        "Queue blocked",
        job_id=printable(change.named_job_id[:128]),
        batch_job_id=change.batch_job_id,
        queue=change.queue_arn,
        reason=reason(printable(change.status_reason)),
    )


_TAKEN: dict[tuple[str, str], Callable[[Envelope], None]] = {
    ("aws.batch", "Batch Job State Change"): _record,
    ("aws.batch", "Batch Job Queue Blocked"): _blocked,
}
