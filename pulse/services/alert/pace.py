"""How fast a receiver takes messages: so many a second, and none as long as it has asked to wait."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from math import ceil

from pulse.domain.errors import RetryLater


class Pace:
    """The pace of one caller. Several have one each, so together they are faster and must wait: `pause`
    sleeps at least as long as its argument, and a little longer by chance, or they meet again.
    """

    def __init__(
        self, clock: Callable[[], datetime], pause: Callable[[float], None], *, per_second: float
    ) -> None:
        self._clock = clock
        self._pause = pause
        self._every = timedelta(seconds=1 / per_second)
        self._free_at = datetime.min.replace(tzinfo=UTC)

    def until(self, seconds: float) -> datetime:
        """In so many seconds, UTC."""
        return self._clock() + timedelta(seconds=seconds)

    def wait(self, until: datetime) -> None:
        """Returns when the next message may be sent. Raises RetryLater, at once, when that is too late."""
        seconds = (self._free_at - self._clock()).total_seconds()
        if self._free_at > until:
            raise RetryLater(f"The next message may be sent in {ceil(seconds)} s.", ceil(seconds))
        if seconds > 0:
            self._pause(seconds)
        self._free_at = self._clock() + self._every

    def hold(self, seconds: float) -> None:
        """No message for so long."""
        self._free_at = self.until(seconds)
