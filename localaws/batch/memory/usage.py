"""What each share of a fair-share queue has used lately."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from localaws.batch.model import Document


LEAST_DECAY_SECONDS = 600


@dataclass
class Usage:
    """The vCPU-seconds of ended attempts by share, as (amount, when it was true in ms)."""

    _used: dict[str, tuple[float, int]] = field(default_factory=dict)

    def add(self, share: str, vcpu_seconds: float, now_ms: int, policy: Document) -> None:
        self._used[share] = (self.faded(share, now_ms, policy) + vcpu_seconds, now_ms)

    def faded(self, share: str, now_ms: int, policy: Document) -> float:
        amount, at_ms = self._used.get(share, (0.0, now_ms))
        return amount * math.exp(-(now_ms - at_ms) / 1000 / decay_seconds(policy))

    def shares(self, now_ms: int, policy: Document) -> set[str]:
        """Those whose last attempt ended within the time of decay."""
        oldest = now_ms - 1000 * decay_seconds(policy)
        return {share for share, (_, at_ms) in self._used.items() if at_ms >= oldest}


def decay_seconds(policy: Document) -> int:
    """A shareDecaySeconds of 0 means the least window, 600 seconds."""
    return int(policy["shareDecaySeconds"]) or LEAST_DECAY_SECONDS
