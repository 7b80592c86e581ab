"""Log lines as the old container wrote them, on standard output, one physical line a record."""

import logging
import sys
import time
from collections.abc import Callable

FORMAT = "%(asctime)s - %(name)s - %(levelname)s - %(message)s"
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

logger = logging.getLogger("recursive_training")


def printable(text: str) -> str:
    """The text with line breaks, control characters and direction marks escaped: no forged log line."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


class OneLineFormatter(logging.Formatter):
    """Escapes what a column name or an object key may smuggle in; a traceback is indented, line by line."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        record.message = printable(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: object) -> str:  # noqa: N802 - logging's own name
        lines = super().formatException(ei).splitlines()  # type: ignore[arg-type] # the base class narrows it
        return "\n".join("    " + printable(line) for line in lines)


def configure(level: str) -> None:
    """Sends the records of this package at `level` and others' warnings to standard output."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(OneLineFormatter(FORMAT))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logger.setLevel(level)


class Progress:
    """Counts finished windows and logs about every tenth of the way, with the seconds since it was made."""

    def __init__(self, total: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._total = total
        self._done = 0
        self._next_percent = 10
        self._clock = clock
        self._started = clock()

    def add(self, windows: int) -> None:
        self._done += windows
        percent = 100 * self._done // self._total
        if percent >= self._next_percent:
            self._next_percent = percent // 10 * 10 + 10
            elapsed = self._clock() - self._started
            logger.info(
                "%d %% - %d of %d windows - %.1f s elapsed", percent, self._done, self._total, elapsed
            )
