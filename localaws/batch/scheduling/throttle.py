"""The pace at which an account may submit in a region, as a bucket of tokens that refills steadily.

https://docs.aws.amazon.com/batch/latest/userguide/service_limits.html: 50 SubmitJob a second, fixed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from localaws.batch.errors import TooManyRequestsException

if TYPE_CHECKING:
    from collections.abc import Callable

    from localaws.batch.scope import Scope


@dataclass
class Throttle:
    """Holds as many tokens as a second brings, so a burst of that many passes; 0 a second lets all pass."""

    per_second: float
    now_ms: Callable[[], int]
    _left: dict[Scope, tuple[float, int]] = field(default_factory=dict)

    def admit(self, scope: Scope) -> None:
        """Raises TooManyRequestsException when the account has no token left in the region."""
        if not self.per_second:
            return
        most = max(self.per_second, 1.0)
        now = self.now_ms()
        tokens, at_ms = self._left.get(scope, (most, now))
        tokens = min(most, tokens + max(0, now - at_ms) / 1000 * self.per_second)
        if tokens < 1:
            self._left[scope] = (tokens, now)
            raise TooManyRequestsException("Too Many Requests")
        self._left[scope] = (tokens - 1, now)
