"""The numbers of a column of any type, and what of it is lost."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from recursive_training.data.columns.notation import Column
from recursive_training.data.columns.numbers import demand_decimal_dots, read_numbers
from recursive_training.data.notes import is_few
from recursive_training.series import LARGEST

_FIRST_CELLS = 20
"""A column is one of numbers if half of its first so many cells are: what comes later cannot undo its
past.
"""
_COLUMNS_OF_A_QUERY = 1000
"""A query of a hundred thousand columns takes more memory than their cells."""


@dataclass(frozen=True)
class Wanted:
    """How a request wants its data read. `id_columns` tell the rows of one time apart; `missing_values` mean
    an empty cell.
    """

    id_columns: tuple[str, ...] = ()
    missing_values: tuple[float | str, ...] = ()

    @property
    def missing_numbers(self) -> list[float]:
        return [float(value) for value in self.missing_values if not isinstance(value, str)]

    @property
    def missing_texts(self) -> list[str]:
        return [value for value in self.missing_values if isinstance(value, str)]


def find_clean(columns: Mapping[str, pl.Series], wanted: Wanted) -> set[str]:
    """Names the columns of numbers that can be used as they are: finite, within bounds, none that means
    missing. A query looks at many of them, on all processors.
    """
    if wanted.missing_numbers:
        return set()
    numbers = [
        cells.alias(name)
        for name, cells in columns.items()
        if cells.dtype.is_integer() or cells.dtype.is_float()
    ]
    clean = set()
    for at in range(0, len(numbers), _COLUMNS_OF_A_QUERY):
        some = pl.DataFrame(numbers[at : at + _COLUMNS_OF_A_QUERY])
        within = some.select(pl.all().is_between(-LARGEST, LARGEST).all())
        clean |= {cells.name for cells in within if cells.item()}
    return clean


def read_values(
    cells: pl.Series, column: Column, times: pl.Series, wanted: Wanted, *, clean: bool = False
) -> pl.Series | None:
    """The column as finite numbers; None, and a note, when it holds none. `clean`: find_clean names it.

    Raises NotNumbers.
    """
    # Its own name would not do while it is worked on: Polars takes * and ^…$ for patterns of names.
    name, cells = column.name, text_of_categories(cells.alias(""))
    filled = len(cells) - cells.null_count()
    if not filled:
        column.notes.left_out.append(f"{name}: the column of {column.uri} is empty.")
        return None
    if clean:
        return cells.cast(pl.Float64)
    if cells.dtype == pl.String:
        numbers = _numbers_in_text(cells.str.strip_chars().replace("", None), column, times, wanted)
        if numbers is None:
            return None
    elif cells.dtype.is_numeric():
        numbers = cells.cast(pl.Float64, strict=False)
    else:
        column.notes.left_out.append(
            f"{name}: the column of {column.uri} does not hold numbers but {cells.dtype}."
        )
        return None
    if numbers.is_nan().any():
        numbers = numbers.fill_nan(None)
    numbers = _without_missing(numbers, column, wanted)
    finite = pl.select(pl.when(numbers.abs() <= LARGEST).then(numbers)).to_series()
    if infinite := finite.null_count() - numbers.null_count():
        said = f"{name}: {infinite:,} of {filled:,} cells of {column.uri} are infinite or beyond {LARGEST:g}."
        _lose(infinite, filled, said, column)
    if finite.null_count() == len(finite):
        column.notes.left_out.append(f"{name}: the column of {column.uri} holds no number that can be used.")
        return None
    return finite


def _numbers_in_text(cells: pl.Series, column: Column, times: pl.Series, wanted: Wanted) -> pl.Series | None:
    """None, and a note, where the column is one of words. Raises NotNumbers."""
    plain = cells.cast(pl.Float64, strict=False)
    if plain.null_count() == cells.null_count():
        demand_decimal_dots(cells, plain, column)
        return plain
    missing = pl.Series(wanted.missing_numbers, dtype=pl.Float64)
    there = pl.select(pl.when(plain.is_null() | ~plain.is_in(missing.implode())).then(cells)).to_series()
    numbers = read_numbers(there, pl.select(pl.when(there.is_not_null()).then(plain)).to_series(), column)
    filled = len(there) - there.null_count()
    words = filled - (len(numbers) - numbers.null_count())
    such_as = example_of(there, numbers, column)
    if not _begins_with_numbers(there, numbers, times):
        said = f"{column.name}: the column of {column.uri} does not hold numbers{such_as}."
        if words < filled:
            _lose(filled - words, filled, f"{said[:-1]}; {filled - words:,} of its cells are.", column)
        else:
            column.notes.left_out.append(said)
        return None
    if words:
        said = f"{column.name}: {words:,} of {filled:,} cells of {column.uri} are not numbers{such_as}."
        _lose(words, filled, said, column)
    return numbers


def _begins_with_numbers(cells: pl.Series, numbers: pl.Series, times: pl.Series) -> bool:
    """Whether half of the first cells, in the order of time, are numbers."""
    order = pl.DataFrame({"time": times, "there": cells.is_not_null(), "number": numbers.is_not_null()})
    first = order.filter(pl.col("there") & pl.col("time").is_not_null()).sort("time", maintain_order=True)
    first = first.head(_FIRST_CELLS)
    return 2 * int(first["number"].sum()) >= max(1, first.height)


def _without_missing(numbers: pl.Series, column: Column, wanted: Wanted) -> pl.Series:
    """The numbers without those that the request says mean an empty cell."""
    if not wanted.missing_numbers:
        return numbers
    meant = pl.Series(wanted.missing_numbers, dtype=pl.Float64)
    hit = numbers.is_in(meant.implode()).fill_null(value=False)
    if not hit.any():
        return numbers
    values = ", ".join(f"{value:g}" for value in sorted(set(numbers.filter(hit).to_list())))
    column.notes.reading.append(
        f"{column.name}: {int(hit.sum()):,} cells of {column.uri} with {values} count as missing."
    )
    return pl.select(pl.when(~hit).then(numbers)).to_series()


def _lose(lost: int, filled: int, sentence: str, column: Column) -> None:
    """Notes a loss: under "left out" where it is small, else among what a person reads first."""
    if is_few(lost, filled):
        column.notes.left_out.append(sentence)
    else:
        column.notes.warnings.append((column.name, sentence))


def text_of_categories(cells: pl.Series) -> pl.Series:
    return cells.cast(pl.String) if isinstance(cells.dtype, pl.Categorical | pl.Enum) else cells


def example_of(cells: pl.Series, understood: pl.Series, column: Column) -> str:
    """The first cell that could not be read, in brackets; nothing where all were empty."""
    failed = cells.is_not_null() & understood.is_null()
    if cells.dtype != pl.String or not failed.any():
        return ""
    return f" (such as {column.shown(cells, int(failed.arg_max() or 0))})"
