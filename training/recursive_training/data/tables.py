"""Turns the bytes of a file into a clean table: `timestamp` and columns of numbers, nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta
from enum import StrEnum

import numpy as np
import polars as pl

from recursive_training.data.files import open_table
from recursive_training.data.layout import TIMESTAMP_NAMES, label, listed, time_place
from recursive_training.data.notation import Column, Times
from recursive_training.data.notes import FEW, Notes, is_few
from recursive_training.data.numbers import NotNumbers, demand_decimal_dots, read_numbers
from recursive_training.data.rows import (
    TIMESTAMP,
    clock_column,
    demand_few_contested,
    last_of_each_time,
    spread,
    with_clock,
    without_other_headers,
)
from recursive_training.data.times import read_times
from recursive_training.errors import EmptyFileError, UnreadableFileError
from recursive_training.series import LARGEST

# Outside lie slips of the pen and "never" (0001-01-01, 9999-12-31), which would make a period of millennia.
_FIRST_DAY, _LAST_DAY = np.datetime64("1000-01-01"), np.datetime64("2999-12-31")
_UNITS_A_DAY = {"ms": 86_400 * 10**3, "us": 86_400 * 10**6, "ns": 86_400 * 10**9}
_FIRST_CELLS = 20
"""A column is one of numbers if half of its first so many cells are: what comes later cannot undo its
past.
"""
_MIDNIGHTS = 0.95
"""The share of the times that must be midnights of their place for a table of days."""
_NO_PLACES = ("UTC", "GMT", "Etc/", "Zulu", "Universal")
"""Zones that are no places: an instant of Parquet with one of them counts in UTC."""

RULES = (
    "A column of dates is in one notation, and a column of numbers too: otherwise it is refused.",
    (
        f"Where the times have offsets, or in Parquet the zone of a place, and {_MIDNIGHTS:.0%} of them are "
        "midnights there, each value lies on the day that is written. All other times count in UTC."
    ),
    f"At most {FEW:.0%} of a column's cells are left out with no more than a line under left_out.",
    (
        "Of several values for one time the last one given stands; where more than that share of the times "
        "have several, the table is refused."
    ),
)
"""How files are read, for the manifest of a run."""


class Days(StrEnum):
    """On which days the times of a table lie. LOCAL: on those of their places, as they are midnights there.
    EITHER: a single local midnight, which the data set's other files decide.
    """

    AS_WRITTEN = "as written"
    UTC = "utc"
    LOCAL = "local"
    EITHER = "either"


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


@dataclass(frozen=True)
class Table:
    """One file. `columns` are the names it gave, `refused` those that could not be read for certain, with the
    reason. `east`: how far ahead of UTC a single local midnight is.

    `frame` holds timestamp (microseconds, UTC or the place's days, no nulls) and Float64 columns, null where
    nothing was usable.
    """

    frame: pl.DataFrame
    columns: list[str]
    rows: int
    notes: Notes = field(default_factory=Notes)
    refused: dict[str, str] = field(default_factory=dict)
    days: Days = Days.AS_WRITTEN
    east: timedelta = timedelta(0)


def read_table(
    payload: bytes, uri: str, wanted: Wanted | None = None, labels: Mapping[str, str] | None = None
) -> Table:
    """Reads a file. `labels`: what its folders are called, as columns that hold one value.

    Raises UnreadableFileError.
    """
    wanted, notes = wanted or Wanted(), Notes()
    frame, line, unreadable, passed = open_table(payload, uri, wanted.missing_texts, wanted.id_columns)
    notes.reading += passed
    names, rows = list(frame.columns), frame.height
    if frame.is_empty():
        raise EmptyFileError(f"{uri} has no rows (columns: {listed(names)}). Load data into it.")
    time_name = names[time_place(names) or 0]
    frame = without_other_headers(frame, Column(time_name, uri, line, notes))
    columns = dict(zip(names, frame.get_columns(), strict=True))
    del frame
    time_name = _finest(columns, time_name, Column(time_name, uri, line, notes))
    column = Column(label(time_name), uri, line, notes)
    days = columns.pop(time_name)
    ids = _ids(columns, wanted, labels or {}, len(days), uri)
    if (clock := clock_column({time_name: days} | columns, time_name)) is not None:
        notes.reading.append(f"{uri}: {time_name} and {clock} together are the times.")
        days = with_clock(days, columns.pop(clock))
    times = _times(days, column)
    refused = dict(unreadable)
    numbers = []
    for name in list(columns):
        # Taken out one by one: text is twice as large as the numbers it becomes.
        cells = columns.pop(name)
        if name == TIMESTAMP:
            notes.left_out.append(f"{name}: the times of {uri} are taken from its column {time_name}.")
            continue
        try:
            read = _numbers(cells, Column(label(name), uri, line, notes), times.utc, wanted)
        except NotNumbers as error:
            refused[name] = str(error)
            continue
        if read is not None:
            numbers.append(read.alias(name))
    notes.warnings += [
        (name, f"{label(name)}: the column of {uri} was not read. {_sentence(why)}")
        for name, why in refused.items()
    ]
    where, east = _days(times, column)
    moments = times.local if where is Days.LOCAL and times.local is not None else times.utc
    clean = _with_times(moments, numbers, days, column, times.far)
    there = moments.is_not_null()
    if ids is not None:
        clean = spread(clean, ids.filter(there) if moments.null_count() else ids, column)
    else:
        kept = there.arg_true()
        placed = Column(time_name, uri, lambda row: line(int(kept[row])), notes)
        demand_few_contested(clean, placed, lambda: open_table(payload, uri).frame)
        clean = last_of_each_time(clean)
    return Table(clean, names, rows, notes, refused, where, east)


def _finest(columns: dict[str, pl.Series], chosen: str, column: Column) -> str:
    """Of several columns of dates the one with the time of day. Raises UnreadableFileError where they
    differ.
    """
    for name in [name for name in columns if name.lower() in TIMESTAMP_NAMES and name != chosen]:
        quiet = Column(label(name), column.uri, column.line, Notes())
        try:
            mine, other = (_times(columns[one], quiet).utc for one in (chosen, name))
        except UnreadableFileError:
            continue
        both = mine.is_not_null() & other.is_not_null()
        apart = both & (mine.dt.date() != other.dt.date())
        if not is_few(int(apart.sum()), int(both.sum())):
            row = int(apart.arg_max() or 0)
            raise UnreadableFileError(
                f"{column.uri}: columns {chosen} and {name} hold different days ({column.line(row)}). Which "
                "are the times? Rename the other one."
            )
        if other.n_unique() > mine.n_unique():
            column.notes.reading.append(f"{column.uri}: {name} has the times, {chosen} only their days.")
            return name
    return chosen


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + ("" if text.endswith(".") else ".")


def _ids(
    columns: dict[str, pl.Series], wanted: Wanted, labels: Mapping[str, str], rows: int, uri: str
) -> pl.DataFrame | None:
    """The id columns, taken out of `columns`; None where none are wanted."""
    if not wanted.id_columns:
        return None
    there = [*columns, *labels]
    if missing := [name for name in wanted.id_columns if name not in there]:
        raise UnreadableFileError(
            f"{uri} has no column {listed(missing)} for id_columns (columns: {listed(there)}). Name one it "
            "has."
        )
    found = [
        columns.pop(name) if name in columns else pl.Series(name, [labels[name]] * rows)
        for name in wanted.id_columns
    ]
    whole = [cells.cast(pl.Int64) if _is_whole(cells) else cells for cells in found]
    return pl.DataFrame([cells.alias(name) for name, cells in zip(wanted.id_columns, whole, strict=True)])


def _is_whole(cells: pl.Series) -> bool:
    return cells.dtype.is_float() and bool((cells.drop_nulls() == cells.drop_nulls().floor()).all())


def _times(cells: pl.Series, column: Column) -> Times:
    """The times, those too far off left out. Raises UnreadableFileError."""
    cells = _text_of_categories(cells)
    if cells.dtype == pl.Binary:
        cells = cells.cast(pl.String, strict=False)
    if cells.dtype.is_integer() or _is_whole(cells):
        cells = cells.cast(pl.Int64, strict=False).cast(pl.String)
    elif cells.dtype.is_numeric():
        cells = cells.cast(pl.String)
    if cells.dtype == pl.String:
        times = read_times(cells, column)
        if times.utc.null_count() == len(cells):
            raise UnreadableFileError(
                f"{column.uri}: no date in column {column.name} can be "
                f"read{_such_as(cells, times.utc, column)}. Write them as YYYY-MM-DD."
            )
    elif isinstance(cells.dtype, pl.Datetime | pl.Date):
        if cells.null_count() == len(cells):
            raise UnreadableFileError(
                f"{column.uri}: no date in column {column.name} can be read. Load dates."
            )
        return _typed_times(cells, column)
    else:
        raise UnreadableFileError(
            f"{column.uri}: column {column.name} holds {cells.dtype}, not dates. Write YYYY-MM-DD."
        )
    near = _of_this_era(times.utc)
    far = _note_far(near, times.utc, column)
    local = times.local
    if local is not None:
        local = pl.select(pl.when(near.is_not_null()).then(local)).to_series()
    return Times(near, local, far)


def _note_far(near: pl.Series, times: pl.Series, column: Column) -> int:
    """Notes how many times are too far off, and returns it. Raises UnreadableFileError where all are."""
    if near.null_count() == len(near):
        raise UnreadableFileError(
            f"{column.uri}: no date in column {column.name} lies in the years 1000 to 2999. Write YYYY-MM-DD."
        )
    far = near.null_count() - times.null_count()
    if far:
        column.notes.left_out.append(
            f"{far:,} of {len(near):,} rows of {column.uri}: {column.name} is before the year 1000 or after "
            "2999."
        )
    return far


def _typed_times(cells: pl.Series, column: Column) -> Times:
    near = _of_this_era(cells)
    far = _note_far(near, cells, column)
    zone = near.dtype.time_zone if isinstance(near.dtype, pl.Datetime) else None
    if zone is None:
        return Times(near.cast(pl.Datetime("us")), far=far)
    utc = near.dt.convert_time_zone("UTC").dt.replace_time_zone(None).cast(pl.Datetime("us"))
    if zone.startswith(_NO_PLACES):
        _note_time_of_day(utc, column)
        return Times(utc, far=far)
    return Times(utc, near.dt.replace_time_zone(None).cast(pl.Datetime("us")), far)


def _note_time_of_day(utc: pl.Series, column: Column) -> None:
    """Notes where all instants are at one time of day that is no midnight: perhaps it is one elsewhere."""
    clock = utc.drop_nulls().dt.time().unique()
    if len(utc) > 1 and len(clock) == 1 and clock[0] != time():
        column.notes.reading.append(
            f"{column.name}: all times are at {clock[0]:%H:%M} UTC, and days are counted in UTC."
        )


def _of_this_era(times: pl.Series) -> pl.Series:
    """Null where the day is too far off, told from the integers: Polars panics at years it cannot name."""
    a_day = _UNITS_A_DAY[times.dtype.time_unit] if isinstance(times.dtype, pl.Datetime) else 1
    first, end = (int(day.astype(np.int64)) * a_day for day in (_FIRST_DAY, _LAST_DAY + 1))
    # 64 bits of nanoseconds end in 1677 and 2262: there the bounds are those of the type.
    first, end = max(first, -(2**63)), min(end, 2**63 - 1)
    near = times.to_physical().cast(pl.Int64).is_between(first, end, closed="left")
    return pl.select(pl.when(near).then(times)).to_series().alias(TIMESTAMP)


def _days(times: Times, column: Column) -> tuple[Days, timedelta]:
    """Daily values stamped at their place's midnight lie on that day, not on the UTC day before."""
    if times.local is None:
        return Days.AS_WRITTEN, timedelta(0)
    local = times.local.drop_nulls()
    midnights = int((local.dt.time() == time()).sum())
    if midnights < _MIDNIGHTS * len(local) or local.equals(times.utc.drop_nulls()):
        return Days.UTC, timedelta(0)
    if local.n_unique() == 1:
        return Days.EITHER, local[0] - times.utc.drop_nulls()[0]
    column.notes.reading.append(
        f"{column.name}: {midnights:,} of {len(local):,} times are midnights of their own place, so each "
        "value lies on the day that is written (for example "
        f"{local[0]:%Y-%m-%d}, in UTC {times.utc.drop_nulls()[0]:%Y-%m-%d %H:%M})."
    )
    return Days.LOCAL, timedelta(0)


def _with_times(
    moments: pl.Series, numbers: list[pl.Series], cells: pl.Series, column: Column, far: int
) -> pl.DataFrame:
    """The rows with a time. Raises UnreadableFileError where more than a few rows with numbers have none."""
    frame = pl.DataFrame([moments.alias(TIMESTAMP), *numbers])
    missing = moments.is_null()
    if not missing.any():
        return frame
    there = (
        pl.select(pl.any_horizontal(one.is_not_null() for one in numbers)).to_series()
        if numbers
        else ~missing
    )
    lost, filled = int((there & missing).sum()), int(there.sum())
    such_as = _such_as(cells, moments, column)
    if not is_few(lost, filled):
        raise UnreadableFileError(
            f"{column.uri}: {lost:,} of {filled:,} rows with numbers have no readable "
            f"{column.name}{such_as}. At most 5 % may be left out: write all dates as YYYY-MM-DD."
        )
    if missing.sum() > far:
        column.notes.left_out.append(
            f"{int(missing.sum()) - far:,} of {len(moments):,} rows of {column.uri}: no readable "
            f"{column.name}{such_as}."
        )
    return frame.filter(~missing)


def _numbers(cells: pl.Series, column: Column, times: pl.Series, wanted: Wanted) -> pl.Series | None:
    """The column as finite numbers; None, and a note, when it holds none. Raises NotNumbers."""
    # Its own name would not do while it is worked on: Polars takes * and ^…$ for patterns of names.
    name, cells = column.name, _text_of_categories(cells.alias(""))
    filled = len(cells) - cells.null_count()
    if not filled:
        column.notes.left_out.append(f"{name}: the column of {column.uri} is empty.")
        return None
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
    numbers = _without_missing(numbers.fill_nan(None), column, wanted)
    clean = pl.select(pl.when(numbers.abs() <= LARGEST).then(numbers)).to_series()
    if infinite := clean.null_count() - numbers.null_count():
        said = f"{name}: {infinite:,} of {filled:,} cells of {column.uri} are infinite or beyond {LARGEST:g}."
        _lose(infinite, filled, said, column)
    if clean.null_count() == len(clean):
        column.notes.left_out.append(f"{name}: the column of {column.uri} holds no number that can be used.")
        return None
    return clean


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
    such_as = _such_as(there, numbers, column)
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


def _text_of_categories(cells: pl.Series) -> pl.Series:
    return cells.cast(pl.String) if isinstance(cells.dtype, pl.Categorical | pl.Enum) else cells


def _such_as(cells: pl.Series, understood: pl.Series, column: Column) -> str:
    """The first cell that could not be read, in brackets; nothing where all were empty."""
    failed = cells.is_not_null() & understood.is_null()
    if cells.dtype != pl.String or not failed.any():
        return ""
    return f" (such as {column.shown(cells, int(failed.arg_max() or 0))})"
