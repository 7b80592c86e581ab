"""What a column of dates is written in, and how it is refused."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn

import polars as pl

from recursive_training.data.columns.lookalikes import example
from recursive_training.data.notes import Notes
from recursive_training.errors import UnreadableFileError


@dataclass(frozen=True)
class Times:
    """`utc` in microseconds, null where there is no time, of which `far` are too far off to be one. `local`:
    on the clocks of the place, where the cells name an offset or a zone.
    """

    utc: pl.Series
    local: pl.Series | None = None
    far: int = 0


@dataclass(frozen=True)
class Notation:
    """A way to write dates, how many cells are certainly in it, and the first of them."""

    name: str
    count: int
    row: int


@dataclass(frozen=True)
class Column:
    """A column of a file, for messages: `name` is its label. `line` names the place of a row: `line 7`."""

    name: str
    uri: str
    line: Callable[[int], str]
    notes: Notes

    def shown(self, cells: pl.Series, row: int) -> str:
        """The cell of a row with its place, `'2022-13-01', line 7`; only its place where it looks like
        neither a number nor a date.
        """
        cell = example(cells[row])
        return f"{cell}, {self.line(row)}" if cell else f"the one at {self.line(row)}"

    def refuse(self, what: str, instead: str) -> NoReturn:
        """Raises UnreadableFileError."""
        raise UnreadableFileError(f"{self.uri}: column {self.name} {what}. {instead}")


def refuse_mixture(found: Sequence[Notation], cells: pl.Series, column: Column) -> NoReturn:
    """Names the two that most cells are in. Raises UnreadableFileError."""
    most = sorted(found, key=lambda notation: -notation.count)[:2]
    one, other = (f"{notation.name} ({column.shown(cells, notation.row)})" for notation in most)
    column.refuse(
        f"holds dates in two notations, {one} and {other}", "Write all of them in one, as YYYY-MM-DD."
    )
