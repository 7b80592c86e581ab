"""What a training run says that a person must read first. It is text from outside: bounded, printable and
without secrets from here on, so that records, alerts and answers of the API can carry it as it is.
"""

from typing import Any, NamedTuple

from pulse.domain.text.redaction import redacted_lines

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


def parse(value: Any, more: tuple[str, ...] = ()) -> RunWarnings:
    """The warnings in a decoded metrics.json. What is malformed is left out, and a sentence says so.
    `more` sentences follow.
    """
    if value is not None and not isinstance(value, list):
        value, more = [], (_NO_LIST, *more)
    texts = [item for item in value or () if isinstance(item, str) and item.strip()]
    notes = (*_notes(len(value or ()) - len(texts)), *redacted_lines(more, WARNING_CHARACTERS))
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
