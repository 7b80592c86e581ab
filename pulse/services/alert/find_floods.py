"""Finds floods of refused drops that are over, and has submit_job send one alert for each."""

from collections.abc import Callable
from datetime import datetime

from msgspec import Struct

from pulse.domain.alerts.flood import LOOKED_BACK, WINDOW
from pulse.domain.envelope import DROPS_REFUSED
from pulse.services.ports.messages import Messages, RefusedDrops


class FindFloods(Struct, frozen=True, kw_only=True):
    """`submissions`: the queue of submit_job."""

    refused_drops: RefusedDrops
    submissions: Messages
    clock: Callable[[], datetime]

    def find(self) -> int:
        """How many were found. Raises Unavailable, Misconfigured."""
        now = self.clock()
        floods = [
            found
            for found in self.refused_drops.between(now - LOOKED_BACK, now - WINDOW)
            if found.is_flood and not found.alerted
        ]
        for found in floods:
            self.submissions.send(DROPS_REFUSED, {"since": found.since.isoformat()})
        return len(floods)
