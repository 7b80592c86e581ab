"""Turns the bytes of a file into a clean table: `timestamp` and columns of numbers, nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import polars as pl

from recursive_training.data.columns.moments import MIDNIGHTS, Days, find_days, is_whole, read_moments
from recursive_training.data.columns.notation import Column
from recursive_training.data.columns.numbers import NotNumbers
from recursive_training.data.columns.values import Wanted, example_of, find_clean, read_values
from recursive_training.data.files.headers import TIMESTAMP_NAMES, label, listed, time_place
from recursive_training.data.files.opening import Opened, open_table
from recursive_training.data.notes import FEW, Notes, is_few
from recursive_training.data.rows import (
    TIMESTAMP,
    clock_column,
    demand_few_contested,
    is_in_order,
    last_of_each_time,
    spread,
    with_clock,
    without_other_headers,
)
from recursive_training.errors import EmptyFileError, UnreadableFileError

_FEWEST_TIMES = 10

RULES = (
    "A column of dates is in one notation, and a column of numbers too: otherwise it is refused.",
    (
        f"Where the times have offsets, or in Parquet the zone of a place, and {MIDNIGHTS:.0%} of them are "
        "midnights there, each value lies on the day that is written. All other times count in UTC."
    ),
    f"At most {FEW:.0%} of a column's cells are left out with no more than a line under left_out.",
    (
        "Of several values for one time the last one given stands; where more than that share of the times "
        "have several, the table is refused."
    ),
)
"""How files are read, for the manifest of a run."""


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
    opened = open_table(payload, uri, wanted.missing_texts, wanted.id_columns)
    frame, line = opened.frame, opened.line
    notes.reading += opened.notes
    refused = dict(opened.refused)
    names, rows = list(frame.columns), frame.height
    if frame.is_empty():
        raise EmptyFileError(f"{uri} has no rows (columns: {listed(names)}). Load data into it.")
    time_name = names[time_place(names) or 0]
    _note_shorter_rows(opened, time_name, Column(names[-1], uri, line, notes))
    frame, line = without_other_headers(frame, Column(time_name, uri, line, notes))
    columns = dict(zip(names, frame.get_columns(), strict=True))
    del frame, opened
    time_name = _finest(columns, time_name, Column(time_name, uri, line, notes))
    column = Column(label(time_name), uri, line, notes)
    days = columns.pop(time_name)
    ids = _ids(columns, wanted, labels or {}, len(days), uri)
    if (clock := clock_column({time_name: days} | columns, time_name)) is not None:
        notes.reading.append(f"{uri}: {time_name} and {clock} together are the times.")
        days = with_clock(days, columns.pop(clock))
    times = read_moments(days, column)
    clean, numbers = find_clean(columns, wanted), []
    for name in list(columns):
        # Taken out one by one: text is twice as large as the numbers it becomes.
        cells = columns.pop(name)
        if name == TIMESTAMP:
            notes.left_out.append(f"{name}: the times of {uri} are taken from its column {time_name}.")
            continue
        try:
            placed = Column(label(name), uri, line, notes)
            read = read_values(cells, placed, times.utc, wanted, clean=name in clean)
        except NotNumbers as error:
            refused[name] = str(error)
            continue
        if read is not None:
            numbers.append(read.alias(name))
    notes.warnings += [
        (name, f"{label(name)}: the column of {uri} was not read. {_sentence(why)}")
        for name, why in refused.items()
    ]
    where, east = find_days(times, column)
    moments = times.local if where is Days.LOCAL and times.local is not None else times.utc
    frame = _with_times(moments, numbers, days, column, times.far)
    there = moments.is_not_null()
    if ids is not None:
        frame = spread(frame, ids.filter(there) if moments.null_count() else ids, column)
    elif not is_in_order(frame[TIMESTAMP]):
        kept = there.arg_true()
        placed = Column(time_name, uri, lambda row: line(int(kept[row])), notes)
        demand_few_contested(frame, placed, lambda: open_table(payload, uri).frame)
        frame = last_of_each_time(frame)
    _note_lonely_times(frame[TIMESTAMP], uri, notes)
    return Table(frame, names, rows, notes, refused, where, east)


def _note_shorter_rows(opened: Opened, time_name: str, last: Column) -> None:
    """Notes rows that end before the last column, as where a line was cut. What is no row of data is not
    meant: lines behind the table have no time.
    """
    frame = opened.frame
    if not frame[last.name].null_count() or time_name == last.name:
        return
    candidates = frame[last.name].is_null() & frame[time_name].cast(pl.String).str.contains(r"^\s*\d")
    shorter = opened.shorter(candidates.arg_true().to_list())
    if not shorter:
        return
    what = "1 row has" if len(shorter) == 1 else f"{len(shorter):,} rows have"
    said = f"{last.uri}: {what} fewer cells than the header ({last.line(shorter[0])}): the rest is missing."
    if is_few(len(shorter), frame.height):
        last.notes.left_out.append(said)
    else:
        last.notes.warnings.append((last.name, said))


def _note_lonely_times(times: pl.Series, uri: str, notes: Notes) -> None:
    """Warns of a first or last time that lies farther from the others than these from each other: 1900-01-01
    and 1970-01-01 often mean that there is none.
    """
    if len(times) < _FEWEST_TIMES:
        return
    first, second, *_, last_but_one, last = (times[place] for place in (0, 1, -2, -1))
    for lonely, gap, begin, end in (
        (first, second - first, second, last),
        (last, last - last_but_one, first, last_but_one),
    ):
        if gap > end - begin:
            said = f"{uri}: the time {lonely} lies far from all others ({begin} to {end})."
            notes.warnings.append(("", f"{said} If it stands for none, leave its rows out."))


def _finest(columns: dict[str, pl.Series], chosen: str, column: Column) -> str:
    """Of several columns of dates the one with the time of day. Raises UnreadableFileError where they
    differ.
    """
    for name in [name for name in columns if name.lower() in TIMESTAMP_NAMES and name != chosen]:
        quiet = Column(label(name), column.uri, column.line, Notes())
        try:
            mine, other = (read_moments(columns[one], quiet).utc for one in (chosen, name))
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
    whole = [cells.cast(pl.Int64) if is_whole(cells) else cells for cells in found]
    return pl.DataFrame([cells.alias(name) for name, cells in zip(wanted.id_columns, whole, strict=True)])


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
    such_as = example_of(cells, moments, column)
    if not is_few(lost, filled):
        raise UnreadableFileError(
            f"{column.uri}: {lost:,} of {filled:,} rows with numbers have no readable "
            f"{column.name}{such_as}. At most {FEW:.0%} may be left out: write all dates as YYYY-MM-DD."
        )
    if missing.sum() > far:
        column.notes.left_out.append(
            f"{int(missing.sum()) - far:,} of {len(moments):,} rows of {column.uri}: no readable "
            f"{column.name}{such_as}."
        )
    return frame.filter(~missing)
