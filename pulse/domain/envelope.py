"""The envelope in which EventBridge delivers every event."""

from collections.abc import Collection
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct, field

from pulse.domain.fault import Fault, shown
from pulse.domain.parsing.json_bounds import MOST_LEVELS, is_too_deep
from pulse.domain.validation import InvalidInput

SOURCE = "pulse"
"""The source of our own events."""
RERUN_REQUESTED = "Rerun Requested"
"""`detail.job_id`: a job that died of memory and shall be submitted again with more."""
CLAIM_ABANDONED = "Claim Abandoned"
"""`detail.job_id`: a job whose submission nobody came back to finish."""
DROPS_REFUSED = "Drops Refused"
"""`detail.since`: many drops were refused in the ten minutes that began then."""
JOB_DESCRIBED = "Job Described"
"""`detail` is what DescribeJobs says of a job that the ledger does not know to be so."""
JOB_WAITS = "Job Waits"
"""`detail` is what DescribeJobs says of a job that has been RUNNABLE for longer than its reason excuses."""
JOB_OVERDUE = "Job Overdue"
"""`detail.job_id`: a job that should have ended by now."""


class Envelope(Struct, frozen=True):
    """`time`: when it happened, UTC. https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html"""

    source: str
    detail_type: str = field(name="detail-type")
    detail: dict[str, Any]
    id: str = ""
    time: Annotated[datetime, Meta(tz=True)] | None = None


def opened(body: str | bytes, known: Collection[tuple[str, str]]) -> Envelope:
    """The event in a message's body. `known`: pairs of source and detail type. Raises InvalidInput when it is
    another event, or none.
    """
    try:
        envelope = msgspec.json.decode(body, type=Envelope)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        fault = Fault("the whole", f"an EventBridge event: {error}", shown(body))
        raise InvalidInput([fault], "the message") from error
    if is_too_deep(envelope.detail):
        raise InvalidInput([Fault("detail", f"at most {MOST_LEVELS} levels", "more")], "the message")
    if (envelope.source, envelope.detail_type) not in known:
        found = f"{shown(envelope.detail_type)} of {shown(envelope.source)}"
        allowed = " or ".join(f"{detail_type} of {source}" for source, detail_type in known)
        raise InvalidInput([Fault("detail-type", allowed, found)], "the message")
    return envelope
