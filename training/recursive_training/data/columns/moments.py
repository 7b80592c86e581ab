"""The times of a table: from a column of any type to moments, and the days they lie on."""

from datetime import time, timedelta
from enum import StrEnum

import numpy as np
import polars as pl

from recursive_training.data.columns.notation import Column, Times
from recursive_training.data.columns.times import read_times
from recursive_training.data.columns.values import example_of, text_of_categories
from recursive_training.data.rows import TIMESTAMP
from recursive_training.errors import UnreadableFileError

# Outside lie slips of the pen and "never" (0001-01-01, 9999-12-31), which would make a period of millennia.
_FIRST_DAY, _LAST_DAY = np.datetime64("1000-01-01"), np.datetime64("2999-12-31")

_UNITS_A_DAY = {"ms": 86_400 * 10**3, "us": 86_400 * 10**6, "ns": 86_400 * 10**9}
MIDNIGHTS = 0.95
"""The share of the times that must be midnights of their place for a table of days."""
_NO_PLACES = ("UTC", "GMT", "Etc/", "Zulu", "Universal")
"""Zones that are no places: an instant of Parquet with one of them counts in UTC."""


class Days(StrEnum):
    """On which days the times of a table lie. LOCAL: on those of their places, as they are midnights there.
    EITHER: a single local midnight, which the data set's other files decide.
    """

    AS_WRITTEN = "as written"
    UTC = "utc"
    LOCAL = "local"
    EITHER = "either"


def is_whole(cells: pl.Series) -> bool:
    return cells.dtype.is_float() and bool((cells.drop_nulls() == cells.drop_nulls().floor()).all())


def read_moments(cells: pl.Series, column: Column) -> Times:
    """The times, those too far off left out. Raises UnreadableFileError."""
    cells = text_of_categories(cells)
    if cells.dtype == pl.Binary:
        cells = cells.cast(pl.String, strict=False)
    if cells.dtype.is_integer() or is_whole(cells):
        cells = cells.cast(pl.Int64, strict=False).cast(pl.String)
    elif cells.dtype.is_numeric():
        cells = cells.cast(pl.String)
    if cells.dtype == pl.String:
        times = read_times(cells, column)
        if times.utc.null_count() == len(cells):
            raise UnreadableFileError(
                f"{column.uri}: no date in column {column.name} can be "
                f"read{example_of(cells, times.utc, column)}. Write them as YYYY-MM-DD."
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
    numbers = times.to_physical().cast(pl.Int64)
    lowest, highest = numbers.min(), numbers.max()
    if lowest is not None and first <= lowest and highest < end:  # type: ignore[operator] # integers
        return times.alias(TIMESTAMP)
    near = numbers.is_between(first, end, closed="left")
    return pl.select(pl.when(near).then(times)).to_series().alias(TIMESTAMP)


def find_days(times: Times, column: Column) -> tuple[Days, timedelta]:
    """Daily values stamped at their place's midnight lie on that day, not on the UTC day before."""
    if times.local is None:
        return Days.AS_WRITTEN, timedelta(0)
    local = times.local.drop_nulls()
    midnights = int((local.dt.time() == time()).sum())
    if midnights < MIDNIGHTS * len(local) or local.equals(times.utc.drop_nulls()):
        return Days.UTC, timedelta(0)
    if local.n_unique() == 1:
        return Days.EITHER, local[0] - times.utc.drop_nulls()[0]
    column.notes.reading.append(
        f"{column.name}: {midnights:,} of {len(local):,} times are midnights of their own place, so each "
        "value lies on the day that is written (for example "
        f"{local[0]:%Y-%m-%d}, in UTC {times.utc.drop_nulls()[0]:%Y-%m-%d %H:%M})."
    )
    return Days.LOCAL, timedelta(0)
