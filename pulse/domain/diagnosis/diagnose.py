"""Diagnosis: from the way a job ended, or waits, to its cause, in words, and to what helps. Tables: the first
row that fits decides.

The rows are in stopped.py (ended by a person or a limit, and what blocks a queue),
image.py and start.py (never started), and ended.py (ran and ended).
"""

from collections.abc import Sequence

from msgspec import Struct

from pulse.domain.diagnosis.blocked import NO_CAPACITY, UNDETERMINED, WAITS_LONG, stuck
from pulse.domain.diagnosis.ended import (
    CHILD_FAILED,
    DEPENDENCY_FAILED,
    ENDED,
    OF_TRAINING,
    OUT_OF_MEMORY,
    SPOT_RECLAIMED,
    UNKNOWN,
)
from pulse.domain.diagnosis.evidence import evidence
from pulse.domain.diagnosis.image import IMAGE
from pulse.domain.diagnosis.start import START
from pulse.domain.diagnosis.stopped import CANCELLED, STOPPED
from pulse.domain.job.record import JobRecord
from pulse.domain.text.redaction import redacted, redacted_lines

__all__ = [
    "CANCELLED",
    "CHILD_FAILED",
    "DEPENDENCY_FAILED",
    "DUPLICATE",
    "OUT_OF_MEMORY",
    "SPOT_RECLAIMED",
    "UNKNOWN",
    "UNREADABLE_FILE",
    "Diagnosis",
    "blocked",
    "diagnose",
]

UNREADABLE_FILE = "unreadable-file"
"""The cause of the training's exit code 65."""
DUPLICATE = "duplicate"
"""The cause of the training's exit code 76: another AWS Batch job does the work."""
LOG_LINES_SHOWN = 20
_REASON_CHARACTERS = 1024
ROWS = (*STOPPED, *IMAGE, *START, *ENDED)


class Diagnosis(Struct, frozen=True):
    """`cause` is a word for filters and metrics, `explanation` and `advice` are sentences for people.

    `retry_helps`: the same job, tried again at once as it is, may end well. `log_lines`: the last ones,
    without secrets.
    """

    cause: str
    explanation: str
    advice: str
    retry_helps: bool
    log_lines: tuple[str, ...] = ()


def diagnose(record: JobRecord, log_lines: Sequence[str] = ()) -> Diagnosis:
    """Why the job of a FAILED record failed, followed by AWS Batch's own words. `log_lines`: the end of its
    log, the last line last.
    """
    known = evidence(record, log_lines)
    row = next(row for row in ROWS if row.fits(known))
    if row is OF_TRAINING and (own := record.own_meaning):
        return Diagnosis(
            own.cause,
            own.explanation + _own_words(record),
            own.advice,
            own.retry_helps,
            redacted_lines(log_lines[-LOG_LINES_SHOWN:]),
        )
    return Diagnosis(
        row.cause,
        row.explanation.format(denial=known.denial) + _own_words(record),
        row.advice.format(denial=known.denial),
        row.retry_helps,
        redacted_lines(log_lines[-LOG_LINES_SHOWN:]),
    )


def blocked(reason: str, *, spot: bool = False) -> Diagnosis:
    """Why a job stays RUNNABLE: `reason` is the status reason of "Batch Job Queue Blocked", empty where AWS
    Batch gives none.

    `spot`: the queue tries Spot first, and then UNDETERMINED means a lack of capacity
    (https://github.com/apache/airflow/issues/38298).
    """
    if not reason:
        return Diagnosis(*WAITS_LONG)
    why = NO_CAPACITY if spot and reason.startswith(UNDETERMINED) else stuck(reason)
    return Diagnosis(
        why.cause,
        f"{why.explanation} It waits at the head of its queue, and what is behind it waits too. "
        f"AWS Batch says: {redacted(reason, _REASON_CHARACTERS)}",
        why.advice,
        why.retry_helps,
    )


def _own_words(record: JobRecord) -> str:
    code = [] if record.exit_code is None else [f"exit code {record.exit_code}"]
    reasons = dict.fromkeys(text for text in (record.reason, record.status_reason) if text)
    words = "; ".join([*code, *(redacted(text, _REASON_CHARACTERS) for text in reasons)])
    of = f" of the last of {record.attempts} attempts" if record.attempts > 1 else ""
    return f" AWS Batch says{of}: {words.removesuffix('.')}." if words else ""
