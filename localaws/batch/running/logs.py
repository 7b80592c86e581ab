"""A job's output on its way to CloudWatch Logs: where it goes, and lines collected into batches."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from localaws.batch.model import Document

FLUSH_SECONDS = 0.25
# Half of what one PutLogEvents call takes.
MOST_EVENTS = 5_000


class LogWriter:
    """Collects lines and sends them every quarter of a second, and at the close."""

    def __init__(self, send: Callable[[list[Document]], None], now_ms: Callable[[], int]) -> None:
        self._send = send
        self._now_ms = now_ms
        self._waiting: list[Document] = []
        self._timer: asyncio.TimerHandle | None = None

    def add(self, line: str) -> None:
        self._waiting.append({"timestamp": self._now_ms(), "message": line})
        if len(self._waiting) >= MOST_EVENTS:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_SECONDS, self.flush)

    def flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._waiting:
            events, self._waiting = self._waiting, []
            self._send(events)
