"""The names of one job: ours, and the AWS Batch job name that follows from it."""

import re
from datetime import UTC, datetime
from typing import Literal

_PREFIX = "batch-"
_MADE = re.compile(r"(?:[A-Za-z0-9_-]*-)?(20[0-9]{12}-[0-9a-f]{8}(?:-merge|-rank)?)\Z")
_USABLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}\Z")


def job_id(now: datetime, random_hex: str) -> str:
    """`batch-YYYYMMDDHHMMSS-xxxxxxxx` in UTC, the form that PULSE_JOB_ID has always had."""
    return f"{_PREFIX}{now.astimezone(UTC):%Y%m%d%H%M%S}-{random_hex[:8]}"


def job_name(prefix: str, job_id: str) -> str:
    """Follows from the job id alone, so that a submission whose answer was lost is found by its name."""
    return f"{prefix}-{job_id.removeprefix(_PREFIX)}"


def id_of_name(name: str) -> str:
    """The id of the job that `job_name` gave this name, or the id that this is; empty where it is neither."""
    found = _MADE.match(name)
    return f"{_PREFIX}{found[1]}" if found else ""


def follower_id(job_id: str, work: Literal["merge", "rank"]) -> str:
    """The id of the job that works on what the array `job_id` wrote."""
    return f"{job_id}-{work}"


def usable_as_job_id(text: str) -> bool:
    """Whether a PULSE_JOB_ID that somebody else chose can key a record and stand in an S3 prefix."""
    return _USABLE.match(text) is not None
