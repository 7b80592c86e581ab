"""Jobs that AWS Batch or a person ended before their container did."""

import re

from pulse.domain.caller import CANCELLED_THROUGH_PULSE
from pulse.domain.diagnosis import blocked
from pulse.domain.diagnosis.evidence import Evidence, Fits, Row, is_stopped, reason_starts

CANCELLED = "cancelled"
_TIME_LIMIT = re.compile(
    r"Canceled by JobStateTimeLimit action due to reason: ([A-Z][A-Z_]{7,}(?::[A-Z0-9_]+)?)(?:[.\s].*)?",
    re.DOTALL,
)
"""With or without a full stop or an explanation behind the reason."""
_TIMED_OUT = "Job attempt duration exceeded timeout"


def _ended_by_queue(cause: str) -> Fits:
    def fits(known: Evidence) -> bool:
        found = _TIME_LIMIT.fullmatch(known.record.status_reason)
        return found is not None and blocked.stuck(found[1]).cause == cause

    return fits


def _ended_by_timeout(known: Evidence) -> bool:
    """AWS's whole words where the job is marked as stopped: a person may write the like of them."""
    text = known.record.status_reason
    return text == _TIMED_OUT or (text.startswith(_TIMED_OUT) and not is_stopped(known.record))


def _through_pulse(known: Evidence) -> bool:
    return known.record.status_reason.startswith(CANCELLED_THROUGH_PULSE)


# AWS Batch marks what its own limits end like what a person ends, so they come first, in AWS's whole words.
STOPPED = (
    Row(
        _ended_by_timeout,
        "timed-out",
        "The attempt ran into its timeout and was stopped.",
        "Give it more time (timeout_seconds) or a shorter period. AWS Batch does not retry after a timeout.",
        retry_helps=False,
    ),
    *(
        Row(
            _ended_by_queue(why.cause),
            why.cause,
            f"{why.explanation} AWS Batch cancelled it after the time that its queue gives it "
            "(job_state_time_limits).",
            why.advice,
            why.retry_helps,
        )
        for why in blocked.ALL
    ),
    Row(
        _through_pulse,
        CANCELLED,
        "Somebody cancelled the job through Pulse.",
        "Nothing, if that was meant. Otherwise submit it again.",
        retry_helps=True,
    ),
    Row(
        lambda known: is_stopped(known.record),
        CANCELLED,
        "Somebody cancelled or terminated the job in AWS Batch, not through Pulse.",
        "Nothing, if that was meant. Otherwise submit it again; CloudTrail names who called CancelJob or "
        "TerminateJob.",
        retry_helps=True,
    ),
    Row(
        reason_starts("Task stopped by user"),
        CANCELLED,
        "Somebody stopped the job's task in Amazon ECS.",
        "Nothing, if that was meant. Otherwise submit it again; CloudTrail names who called StopTask.",
        retry_helps=True,
    ),
)
