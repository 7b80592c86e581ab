"""The door of what waits in the queue: S3's "Object Created" events, failed jobs to submit again, claims
that nobody came back to finish, and floods of refused drops.
"""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from msgspec import convert

from lambdas.common import sqs_batch
from lambdas.common.telemetry import Job, count, for_function, reason, submitted
from lambdas.wiring import shared
from pulse.domain import envelope
from pulse.domain.envelope import Envelope
from pulse.domain.fault import printable
from pulse.domain.request import drop as s3_drop
from pulse.domain.request.identity import AutomaticReason
from pulse.services.submit.submit_drop import DropOutcome

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger, metrics = for_function("submit_job")


def submit_drops(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Submits each drop; the answer names the messages that SQS shall deliver again."""
    return sqs_batch.process(event, context, _take, logger, metrics)


def _take(body: str) -> None:
    event = envelope.opened(body, _TAKEN)
    _TAKEN[event.source, event.detail_type](event)


def _submit(event: Envelope) -> None:
    drop = s3_drop.parse(event.detail, time=event.time)
    logger.append_keys(object=str(drop))
    outcome = shared.submit_drop().submit(drop)
    _log(outcome)


def _rerun(event: Envelope) -> None:
    """A failed job, with more of what it lacked."""
    job_id = _job_id(event)
    because: AutomaticReason = convert(event.detail.get("because", "memory"), AutomaticReason)
    outcome = shared.rerun_job().with_what_it_lacked(job_id, because)
    if outcome.submission:
        submitted(logger, metrics, "Rerun", outcome.submission, rerun_of=printable(job_id[:128]))
        return
    count(metrics, "Refused")
    if outcome.alerted:
        count(metrics, Job.ALERTS_SENT)
    logger.warning("No rerun", reason=reason(outcome.reason), alerted=outcome.alerted)


def _finish(event: Envelope) -> None:
    submission = shared.finish_claim().finish(_job_id(event))
    submitted(logger, metrics, "Abandoned claim", submission)


def _alert_flood(event: Envelope) -> None:
    since = datetime.fromisoformat(str(event.detail.get("since", "")))
    if shared.submit_drop().alert_flood(since):
        count(metrics, Job.ALERTS_SENT)
    logger.warning("Many drops refused", since=str(since))


def _job_id(event: Envelope) -> str:
    job_id = str(event.detail.get("job_id", ""))
    logger.append_keys(job_id=printable(job_id[:128]))
    return job_id


def _log(outcome: DropOutcome) -> None:
    if submission := outcome.submission:
        submitted(logger, metrics, "Drop", submission)
    else:
        count(metrics, "Rejected" if outcome.alerted else "Ignored")
        if outcome.alerted:
            count(metrics, Job.ALERTS_SENT)
        logger.info("No job for drop", reason=reason(outcome.reason), alerted=outcome.alerted)


_TAKEN: dict[tuple[str, str], Callable[[Envelope], None]] = {
    ("aws.s3", "Object Created"): _submit,
    (envelope.SOURCE, envelope.RERUN_REQUESTED): _rerun,
    (envelope.SOURCE, envelope.CLAIM_ABANDONED): _finish,
    (envelope.SOURCE, envelope.DROPS_REFUSED): _alert_flood,
}
