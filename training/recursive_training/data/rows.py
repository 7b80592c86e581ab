"""Decides what several rows of one time mean: a time of day in a column of its own, a series each, or a
refusal.
"""

import json
import re
from collections.abc import Callable, Sequence
from datetime import time
from itertools import combinations, pairwise

import polars as pl

from recursive_training.data.columns.notation import Column
from recursive_training.data.files.headers import listed
from recursive_training.data.notes import FEW, is_few, quoted
from recursive_training.errors import UnreadableFileError

TIMESTAMP = "timestamp"
_CLOCK = r"^\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:\s?[AaPp]\.?[Mm]\.?)?$"
_LAST_HOUR = 23
_HOURS = ("hour", "hr")
_MOST_IDS = 10_000
_FEW_VALUES = 0.2  # an id has few different values, measured by the rows


def without_other_headers(frame: pl.DataFrame, column: Column) -> tuple[pl.DataFrame, Callable[[int], str]]:
    """The rows without those that repeat the header, as files that were put together have them, and their
    lines.

    Raises UnreadableFileError where another header has the column's name in its place: what follows it is
    another table.
    """
    times = frame[column.name]
    if times.dtype != pl.String:
        return frame, column.line
    again = times.str.contains(rf"(?i)^\s*{re.escape(column.name)}\s*$").fill_null(value=False)
    for row in again.arg_true():
        cells = frame.row(int(row))
        if any(
            str(cell).strip() != name
            for cell, name in zip(cells, frame.columns, strict=True)
            if cell is not None
        ):
            raise UnreadableFileError(
                f"{column.uri}: {column.line(int(row))} holds another header "
                f"({listed([str(cell or '') for cell in cells])}). Load each table in a file of its own."
            )
    if not again.any():
        return frame, column.line
    column.notes.reading.append(
        f"{column.uri}: its header stands {int(again.sum()):,} times more among the rows (such as "
        f"{column.line(int(again.arg_max() or 0))})."
    )
    kept = (~again).arg_true()
    return frame.filter(~again), lambda row: column.line(int(kept[row]))


def clock_column(columns: dict[str, pl.Series], times: str) -> str | None:
    """The column that holds the time of day for dates without one: `time` with cells such as 09:30, or `hour`
    with whole numbers up to 23 where several rows share a date. None where that is not certain.
    """
    candidates = [name for name in columns if name != times and name.lower() in ("time", *_HOURS)]
    if not candidates or not _is_dates_only(columns[times]):
        return None
    for name in candidates:
        cells = columns[name]
        if name.lower() == "time" and _is_clock(cells):
            return name
        if name.lower() in _HOURS and columns[times].n_unique() < len(cells) and _is_hours(cells):
            return name
    return None


def with_clock(days: pl.Series, clock: pl.Series) -> pl.Series:
    """Days and times of day as one text, null where either is."""
    text = days if days.dtype == pl.String else days.dt.strftime("%Y-%m-%d")
    if clock.dtype == pl.Time:
        clock = clock.dt.to_string("%H:%M:%S%.f")
    elif clock.dtype.is_numeric():
        clock = clock.cast(pl.Int64).cast(pl.String).str.zfill(2) + ":00"
    return text.str.strip_chars() + " " + clock.str.strip_chars()


def _is_dates_only(cells: pl.Series) -> bool:
    if cells.dtype == pl.String:
        return not cells.str.contains(":", literal=True).any()
    if isinstance(cells.dtype, pl.Datetime):
        return bool((cells.dt.time() == time()).all()) and cells.dtype.time_zone is None
    return cells.dtype == pl.Date


def _is_clock(cells: pl.Series) -> bool:
    if cells.dtype == pl.String:
        filled = cells.drop_nulls().str.strip_chars()
        return not filled.is_empty() and bool(filled.str.contains(_CLOCK).all())
    return cells.dtype == pl.Time


def _is_hours(cells: pl.Series) -> bool:
    if not cells.dtype.is_numeric():
        return False
    filled = cells.drop_nulls()
    return bool(((filled >= 0) & (filled <= _LAST_HOUR) & (filled == filled.floor())).all())


def spread(frame: pl.DataFrame, ids: pl.DataFrame, column: Column) -> pl.DataFrame:
    """Long format made wide: `frame` has timestamp and numbers, `ids` the id columns of the same rows. Each
    id becomes a variable of its name; with several columns of numbers, `id/column`.

    Raises UnreadableFileError.
    """
    names = ids.select(
        pl.concat_str(pl.all().cast(pl.String).str.strip_chars(), separator="/", ignore_nulls=False).alias(
            "id"
        )
    )["id"]
    if ids.filter(names.is_not_null()).n_unique() != names.drop_nulls().n_unique():
        raise UnreadableFileError(
            f"{column.uri}: two ids of {' and '.join(ids.columns)} have one name. Rename one."
        )
    if (names == TIMESTAMP).any():
        raise UnreadableFileError(f"{column.uri}: an id is called {TIMESTAMP}. Rename it.")
    missing = names.null_count()
    if missing:
        sentence = (
            f"{missing:,} of {len(names):,} rows of {column.uri}: no id in {' and '.join(ids.columns)}."
        )
        if not is_few(missing, len(names)):
            raise UnreadableFileError(f"{sentence} Fill the ids, or name other id_columns.")
        column.notes.left_out.append(sentence)
    different = names.drop_nulls().unique(maintain_order=True)
    values = [name for name in frame.columns if name != TIMESTAMP]
    if len(different) * len(values) > _MOST_IDS:
        raise UnreadableFileError(
            f"{column.uri}: {' and '.join(ids.columns)} make {len(different):,} ids of {len(values)} "
            f"columns, and {_MOST_IDS:,} variables are the most. Name other id_columns, or load fewer."
        )
    long = frame.with_columns(names.alias("")).filter(names.is_not_null())
    parts = {
        key[0]: part.drop("")
        for key, part in long.partition_by("", as_dict=True, maintain_order=True).items()
    }
    wide = []
    for name in different:
        part = parts[name]
        shown = [str(name)] if len(values) == 1 else [f"{name}/{value}" for value in values]
        part.columns = [TIMESTAMP, *shown]
        demand_few_contested(part, column, lambda: None)
        wide.append(last_of_each_time(part))
    if len({name for part in wide for name in part.columns}) < sum(part.width - 1 for part in wide) + 1:
        raise UnreadableFileError(f"{column.uri}: two ids come out as one name. Rename one.")
    every = pl.concat([part.select(TIMESTAMP) for part in wide]).unique().sort(TIMESTAMP)
    joined = [
        every,
        *(every.join(part, on=TIMESTAMP, how="left", maintain_order="left").drop(TIMESTAMP) for part in wide),
    ]
    column.notes.reading.append(
        f"{column.uri}: each {'/'.join(ids.columns)} is a variable of its own ({len(different):,} of them)."
    )
    return pl.concat(joined, how="horizontal")


def last_of_each_time(frame: pl.DataFrame) -> pl.DataFrame:
    """One row a time, in order. Of several values of one time the last stands."""
    if is_in_order(frame[TIMESTAMP]):
        return frame
    if frame[TIMESTAMP].n_unique() == frame.height:
        return frame.sort(TIMESTAMP)
    by_time = frame.group_by(TIMESTAMP, maintain_order=True)
    return by_time.agg(pl.exclude(TIMESTAMP).drop_nulls().last()).sort(TIMESTAMP)


def is_in_order(times: pl.Series) -> bool:
    """Whether each is later than the one before: quicker to see than that all differ."""
    # Chunk by chunk, as they were read: all in one would be a copy.
    chunks = [chunk.to_numpy() for chunk in times.to_physical().get_chunks() if len(chunk)]
    rising = all((ticks[1:] > ticks[:-1]).all() for ticks in chunks)
    return rising and all(later[0] > earlier[-1] for earlier, later in pairwise(chunks))


def contested(frame: pl.DataFrame) -> dict[str, tuple[int, int]]:
    """For each column with times of several different values: how many there are, and of how many with
    any.
    """
    times = frame[TIMESTAMP]
    if frame.width == 1 or is_in_order(times) or times.n_unique() == frame.height:
        return {}
    repeated = frame.filter(frame[TIMESTAMP].is_duplicated())
    values = repeated.group_by(TIMESTAMP).agg(pl.exclude(TIMESTAMP).drop_nulls().n_unique() > 1)
    counts = values.select(pl.exclude(TIMESTAMP).sum()).row(0)
    names = [name for name in frame.columns if name != TIMESTAMP]
    found = {name: int(count) for name, count in zip(names, counts, strict=True) if count}
    return {
        name: (count, frame.filter(pl.nth(frame.get_column_index(name)).is_not_null())[TIMESTAMP].n_unique())
        for name, count in found.items()
    }


def demand_few_contested(
    frame: pl.DataFrame, column: Column, reopened: Callable[[], pl.DataFrame | None]
) -> None:
    """Notes which times have several values where they are few, of which the last one stands.

    `frame` follows the rows of the file; `reopened` gives all its columns again. Raises UnreadableFileError
    where many times have several values, and says which columns tell the rows apart.
    """
    found = contested(frame)
    many = {name: counts for name, counts in found.items() if not is_few(*counts)}
    if not many:
        column.notes.left_out += [
            f"{name}: {count:,} of {filled:,} times have different values; of each the last one given stands."
            for name, (count, filled) in found.items()
        ]
        return
    name, (count, filled) = max(many.items(), key=lambda item: item[1][0] / item[1][1])
    times = frame[TIMESTAMP]
    first = times.filter(times.is_duplicated())[0]
    rows = (times == first).arg_true()[:2].to_list()
    shown = f"{first:%Y-%m-%d}" if first.time() == time() else str(first)
    said = (
        f"{column.uri}: {count:,} of {filled:,} times have several rows with different {name} (such as "
        f"{shown}, {column.line(rows[0])} and {column.line(rows[1])})."
    )
    raise UnreadableFileError(f"{said} {_advice(reopened(), column)}")


def _advice(raw: pl.DataFrame | None, column: Column) -> str:
    telling = _telling_columns(raw, column.name) if raw is not None else ()
    if not telling:
        return "Load a table with one row for each time."
    named = " and ".join(quoted(name) for name in telling)
    if len(telling) == 1 and telling[0].lower() in (*_HOURS, "time", "minute", "period", "interval"):
        return (
            f"Column {named} tells the rows of a date apart: write date and time of day in one column "
            "'timestamp', as 2022-01-03 09:30."
        )
    verb = "Column" if len(telling) == 1 else "Columns"
    tells = "tells" if len(telling) == 1 else "tell"
    return (
        f"{verb} {named} {tells} them apart: submit with id_columns "
        f"{json.dumps(telling, ensure_ascii=False)}, "
        "and each id is a variable of its own; or load a file, or a column, for each."
    )


def _telling_columns(raw: pl.DataFrame, times: str) -> Sequence[str]:
    """The fewest columns, of those with few values, text first, by which next to all rows of a time
    differ.
    """
    rows = raw.height
    others = [name for name in raw.columns if name != times]
    few = [name for name in others if raw[name].n_unique() <= max(2, _FEW_VALUES * rows)]
    few.sort(key=lambda name: raw[name].dtype != pl.String)
    for count in (1, 2, 3):
        for names in combinations(few[:12], count):
            if raw.select(times, *names).n_unique() >= (1 - FEW) * rows:
                return list(names)
    return ()
