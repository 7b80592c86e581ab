"""Names of columns and rows of text: which name the times, which cells look like dates."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from recursive_training.logs import printable

TIMESTAMP_NAMES = ("timestamp", "date", "datetime", "time")
"""How the column of times may be called, in any case; the first that is there is taken."""
_LIKE_DATE = re.compile(
    r"\s*['\"]?(\d{4}[-/.]?[\dWJFMASOND]|\d{1,2}[-/. ]\s?(\d{1,2}|[A-Za-z]{3})"
    r"|\d{6,19}(\.\d+)?$|[A-Za-z]{3,9}\.?,? \d)"
)
_MOST_NAMES = 20
_LONGEST_NAME = 60
Row = list[str]


class Numbered(NamedTuple):
    """A row of cells and the lines, from 1, on which it begins and ends."""

    line: int
    last_line: int
    row: Row


@dataclass(frozen=True)
class Header:
    """A row that names a column of times. `place` counts the rows of the sample, from 0."""

    separator: str
    place: int
    row: Row
    rows: list[Numbered]

    @property
    def line(self) -> int:
        return self.rows[self.place].line

    @property
    def last_line(self) -> int:
        return self.rows[self.place].last_line


def time_place(names: Sequence[str]) -> int | None:
    """Which of the names is the column of times; None when none is."""
    lower = [name.strip().lower() for name in names]
    return next((lower.index(wanted) for wanted in TIMESTAMP_NAMES if wanted in lower), None)


def label(name: str) -> str:
    """A column's name for a message: in one line, cut after 60 characters."""
    text = printable(name)
    return text if len(text) <= _LONGEST_NAME else f"{text[:_LONGEST_NAME]}…"


def listed(names: Sequence[str]) -> str:
    """Column names for a message: the first 20, long ones cut."""
    shown = [label(name) for name in names[:_MOST_NAMES]]
    rest = len(names) - len(shown)
    return ", ".join(shown) + (f" and {rest} more" if rest > 0 else "")


def like_date(cell: str) -> bool:
    """Whether a cell looks like a date in any notation."""
    return _LIKE_DATE.match(cell) is not None


def is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
