"""The function that finds what a lost event left behind, called by a clock."""

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.metrics import MetricUnit

from lambdas.common.telemetry import Job, for_function
from lambdas.wiring import reconcile_jobs as wiring

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger, metrics = for_function("reconcile_jobs")


@logger.inject_lambda_context
@metrics.log_metrics
def handler(_event: dict[str, Any], _context: "LambdaContext") -> dict[str, int]:
    """How many jobs were looked up, repaired, and found that cannot start; how many submissions are being
    finished or were given up; and how many floods of refused drops are over. Drift is measured also when
    there is none, so that its alarm has data.
    """
    found = wiring.reconcile_jobs().reconcile()
    claims = wiring.resume_claims().resume()
    floods = wiring.find_floods().find()
    for repair in found.repairs:
        logger.warning(
            "Job repaired",
            job_id=repair.job_id,
            batch_job_id=repair.batch_job_id,
            was=repair.was,
            status=repair.status,
        )
    for job_id in claims.resumed:
        logger.warning("Submission is being finished", job_id=job_id)
    for job_id in claims.given_up:
        logger.error("Claim given up", job_id=job_id)
    metrics.add_metric(name=Job.DRIFT, unit=MetricUnit.Count, value=len(found.repairs))
    counts = {
        "looked_up": found.looked_up,
        "repaired": len(found.repairs),
        "blocked": len(found.blocked),
        "resumed": len(claims.resumed),
        "given_up": len(claims.given_up),
        "floods": floods,
    }
    logger.info("Ledger compared with AWS Batch", extra=counts)
    return counts
