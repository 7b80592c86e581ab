"""Log lines on standard output, one physical line a record."""

import logging
import sys

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

logger = logging.getLogger("data_sidecar")


def printable(text: str) -> str:
    """The text with line breaks, control characters and direction marks escaped: no forged log line."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


class OneLineFormatter(logging.Formatter):
    """Escapes what a key or a file's name may smuggle in; a traceback is indented, line by line."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        record.message = printable(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: object) -> str:  # noqa: N802 - logging's own name
        lines = super().formatException(ei).splitlines()  # type: ignore[arg-type] # the base class narrows it
        return "\n".join("    " + printable(line) for line in lines)


def configure(level: str) -> None:
    """Sends the records of this package at `level` and others' warnings to standard output."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(OneLineFormatter("%(asctime)s - %(name)s - %(levelname)s - %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logger.setLevel(level if level in LEVELS else "INFO")
