"""A run is claimed before it works: whichever AWS Batch job writes claim.json first has it.

SubmitJob has no client token, so one run may have been submitted twice. A retried attempt keeps its job's id
and goes on.
"""

import json
from datetime import datetime

from data_sidecar.bucket import Bucket
from data_sidecar.clock import stamp
from data_sidecar.failure import ExitCode, Failure
from data_sidecar.logs import logger
from data_sidecar.settings import Settings

CLAIM = "claim.json"
_LONGEST = 4096


def claim(results: Bucket, settings: Settings, now: datetime) -> None:
    """Does nothing outside AWS Batch. Raises Failure (76 when another AWS Batch job has the run)."""
    mine = settings.batch_job_id
    if mine is None:
        return
    key = settings.results_prefix + CLAIM
    content = {"aws_batch_job_id": mine, "claimed_at": stamp(now)}
    if results.create(key, json.dumps(content).encode(), "application/json"):
        logger.info("Claimed %s for AWS Batch job %s", results.uri(key), mine)
        return
    holder = _holder(results.read(key, _LONGEST)[1])
    if holder != mine:
        raise Failure(
            ExitCode.CLAIMED,
            f"{settings.run} belongs to AWS Batch job {holder or 'unknown'} ({results.uri(key)}). This one, "
            f"{mine}, did nothing. If it is the one that you submitted, find out who submitted the other.",
        )
    logger.info("AWS Batch job %s has claimed this run before: another attempt", mine)


def _holder(payload: bytes) -> str | None:
    """The id in a claim; None when the object is no claim."""
    try:
        return str(json.loads(payload)["aws_batch_job_id"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
