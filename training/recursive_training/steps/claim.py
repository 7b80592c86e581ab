"""A run is claimed before it works: whichever AWS Batch job writes claim.json first has it.

SubmitJob has no client token, so one run may have been submitted twice. A retried attempt keeps its job's id
and goes on.
"""

import json
from datetime import UTC, datetime

from recursive_training.data.s3 import Bucket
from recursive_training.errors import AlreadyClaimedError
from recursive_training.logs import logger
from recursive_training.options import Options

CLAIM = "claim.json"


def claim(results: Bucket, options: Options, now: datetime) -> None:
    """Does nothing outside AWS Batch. `now` is aware.

    Raises AlreadyClaimedError when another AWS Batch job has the run, and TrainingError as S3 refuses.
    """
    mine = options.aws_batch_job_id
    if mine is None:
        return
    key = options.results_folder + CLAIM
    claimed_at = now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    content = {"aws_batch_job_id": mine, "claimed_at": claimed_at}
    if results.create(key, json.dumps(content).encode(), "application/json"):
        logger.info("Claimed s3://%s/%s for AWS Batch job %s", results.name, key, mine)
        return
    holder = _holder(results.read(key).payload)
    if holder != mine:
        raise AlreadyClaimedError(
            f"Run {options.job_id} belongs to AWS Batch job {holder or 'unknown'} "
            f"(s3://{results.name}/{key}). This one, {mine}, did nothing. "
            "If it is the one that you submitted, find out who submitted the other."
        )
    logger.info("AWS Batch job %s has claimed this run before: another attempt", mine)


def _holder(payload: bytes) -> str | None:
    """The id in a claim; None when the object is no claim."""
    try:
        return str(json.loads(payload)["aws_batch_job_id"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
