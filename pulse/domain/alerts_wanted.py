"""Which outcomes of a job people want to hear of, and where."""

from typing import Literal

from msgspec import Struct

JobKind = Literal["SUCCEEDED", "FAILED"]
Channel = Literal["email", "slack"]
"""Amazon Q Developer hears of everything: its subscription is AWS's own and cannot be filtered."""
CHANNELS: tuple[Channel, ...] = ("email", "slack")


class AlertsWanted(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """An empty list: none. What is left out: all."""

    kinds: tuple[JobKind, ...] = ("SUCCEEDED", "FAILED")
    channels: tuple[Channel, ...] = CHANNELS


def muted(wanted: AlertsWanted | None) -> tuple[Channel, ...]:
    """The channels in which an alert is not to arrive."""
    return tuple(channel for channel in CHANNELS if wanted and channel not in wanted.channels)
