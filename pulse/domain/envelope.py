"""The envelope in which EventBridge delivers every event."""

from collections.abc import Collection
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct, field

from pulse.domain.fault import Fault, shown
from pulse.domain.validation import InvalidInput


class Envelope(Struct, frozen=True):
    """`time`: when it happened, UTC. https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html"""

    source: str
    detail_type: str = field(name="detail-type")
    detail: dict[str, Any]
    id: str = ""
    time: Annotated[datetime, Meta(tz=True)] | None = None


def opened(body: str | bytes, *, source: str, detail_types: Collection[str]) -> Envelope:
    """The event in a message's body. Raises InvalidInput when it is another event, or none."""
    try:
        envelope = msgspec.json.decode(body, type=Envelope)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        fault = Fault("the whole", f"an EventBridge event: {error}", shown(body))
        raise InvalidInput([fault], "the message") from error
    if envelope.source != source or envelope.detail_type not in detail_types:
        found = f"{shown(envelope.detail_type)} of {shown(envelope.source)}"
        allowed = f"{' or '.join(detail_types)} of {source}"
        raise InvalidInput([Fault("detail-type", allowed, found)], "the message")
    return envelope
