"""What a call of the HTTP API may bring besides a JobRequest."""

from typing import Annotated

from msgspec import Meta, Struct

from pulse.domain.errors import InvalidRequest
from pulse.domain.validation import collect

Reason = Annotated[str, Meta(min_length=1, max_length=900, description="1 to 900 characters")]
"""AWS Batch takes 1,024, of which some say that it was Pulse:
https://docs.aws.amazon.com/batch/latest/APIReference/API_TerminateJob.html.
"""


class Cancellation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`reason` is kept with the job and told in its alert."""

    reason: Reason = "no reason given"


def cancellation(raw: object) -> Cancellation:
    """Raises InvalidRequest with every fault."""
    read, faults = collect(raw, Cancellation)
    if read is None or faults:
        raise InvalidRequest(faults)
    return read
