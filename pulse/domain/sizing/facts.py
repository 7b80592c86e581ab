"""DatasetFacts: what can be known of a data set without reading it whole.

What counts as a time and a number is what the training accepts (training/recursive_training/data/tables.py).
"""

import re
from collections.abc import Sequence
from datetime import date

from msgspec import Struct

MAX_COLUMNS = 200
"""As many names as a request may hold."""

_TIME_COLUMNS = ("timestamp", "date", "datetime", "time")  # in any case; the first that is there
_DAY = re.compile(r"\s*(\d{4})([-/]?)(\d\d)\2(\d\d)(?!\d)", re.ASCII)
_FIRST_YEAR, _LAST_YEAR = 1000, 2999


class DatasetFacts(Struct, frozen=True, kw_only=True):
    """One file, or several together. `bytes` as stored, compressed or not. `rows`, `columns`, `first` and
    `last` (days, UTC) are None where nothing told them. `columns` are the names of the numeric columns, at
    most 200 of them; `column_count` counts all. `measured` says where the facts come from.
    """

    bytes: int
    files: int = 1
    rows: int | None = None
    columns: tuple[str, ...] | None = None
    column_count: int | None = None
    first: date | None = None
    last: date | None = None
    measured: str = ""

    def size_only(self) -> "DatasetFacts":
        """What is certain however the files are read."""
        return DatasetFacts(bytes=self.bytes, files=self.files, measured=self.measured)

    def __add__(self, other: "DatasetFacts") -> "DatasetFacts":
        """Both stacked, as the training does it: rows add up, columns of one name are one column. The period
        is known where that of both is.
        """
        names = {*(self.columns or ()), *(other.columns or ())}
        counts = [count for count in (self.column_count, other.column_count, len(names)) if count]
        no_names = self.columns is None and other.columns is None
        return DatasetFacts(
            bytes=self.bytes + other.bytes,
            files=self.files + other.files,
            rows=None if self.rows is None or other.rows is None else self.rows + other.rows,
            columns=None if no_names else tuple(sorted(names)[:MAX_COLUMNS]),
            column_count=None if no_names else max(counts, default=0),
            first=min(self.first, other.first) if self.first and other.first else None,
            last=max(self.last, other.last) if self.last and other.last else None,
            measured="; ".join(dict.fromkeys(filter(None, (self.measured, other.measured)))),
        )


def time_column(names: Sequence[str]) -> str | None:
    """The name of the column that holds the times; None: there is none."""
    return next((name for wanted in _TIME_COLUMNS for name in names if name.strip().lower() == wanted), None)


def day_of(text: str) -> date | None:
    """The day a time in text begins with: 2024-01-31, 2024/01/31 or 20240131; None where there is none."""
    found = _DAY.match(text)
    if not found:
        return None
    try:
        return of_this_era(date(int(found[1]), int(found[3]), int(found[4])))
    except ValueError:
        return None


def of_this_era(day: date) -> date | None:
    """None outside the years 1000 to 2999: slips of the pen and "never" (0001-01-01)."""
    return day if _FIRST_YEAR <= day.year <= _LAST_YEAR else None
