"""Joins the files of a data set on time, and picks the variables and the period."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from recursive_training.data import sources
from recursive_training.data.files import listed
from recursive_training.data.s3 import Bucket
from recursive_training.data.sources import Listing, Source, Tables
from recursive_training.data.tables import TIMESTAMP, Table
from recursive_training.errors import (
    EmptyPeriodError,
    MissingVariableError,
    UnreadableFileError,
    some,
)
from recursive_training.options import Options
from recursive_training.series import Series

_MOST_SPANS = 5  # variables whose first and last day a message names


@dataclass(frozen=True)
class Dataset:
    """Everything known of the variables, history before `start` included; the period is inclusive.

    `where` names the object, or the prefix, for messages. `columns` counts the columns of numbers that were
    read, asked for or not; `read` names every object, tables or not.
    """

    where: str
    sources: list[Source]
    read: Listing
    columns: int
    series: list[Series]
    start: date
    end: date
    left_out: list[str]


def load(bucket: Bucket, options: Options, listing: Listing | None = None) -> Dataset:
    """Reads what the options name, or exactly the `listing`. Raises TrainingError for each way to fail."""
    found = listing or sources.find(bucket, options)
    read = sources.read(bucket, found)
    only = len(found.versions) == 1
    where = f"s3://{bucket.name}/{found.versions[0].key if only else options.data_prefix}"
    left_out = list(read.left_out)
    return select(_joined(read.tables, where, left_out), read, options, where, left_out)


def _joined(tables: Sequence[Table], where: str, left_out: list[str]) -> pl.DataFrame:
    """All rows of all tables by time.

    Of several values for one time and column the last stands: later in the file, or from the file modified
    later (S3 keeps seconds; within one, the file whose key sorts later).
    """
    stacked = pl.concat([table.frame for table in tables], how="diagonal")
    if stacked.width == 1:
        names = sorted({name for table in tables for name in table.columns})
        said = [
            f"No column of numbers in {where} (columns: {listed(names)}).",
            *filter(None, [some(left_out)]),
        ]
        raise UnreadableFileError(f"{' '.join(said)} Load one.")
    times = stacked[TIMESTAMP]
    if times.n_unique() == stacked.height:  # nothing to join: half the memory, a fifth of the time
        return stacked if times.is_sorted() else stacked.sort(TIMESTAMP)
    by_time = stacked.group_by(TIMESTAMP)
    contested = by_time.agg(pl.exclude(TIMESTAMP).drop_nulls().n_unique() > 1).select(
        pl.exclude(TIMESTAMP).sum()
    )
    left_out += [
        f"{column.name}: {column.item()} times have different values; of each the last one given stands."
        for column in contested
        if column.item()
    ]
    return by_time.agg(pl.exclude(TIMESTAMP).drop_nulls().last()).sort(TIMESTAMP)


def select(frame: pl.DataFrame, read: Tables, options: Options, where: str, left_out: list[str]) -> Dataset:
    """The variables asked for, or all, with data in the period asked for, or in all the time there is."""
    times = frame[TIMESTAMP].to_numpy()
    first, last = (moment.astype("datetime64[D]").item() for moment in (times[0], times[-1]))
    start = options.start_date or min(first, options.end_date or first)
    end = options.end_date or max(last, start)
    wanted = options.variables or tuple(name for name in frame.columns if name != TIMESTAMP)
    series = [_series(frame, name) for name in wanted]
    without = [one for one in series if not _observed(one, start, end)]
    columns = f"{where} (columns: {listed(list(dict.fromkeys(c for s in read.sources for c in s.columns)))})"
    if without and options.variables:
        names = listed([one.name for one in without])
        drop = "the variable or load it" if len(without) == 1 else "these variables or load them"
        raise MissingVariableError(
            f"No data for {names} between {start} and {end} in {columns}."
            f"{_spans(without[:_MOST_SPANS])} Drop {drop}."
        )
    if len(without) == len(series):
        raise EmptyPeriodError(
            f"No data for any variable between {start} and {end} in {columns}.{_spans(series[:_MOST_SPANS])} "
            "Choose a period the data covers."
        )
    left_out = left_out + [f"{s.name}: no data between {start} and {end}.{_spans([s])}" for s in without]
    observed = [one for one in series if _observed(one, start, end)]
    return Dataset(where, read.sources, read.read, frame.width - 1, observed, start, end, left_out)


def _series(frame: pl.DataFrame, name: str) -> Series:
    if name not in frame.columns or name == TIMESTAMP:
        return Series(name, np.array([], dtype="datetime64[us]"), np.array([], dtype=np.float64))
    # Without its name: Polars, of a series too, takes * and ^…$ for patterns of names.
    values = frame.get_column(name).alias("")
    there = values.is_not_null()
    return Series(name, frame[TIMESTAMP].filter(there).to_numpy(), values.filter(there).to_numpy())


def _observed(series: Series, start: date, end: date) -> bool:
    days = series.times.astype("datetime64[D]")
    return bool(((days >= np.datetime64(start)) & (days <= np.datetime64(end))).any())


def _spans(series: Sequence[Series]) -> str:
    """Where the data lie of those that have any."""
    return "".join(
        f" {one.name} runs from {days[0]} to {days[-1]}."
        for one in series
        if len(days := one.times.astype("datetime64[D]"))
    )
