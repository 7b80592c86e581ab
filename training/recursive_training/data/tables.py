"""Turns the bytes of a file into a clean table: `timestamp` and columns of numbers, nothing else."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from recursive_training.data.files import listed, read_frame
from recursive_training.errors import UnreadableFileError
from recursive_training.series import LARGEST

TIMESTAMP = "timestamp"
_TIMESTAMP_NAMES = (TIMESTAMP, "date", "datetime", "time")  # in any case; the first that is there
_FORMATS = (
    "%Y-%m-%d",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%dT%H:%M:%S%.f%#z",
    "%Y-%m-%d %H:%M:%S%.f%#z",
    "%Y-%m-%dT%H:%M%#z",
    "%Y-%m-%d %H:%M%#z",
    "%Y/%m/%d",
    "%Y%m%d",
)
# Outside lie slips of the pen and "never" (0001-01-01, 9999-12-31), which would make a period of millennia.
_FIRST_DAY, _LAST_DAY = np.datetime64("1000-01-01"), np.datetime64("2999-12-31")
_UNITS_A_DAY = {"ms": 86_400 * 10**3, "us": 86_400 * 10**6, "ns": 86_400 * 10**9}
_FEWEST_NUMBERS = 0.5  # the share of a column's filled cells that must be numbers for it to be a variable
_LONGEST_EXAMPLE = 40


@dataclass(frozen=True)
class Table:
    """One file. `columns` are the names it gave, `left_out` a sentence for each thing not used.

    `frame` holds timestamp (microseconds, UTC, no nulls) and Float64 columns, null where nothing was usable.
    """

    frame: pl.DataFrame
    columns: list[str]
    rows: int
    left_out: list[str]


def read_table(payload: bytes, uri: str) -> Table:
    """Reads a Parquet or CSV file. Raises UnreadableFileError."""
    raw = read_frame(payload, uri)
    columns = raw.columns
    time_column = next((c for wanted in _TIMESTAMP_NAMES for c in columns if c.lower() == wanted), None)
    if time_column is None:
        raise UnreadableFileError(
            f"No timestamp column in {uri} (columns: {listed(columns)}). "
            "Name the column of dates 'timestamp'."
        )
    if raw.is_empty():
        raise UnreadableFileError(f"{uri} has no rows (columns: {listed(columns)}). Load data into it.")
    left_out: list[str] = []
    rows = raw.height
    times = _times(raw.drop_in_place(time_column), uri, left_out)
    variables = []
    for name in columns:
        if name == TIMESTAMP != time_column:
            left_out.append(f"{name}: the times of {uri} are taken from its column {time_column}.")
        elif name != time_column:
            # Taken out of the frame: text is twice as large as the numbers it becomes.
            variables.append(_numbers(raw.drop_in_place(name), uri, left_out))
    frame = pl.DataFrame([times, *(v for v in variables if v is not None)])
    if times.null_count():
        frame = frame.drop_nulls(TIMESTAMP)
    return Table(frame, columns, rows, left_out)


def _times(cells: pl.Series, uri: str, left_out: list[str]) -> pl.Series:
    name, cells = cells.name, _text_of_categories(cells.alias(TIMESTAMP))
    if cells.dtype == pl.String:
        text = pl.col(TIMESTAMP).str.strip_chars()
        times = cells.to_frame().select(pl.coalesce([_parsed(text, form) for form in _FORMATS]))[TIMESTAMP]
    elif isinstance(cells.dtype, pl.Datetime | pl.Date):
        times = cells
    else:
        raise UnreadableFileError(f"{uri}: column {name} holds {cells.dtype}, not dates. Write YYYY-MM-DD.")
    unreadable = times.null_count()
    if unreadable == len(times):
        raise UnreadableFileError(
            f"{uri}: no date in column {name} can be read{_such_as(cells, times)}. Write them as YYYY-MM-DD."
        )
    if unreadable:
        left_out.append(
            f"{unreadable} of {len(times)} rows of {uri}: no readable {name}{_such_as(cells, times)}."
        )
    times = _of_this_era(times)
    if times.null_count() == len(times):
        raise UnreadableFileError(
            f"{uri}: no date in column {name} lies in the years 1000 to 2999. Write YYYY-MM-DD."
        )
    if far := times.null_count() - unreadable:
        left_out.append(f"{far} of {len(times)} rows of {uri}: {name} is before the year 1000 or after 2999.")
    if isinstance(times.dtype, pl.Datetime) and times.dtype.time_zone:
        times = times.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return times.cast(pl.Datetime("us"))


def _parsed(text: pl.Expr, form: str) -> pl.Expr:
    times = text.str.to_datetime(form, strict=False, time_unit="us")
    return times.dt.replace_time_zone(None) if form.endswith("z") else times


def _of_this_era(times: pl.Series) -> pl.Series:
    """Null where the day is too far off, told from the integers: Polars panics at years it cannot name."""
    a_day = _UNITS_A_DAY[times.dtype.time_unit] if isinstance(times.dtype, pl.Datetime) else 1
    first, end = (int(day.astype(np.int64)) * a_day for day in (_FIRST_DAY, _LAST_DAY + 1))
    # 64 bits of nanoseconds end in 1677 and 2262: there the bounds are those of the type.
    first, end = max(first, -(2**63)), min(end, 2**63 - 1)
    near = times.to_physical().cast(pl.Int64).is_between(first, end, closed="left")
    return times.to_frame().select(pl.when(near).then(pl.col(TIMESTAMP)))[TIMESTAMP]


def _numbers(cells: pl.Series, uri: str, left_out: list[str]) -> pl.Series | None:
    """The column as finite numbers; None, and a reason in `left_out`, when it holds none."""
    # Its own name would not do while it is worked on: Polars takes * and ^…$ for patterns of names.
    name, cells = cells.name, _text_of_categories(cells.alias(""))
    filled = len(cells) - cells.null_count()
    if not filled:
        left_out.append(f"{name}: the column of {uri} is empty.")
        return None
    if cells.dtype == pl.String:
        numbers = cells.str.strip_chars().cast(pl.Float64, strict=False)
    elif cells.dtype.is_numeric():
        numbers = cells.cast(pl.Float64, strict=False)
    else:
        left_out.append(f"{name}: the column of {uri} does not hold numbers but {cells.dtype}.")
        return None
    are_numbers = len(numbers) - numbers.null_count()
    if are_numbers < filled * _FEWEST_NUMBERS:
        left_out.append(f"{name}: the column of {uri} does not hold numbers{_such_as(cells, numbers)}.")
        return None
    if are_numbers < filled:
        left_out.append(
            f"{name}: {filled - are_numbers} cells of {uri} are not numbers{_such_as(cells, numbers)}."
        )
    numbers = numbers.fill_nan(None)
    clean = numbers.to_frame().select(pl.when(pl.col("").abs() <= LARGEST).then(pl.col("")))[""]
    infinite = clean.null_count() - numbers.null_count()
    if infinite:
        left_out.append(f"{name}: {infinite} cells of {uri} are infinite or beyond {LARGEST:g}.")
    if clean.null_count() == len(clean):
        left_out.append(f"{name}: the column of {uri} holds no number that can be used.")
        return None
    return clean.alias(name)


def _text_of_categories(cells: pl.Series) -> pl.Series:
    return cells.cast(pl.String) if isinstance(cells.dtype, pl.Categorical | pl.Enum) else cells


def _such_as(cells: pl.Series, understood: pl.Series) -> str:
    """The first cell that could not be read, in brackets; nothing where all were empty."""
    failed = cells.filter(cells.is_not_null() & understood.is_null())
    if failed.dtype != pl.String or failed.is_empty():
        return ""
    text = str(failed[0])
    return f" (such as {text[:_LONGEST_EXAMPLE] + '…' if len(text) > _LONGEST_EXAMPLE else text!r})"
