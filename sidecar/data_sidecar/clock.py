"""Time, and the one signal: both are the test's where a test says so."""

import signal
import time
from datetime import UTC, datetime
from types import FrameType

from data_sidecar.failure import Terminated

POLL_SECONDS = 0.5


class Clock:
    """`stopped`: SIGTERM has come. It interrupts whatever is going on until `defer` is called: a download is
    not worth finishing, what follows is.
    """

    def __init__(self) -> None:
        self.stopped = False
        self._interrupts = True

    def listen(self) -> None:
        signal.signal(signal.SIGTERM, self._hear)

    def defer(self) -> None:
        self._interrupts = False

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def pause(self, seconds: float) -> None:
        time.sleep(seconds)

    def until_stopped(self, most_seconds: float | None = None) -> None:
        """Waits for SIGTERM. The end of this container is that of the job, so the training's goes first."""
        self.defer()
        until = None if most_seconds is None else self.monotonic() + most_seconds
        while not self.stopped and (until is None or self.monotonic() < until):
            self.pause(POLL_SECONDS)

    def _hear(self, _signal: int, _frame: FrameType | None) -> None:
        self.stopped = True
        if self._interrupts:
            self._interrupts = False  # once is enough: the way out is not to be interrupted
            raise Terminated


def stamp(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds and a Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
