"""Structured logs and EMF metrics, the same for all functions."""

import os
from enum import StrEnum
from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit, single_metric

from pulse.domain.fault import cut

if TYPE_CHECKING:
    from pulse.domain.job.record import JobRecord
    from pulse.services.submit.finish_claim import Submission

NAMESPACE = "Pulse"
"""Where the function is told no other: each environment has its own."""
CAUSE = "cause"
"""The dimension, beside `service`, by which Failed is counted once more. Its values are the diagnosis's."""
_REASON_CHARACTERS = 1000


class Job(StrEnum):
    """What is measured of jobs, for the dashboard and the alarms of `infra/constructs/monitoring.py`."""

    SUBMITTED = "Submitted"
    DUPLICATES = "Duplicates"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    QUEUE_WAIT = "QueueWait"
    RUNTIME = "Runtime"
    COST_USD = "CostUsd"
    ALERTS_SENT = "AlertsSent"
    DRIFT = "Drift"


def for_function(function: str) -> tuple[Logger, Metrics]:
    """The logger and the metrics of the function of this name."""
    return Logger(service=function), Metrics(
        namespace=os.environ.get("POWERTOOLS_METRICS_NAMESPACE", NAMESPACE), service=function
    )


def submitted(logger: Logger, metrics: Metrics, what: str, submission: "Submission", **more: str) -> None:
    """Counts and logs that a call or a drop has its job."""
    ids = {"job_id": submission.record.job_id, "batch_job_id": submission.batch_job_id}
    count(metrics, Job.DUPLICATES if submission.replayed else Job.SUBMITTED)
    message = f"{what} was submitted before" if submission.replayed else f"{what} submitted"
    logger.info(message, extra=ids | more)
    if submission.unsettled:
        details = ids | {"reason": reason(submission.unsettled)}
        logger.error("The ledger does not know yet that the job runs", extra=details)


def ended(metrics: Metrics, record: "JobRecord", *, cause: str = "") -> None:
    """Counts the end of a job with its wait and run in seconds and its cost in US dollars, as far as they are
    known. `cause`: the diagnosis's word for why it failed.
    """
    count(metrics, Job.SUCCEEDED if record.status == "SUCCEEDED" else Job.FAILED)
    measured = {
        Job.QUEUE_WAIT: (MetricUnit.Seconds, record.waited_seconds),
        Job.RUNTIME: (MetricUnit.Seconds, record.ran_seconds),
        Job.COST_USD: (MetricUnit.NoUnit, record.cost_usd),
    }
    for name, (unit, value) in measured.items():
        if value is not None:
            metrics.add_metric(name=name, unit=unit, value=float(value))
    if cause:
        _count_cause(metrics, cause)


def _count_cause(metrics: Metrics, cause: str) -> None:
    """In a document of its own: the dimensions of one hold for all of its metrics."""
    service = {"service": str(metrics.service)}
    with single_metric(
        Job.FAILED, MetricUnit.Count, 1, namespace=metrics.namespace, default_dimensions=service
    ) as one:
        one.add_dimension(CAUSE, cause)


def reason(what: object) -> str:
    """Why something went wrong, as a log line may hold it: a reason may quote a whole input."""
    return cut(str(what), _REASON_CHARACTERS)


def count(metrics: Metrics, name: str) -> None:
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=1)
