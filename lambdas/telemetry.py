"""Structured logs and EMF metrics, the same for all functions."""

from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit

from pulse.domain.fault import cut

if TYPE_CHECKING:
    from pulse.services.submit_job import Submission

NAMESPACE = "Pulse"
_REASON_CHARACTERS = 1000


def of(function: str) -> tuple[Logger, Metrics]:
    """The logger and the metrics of the function of this name."""
    return Logger(service=function), Metrics(namespace=NAMESPACE, service=function)


def submitted(logger: Logger, metrics: Metrics, what: str, submission: "Submission", **more: str) -> None:
    """Counts and logs that a call or a drop has its job."""
    ids = {"job_id": submission.record.job_id, "batch_job_id": submission.batch_job_id}
    count(metrics, "Duplicates" if submission.replayed else "Submitted")
    message = f"{what} was submitted before" if submission.replayed else f"{what} submitted"
    logger.info(message, extra=ids | more)
    if submission.unsettled:
        told = ids | {"reason": reason(submission.unsettled)}
        logger.error("The ledger does not know yet that the job runs", extra=told)


def reason(what: object) -> str:
    """Why something went wrong, as a log line may hold it: a reason may quote a whole input."""
    return cut(str(what), _REASON_CHARACTERS)


def count(metrics: Metrics, name: str) -> None:
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=1)
