"""Slack's limit of incoming webhooks: https://docs.slack.dev/apis/web-api/rate-limits. Its tolerance of short
bursts is left out, because nobody may rely on it.
"""

import threading
import time
from math import ceil

EVERY_SECONDS = 1.0


class Pace:
    """One message a second. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._free_at = 0.0

    def take(self) -> int:
        """0 when a message is taken, else the seconds to wait, as Retry-After has them."""
        with self._lock:
            wait = self._free_at - time.monotonic()
            if wait > 0:
                return ceil(wait)
            self._free_at = time.monotonic() + EVERY_SECONDS
            return 0
