"""What of a job people want to hear of, and where."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

JobKind = Literal["SUBMITTED", "STARTED", "SUCCEEDED", "FAILED", "OVERDUE", "BLOCKED"]
Channel = Literal["email", "slack"]
"""Amazon Q Developer hears of everything: its subscription is AWS's own and cannot be filtered."""
CHANNELS: tuple[Channel, ...] = ("email", "slack")
USUAL_KINDS: tuple[JobKind, ...] = ("SUCCEEDED", "FAILED", "OVERDUE", "BLOCKED")
"""Told where a request says nothing; SUBMITTED and STARTED only where it asks for them."""


class AlertsWanted(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """An empty list: none."""

    kinds: Annotated[tuple[JobKind, ...], Meta(max_length=6)] = USUAL_KINDS
    channels: Annotated[tuple[Channel, ...], Meta(max_length=2)] = CHANNELS


def is_wanted(wanted: AlertsWanted | None, kind: JobKind) -> bool:
    """Whether whoever asked for the job wants to hear of this."""
    return kind in (wanted or AlertsWanted()).kinds


def muted(wanted: AlertsWanted | None) -> tuple[Channel, ...]:
    """The channels in which an alert is not to arrive."""
    return tuple(channel for channel in CHANNELS if wanted and channel not in wanted.channels)
