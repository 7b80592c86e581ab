"""Joins the files of a data set on time, and picks the variables and the period."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from recursive_training.data import sources
from recursive_training.data.columns.moments import Days
from recursive_training.data.columns.sentinels import find_sentinels
from recursive_training.data.columns.values import Wanted
from recursive_training.data.files.headers import listed
from recursive_training.data.notes import is_few
from recursive_training.data.rows import TIMESTAMP, contested, last_of_each_time
from recursive_training.data.s3 import Bucket
from recursive_training.data.sources import Listing, Source, Tables
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
    read, asked for or not; `read` names every object, tables or not. `warnings` are about the variables.
    """

    where: str
    sources: list[Source]
    read: Listing
    columns: int
    series: list[Series]
    start: date
    end: date
    reading: list[str]
    left_out: list[str]
    warnings: list[str]


def load(bucket: Bucket, options: Options, listing: Listing | None = None) -> Dataset:
    """Reads what the options name, or exactly the `listing`. Raises TrainingError for each way to fail."""
    found = listing or sources.find(bucket, options)
    only = len(found.versions) == 1
    folder = found.versions[0].key if only else str(options.data_prefix)
    folder = folder[: folder.rfind("/") + 1]
    if only and options.data_prefix is not None:
        folder = options.data_prefix[: options.data_prefix.rfind("/") + 1]
    wanted = Wanted(options.id_columns, options.missing_values)
    read = sources.read(bucket, found, wanted, folder)
    where = f"s3://{bucket.name}/{found.versions[0].key if only else options.data_prefix}"
    return select(_joined(read, where), read, options, where)


def _joined(read: Tables, where: str) -> pl.DataFrame:
    """All rows of all tables by time.

    Of several values for one time and column the last stands: later in the file, or from the file modified
    later (S3 keeps seconds; within one, the file whose key sorts later). Raises UnreadableFileError where
    they are more than a few: then the files hold different things under one name.
    """
    frames = _on_their_days(read, where)
    stacked = pl.concat(frames, how="diagonal")
    if stacked.width == 1:
        names = sorted({name for table in read.tables for name in table.columns})
        sentences = [sentence for _, sentence in read.notes.warnings] + read.notes.left_out
        said = [
            f"No column of numbers in {where} (columns: {listed(names)}).",
            *filter(None, [some(sentences)]),
        ]
        raise UnreadableFileError(f"{' '.join(said)} Load one.")
    for name, (count, filled) in contested(stacked).items():
        if not is_few(count, filled):
            holders = _holders(stacked, frames, read, name)
            raise UnreadableFileError(
                f"{where}: {count:,} of {filled:,} times have different {name} in several files (such as "
                f"{holders}). The files seem to hold different things under one name: give each a column "
                "name of its own, or name one file. Values that were corrected go in place of the old ones."
            )
        read.notes.left_out.append(
            f"{name}: {count:,} of {filled:,} times have different values; of each the last one given stands."
        )
    return last_of_each_time(stacked)


def _holders(stacked: pl.DataFrame, frames: Sequence[pl.DataFrame], read: Tables, name: str) -> str:
    """The first time with different values of the column, and two of the files that have them."""
    values = stacked.select(TIMESTAMP, pl.nth(stacked.get_column_index(name)).alias("")).drop_nulls()
    different = values.group_by(TIMESTAMP).agg(pl.col("").n_unique()).filter(pl.col("") > 1)
    moment = different[TIMESTAMP].sort()[0]
    holders = [
        source.key
        for source, frame in zip(read.sources, frames, strict=True)
        if name in frame.columns and (frame[TIMESTAMP] == moment).any()
    ]
    return f"{moment} in {listed(holders[:2])}"


def _on_their_days(read: Tables, where: str) -> list[pl.DataFrame]:
    """The frames, their times all on the days of their places or all in UTC."""
    kinds = {table.days for table in read.tables}
    if {Days.LOCAL, Days.UTC} <= kinds:
        one, other = (
            next(s.key for s, table in zip(read.sources, read.tables, strict=True) if table.days is kind)
            for kind in (Days.LOCAL, Days.UTC)
        )
        raise UnreadableFileError(
            f"{where}: the times of {one} are midnights of their place, which count as days, those of "
            f"{other} are not. Name one of them, or write all times in UTC."
        )
    if Days.EITHER not in kinds or Days.UTC in kinds:
        return [table.frame for table in read.tables]
    return [table.frame.with_columns(pl.col(TIMESTAMP) + table.east) for table in read.tables]


def select(frame: pl.DataFrame, read: Tables, options: Options, where: str) -> Dataset:
    """The variables asked for, or all, with data in the period asked for, or in all the time there is."""
    times = frame[TIMESTAMP].to_numpy()
    first, last = (moment.astype("datetime64[D]").item() for moment in (times[0], times[-1]))
    start = options.start_date or min(first, options.end_date or first)
    end = options.end_date or max(last, start)
    wanted = options.variables or tuple(name for name in frame.columns if name != TIMESTAMP)
    _demand_read(wanted, read, options)
    columns = dict(zip(frame.columns, frame.get_columns(), strict=True))
    series = [_series(columns, name) for name in wanted]
    without = [one for one in series if not _observed(one, start, end)]
    named = f"{where} (columns: {listed(list(dict.fromkeys(c for s in read.sources for c in s.columns)))})"
    if without and options.variables:
        names = listed([one.name for one in without])
        drop = "the variable or load it" if len(without) == 1 else "these variables or load them"
        raise MissingVariableError(
            f"No data for {names} between {start} and {end} in {named}."
            f"{_spans(without[:_MOST_SPANS])} Drop {drop}."
        )
    if len(without) == len(series):
        raise EmptyPeriodError(
            f"No data for any variable between {start} and {end} in {named}.{_spans(series[:_MOST_SPANS])} "
            "Choose a period the data covers."
        )
    notes = read.notes
    chosen = set(options.variables)
    about = [(not chosen or bool(options.id_columns) or not name or name in chosen, sentence)
             for name, sentence in notes.warnings]  # fmt: skip
    left_out = [
        *notes.left_out,
        *(sentence for relevant, sentence in about if not relevant),
        *(f"{s.name}: no data between {start} and {end}.{_spans([s])}" for s in without),
    ]
    observed = [one for one in series if _observed(one, start, end)]
    warnings = [sentence for relevant, sentence in about if relevant] + _suspects(observed)
    return Dataset(
        where,
        read.sources,
        read.read,
        frame.width - 1,
        observed,
        start,
        end,
        notes.reading,
        left_out,
        warnings,
    )


def _demand_read(wanted: Sequence[str], read: Tables, options: Options) -> None:
    """Raises UnreadableFileError where a variable asked for by name was refused."""
    if not options.variables:
        return
    for table, source in zip(read.tables, read.sources, strict=True):
        for name in wanted:
            if name in table.refused:
                raise UnreadableFileError(
                    f"{source.key}: column {name} was not read for certain: {table.refused[name]}"
                )


def _suspects(series: Sequence[Series]) -> list[str]:
    return [
        f"{one.name}: {s.value:.12g} stands {s.count} times, far outside of everything else ({s.low:.6g} to "
        f"{s.high:.6g}). If it means missing, submit again with missing_values [{s.value:.12g}]."
        for one in series
        for s in find_sentinels(one.values)
    ]


def _series(columns: Mapping[str, pl.Series], name: str) -> Series:
    if name not in columns or name == TIMESTAMP:
        return Series(name, np.array([], dtype="datetime64[us]"), np.array([], dtype=np.float64))
    # Without its name: Polars, of a series too, takes * and ^…$ for patterns of names.
    values = columns[name].alias("")
    there = values.is_not_null()
    return Series(name, columns[TIMESTAMP].filter(there).to_numpy(), values.filter(there).to_numpy())


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
