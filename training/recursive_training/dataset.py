"""Finds the data set in S3, joins its files on time, and picks the variables and the period."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from recursive_training.errors import (
    EmptyPeriodError,
    MissingVariableError,
    NoSuchDatasetError,
    UnreadableFileError,
    some,
)
from recursive_training.files import listed
from recursive_training.logs import logger
from recursive_training.options import Options
from recursive_training.s3 import Bucket, StoredObject
from recursive_training.series import Series
from recursive_training.tables import TIMESTAMP, Table, read_table

_SUFFIXES = (".csv", ".parquet")
_MOST_SPANS = 5  # variables whose first and last day a message names


@dataclass(frozen=True)
class Source:
    """One object that was read, and what it held."""

    key: str
    version_id: str | None
    etag: str
    sha256: str
    bytes: int
    rows: int
    columns: list[str]


@dataclass(frozen=True)
class Dataset:
    """Everything known of the variables, history before `start` included; the period is inclusive.

    `where` names the object, or the prefix, for messages.
    """

    where: str
    sources: list[Source]
    series: list[Series]
    start: date
    end: date
    left_out: list[str]


def load(bucket: Bucket, options: Options) -> Dataset:
    """Reads one object or all under the prefix. Raises TrainingError for each way this can fail.

    Of many objects those that are no table are left out: a bad one must not end what the good ones allow.
    """
    keys, left_out = _keys(bucket, options)
    sources, tables, unreadable = [], [], []
    for stored in sorted(_read(bucket, keys, options), key=lambda found: (found.last_modified, found.key)):
        try:
            table = read_table(stored.payload, stored.uri)
        except UnreadableFileError as error:
            logger.warning("Left out: %s", error)
            unreadable.append(error)
            continue
        logger.info("Read %s: %d rows, columns %s", stored.uri, table.rows, listed(table.columns))
        sources.append(_source(stored, table))
        tables.append(table)
        left_out += table.left_out
    if not tables:
        raise unreadable[0]
    left_out += [f"Not read: {error}" for error in unreadable]
    where = f"s3://{bucket.name}/{keys[0] if len(keys) == 1 else options.s3_data_prefix}"
    return select(_joined(tables, where, left_out), sources, options, where, left_out)


def _keys(bucket: Bucket, options: Options) -> tuple[list[str], list[str]]:
    if options.dataset_key is not None:
        return [options.dataset_key], []
    found = bucket.keys(options.s3_data_prefix)
    keys = [key for key in found if key.lower().endswith(_SUFFIXES)]
    if not keys:
        raise NoSuchDatasetError(
            f"No .csv or .parquet under s3://{bucket.name}/{options.s3_data_prefix} "
            f"({len(found)} other objects). Load a data set there, or name one with --dataset-key."
        )
    return keys, [f"{key}: neither .csv nor .parquet." for key in found if key not in keys]


def _read(bucket: Bucket, keys: list[str], options: Options) -> list[StoredObject]:
    return [bucket.read(key, options.dataset_version_id) for key in keys]


def _source(stored: StoredObject, table: Table) -> Source:
    return Source(
        key=stored.key,
        version_id=stored.version_id,
        etag=stored.etag,
        sha256=stored.sha256,
        bytes=len(stored.payload),
        rows=table.rows,
        columns=table.columns,
    )


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


def select(
    frame: pl.DataFrame, sources: list[Source], options: Options, where: str, left_out: list[str]
) -> Dataset:
    """The variables asked for, or all, with data in the period asked for, or in all the time there is."""
    times = frame[TIMESTAMP].to_numpy()
    first, last = (moment.astype("datetime64[D]").item() for moment in (times[0], times[-1]))
    start = options.start_date or min(first, options.end_date or first)
    end = options.end_date or max(last, start)
    wanted = options.variables or tuple(name for name in frame.columns if name != TIMESTAMP)
    series = [_series(frame, name) for name in wanted]
    without = [one for one in series if not _observed(one, start, end)]
    columns = f"{where} (columns: {listed(list(dict.fromkeys(c for s in sources for c in s.columns)))})"
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
    return Dataset(
        where, sources, [one for one in series if _observed(one, start, end)], start, end, left_out
    )


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
