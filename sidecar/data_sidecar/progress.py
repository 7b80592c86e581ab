"""How far a transfer has come, in the log."""

from threading import Lock

from data_sidecar.logs import logger

_MIB = 1024 * 1024
_LONG = 16 * _MIB


class Progress:
    """Counts bytes, of several threads, and logs about every tenth of the way, where it is a long one."""

    def __init__(self, what: str, total: int) -> None:
        self._what = what
        self._total = total
        self._done = 0
        self._next_percent = 10
        self._lock = Lock()

    def add(self, size: int) -> None:
        with self._lock:
            self._done += size  # negative where a part is asked for again
            percent = 100 * self._done // max(self._total, 1)
            if percent < self._next_percent or self._total < _LONG:
                return
            self._next_percent = percent // 10 * 10 + 10
            logger.info(
                "%s: %d %%, %.1f of %.1f MiB", self._what, percent, self._done / _MIB, self._total / _MIB
            )
