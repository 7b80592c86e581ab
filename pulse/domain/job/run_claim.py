"""claim.json, as far as it tells who holds a run: text from outside, bounded and printable from here on."""

from typing import Any

import msgspec
from msgspec import Struct

from pulse.domain.fault import cut, printable
from pulse.domain.job.record import JobRecord
from pulse.domain.parsing.json_fields import text
from pulse.domain.s3.layout import s3_uri

MAX_CLAIM_BYTES = 4096
_ID_CHARACTERS = 128
_TIME_CHARACTERS = 40


class RunClaim(Struct, frozen=True, kw_only=True):
    """`batch_job_id`: of the job that holds the run, in its own words."""

    batch_job_id: str
    claimed_at: str = ""


def parse(body: bytes) -> RunClaim | None:
    """The claim in a claim.json; None when it names no job."""
    try:
        written = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    holder = cut(printable(text(written.get("aws_batch_job_id"))), _ID_CHARACTERS)
    claimed_at = cut(printable(text(written.get("claimed_at"))), _TIME_CHARACTERS)
    return RunClaim(batch_job_id=holder, claimed_at=claimed_at) if holder else None


def in_words(claim: RunClaim, bucket: str, key: str, holder: JobRecord | None) -> str:
    """Who holds a run. `holder`: what the ledger knows of that job."""
    job = f" ({printable(holder.job_name)} in the queue {printable(holder.queue)})" if holder else ""
    since = f" since {claim.claimed_at}" if claim.claimed_at else ""
    return f"AWS Batch job {claim.batch_job_id}{job} holds it{since}: {s3_uri(bucket, key)} says so."
