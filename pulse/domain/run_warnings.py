"""What a training run says that a person must read first. It is text from outside: bounded, printable and
without secrets from here on, so that records, alerts and answers of the API can carry it as it is.
"""

from typing import Any, NamedTuple

from pulse.domain.redaction import redacted_lines

HEADING = "Read this first"
WARNING_CHARACTERS = 400
MOST_KEPT = 20
MOST_SHOWN = 3
"""In an alert, which says how many more there are. The report has them all."""
_NO_LIST = "`warnings` in its metrics.json is no list of sentences and is not shown here: read the report."


class RunWarnings(NamedTuple):
    """The first 20 `sentences` of `total`."""

    sentences: tuple[str, ...] = ()
    total: int = 0


def parse(value: Any) -> RunWarnings:
    """The warnings in a decoded metrics.json. What is malformed is left out, and a sentence says so."""
    if value is None:
        return RunWarnings()
    if not isinstance(value, list):
        return RunWarnings((_NO_LIST,), 1)
    texts = [item for item in value if isinstance(item, str) and item.strip()]
    notes = _notes(len(value) - len(texts))
    kept = redacted_lines(texts[: MOST_KEPT - len(notes)], WARNING_CHARACTERS)
    return RunWarnings((*kept, *notes), len(texts) + len(notes))


def counted(count: int) -> str:
    """`1 warning`, `2 warnings`; empty for none."""
    return f"{count} warning{'' if count == 1 else 's'}" if count else ""


def listed(sentences: tuple[str, ...], total: int, most: int = MOST_KEPT) -> list[str]:
    """The first `most` sentences, and how many more of `total` there are."""
    shown = sentences[:most]
    more = total - len(shown)
    return [*shown, *([f"and {more} more in the report"] if shown and more > 0 else [])]


def _notes(malformed: int) -> tuple[str, ...]:
    if not malformed:
        return ()
    what = "1 entry is" if malformed == 1 else f"{malformed} entries are"
    return (f"Of `warnings` in its metrics.json {what} not text and not shown here: read the report.",)
