"""Reads a column of dates in text: one notation for all of it, else a refusal that names what was found.

What is certain is read: the year first (YYYY-MM-DD, also with / or . or nothing between, with or without a
time and an offset), the names of months in English, days of the year and of ISO weeks, epoch seconds to
nanoseconds, and DD/MM/YYYY or MM/DD/YYYY where the column's own cells allow one order only. 24:00 is the next
midnight.
"""

from collections.abc import Iterator, Mapping

import polars as pl

from recursive_training.data.columns.digits import read_digits
from recursive_training.data.columns.forms import DAY_MICROSECONDS, FORMS, MONTHS, Form, matches
from recursive_training.data.columns.notation import Column, Notation, Times, refuse_mixture
from recursive_training.data.columns.quick_times import read_quickly

_ENOUGH_PROOF = 0.1
"""The share of a column's dates that must allow one order of day and month only, where both are usual."""
_ANY_MONTH = rf"(?i:{'|'.join(MONTHS)})[A-Za-z]{{0,6}}\.?"
_UNCERTAIN: Mapping[str, str] = {
    "months without a day": rf"^\d{{4}}[-/.]\d{{1,2}}$|^\d{{1,2}}[-/.]\d{{4}}$|^{_ANY_MONTH}[-\s/.,]*\d{{4}}$"
    rf"|^\d{{4}}[-\s/.]?{_ANY_MONTH}$|^\d{{4}}-?M\d{{1,2}}$",
    "quarters without a day": r"^\d{4}[-\s/]?[Qq][1-4]$|^[Qq][1-4][-\s/]?\d{2,4}$",
    "weeks without a day": r"^\d{4}-?W\d{1,2}$",
    "years with two digits": rf"^\d{{1,2}}[-/.\s]\d{{1,2}}[-/.\s]\d{{2}}(?:\D.*)?$"
    rf"|^\d{{1,2}}[-\s/.]?{_ANY_MONTH}[-\s/.]?['’]?\d{{2}}(?:\D.*)?$|^{_ANY_MONTH}[-\s/.]*['’]?\d{{2}}$",
    "the names of time zones": r"^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}[Tt\s]\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?"
    r"\s?[A-Za-z][A-Za-z_/+-]*\d*$",
    "ranges of dates": r"^\d{4}-\d{2}-\d{2}.*(?:/|\.\.|\s(?:-|–|to)\s).*\d{4}-\d{2}-\d{2}",
}
_INSTEAD: Mapping[str, str] = {
    "the names of time zones": "Write the offset from UTC, such as 2022-01-03T09:30:00+01:00.",
}
_WRITE = "Write them as YYYY-MM-DD."


def read_times(cells: pl.Series, column: Column) -> Times:
    """The times in a column of text; null where a cell is empty or no date.

    Raises UnreadableFileError where the cells are in two notations or in one whose meaning is not certain.
    """
    if (quick := read_quickly(cells)) is not None:
        return quick
    text = cells.str.strip_chars().str.strip_chars("'\"").replace("", None)
    filled = text.is_not_null()
    digits = text.str.contains(r"^[+-]?\d+(?:\.\d*)?$").fill_null(value=False)
    if digits.sum() > filled.sum() / 2:
        return read_digits(text, column)
    return _read_forms(text, column)


def _read_forms(text: pl.Series, column: Column) -> Times:
    cells = matches(text)
    found = list(_notations(cells))
    found += _uncertain(text, cells)
    if digits := _row_of(text, cells, r"^\d{6,19}$"):
        found.append(Notation("digits alone", *digits))
    if len(found) > 1:
        refuse_mixture(found, text, column)
    if found and (what := found[0].name) in _UNCERTAIN:
        column.refuse(f"holds {what} ({column.shown(text, found[0].row)})", _INSTEAD.get(what, _WRITE))
    _refuse_second_order(cells, text, column)
    _refuse_spans(cells, text, column)
    return _composed(text, cells, column)


def _notations(cells: pl.DataFrame) -> Iterator[Notation]:
    """Each notation that some cell is in for certain, with its first cell."""
    for (form, separator), group in cells.group_by("form", "sep", maintain_order=True):
        shape = FORMS[form]
        names = _orders(group, shape)
        narrow, wide = _widths(group)
        for order, rows in names:
            name = order.replace("-", separator) if separator else order
            for zoned in rows["offset"].is_not_null().unique().sort():
                part = rows.filter(pl.col("offset").is_not_null() == zoned)
                if narrow is not None and wide is not None:
                    part = part.join(wide, on="row", how="semi", maintain_order="left")
                if part.is_empty():
                    continue
                said = f"{name} with an offset from UTC" if zoned else name
                yield Notation(said, part.height, part["row"][0])
        if narrow is not None and wide is not None:
            name = names[0][0].replace("-", separator or "-")
            yield Notation(f"{name} without leading zeros", narrow.height, narrow["row"][0])


def _widths(group: pl.DataFrame) -> tuple[pl.DataFrame | None, pl.DataFrame | None]:
    """The cells with one digit, and those with a leading zero, where one part of the date is written both
    ways.
    """
    for part in "ab":
        narrow, wide = group.filter(f"narrow_{part}"), group.filter(f"wide_{part}")
        if narrow.height and wide.height:
            return narrow, wide
    return None, None


def _orders(group: pl.DataFrame, shape: Form) -> list[tuple[str, pl.DataFrame]]:
    """The orders of day and month that the cells prove, each with its cells; the first where none does."""
    is_first, is_second = pl.col("first").is_not_null(), pl.col("second").is_not_null()
    only_first, only_second = group.filter(is_first & ~is_second), group.filter(is_second & ~is_first)
    if not shape.second or not only_second.height:
        return [(shape.first, group)]
    if not only_first.height:
        return [(shape.second, only_second)]
    return [(shape.first, only_first), (shape.second, only_second)]


def _uncertain(text: pl.Series, cells: pl.DataFrame) -> Iterator[Notation]:
    for name, pattern in _UNCERTAIN.items():
        if found := _row_of(text, cells, pattern):
            yield Notation(name, *found)


def _row_of(text: pl.Series, cells: pl.DataFrame, pattern: str) -> tuple[int, int] | None:
    """How many cells in no form fit the pattern, and the first of them."""
    rest = pl.DataFrame({"text": text}).with_row_index("row").drop_nulls().join(cells, on="row", how="anti")
    fitting = rest.filter(pl.col("text").str.contains(pattern))
    return (fitting.height, fitting["row"].min()) if fitting.height else None  # type: ignore[return-value] # not null


def _refuse_second_order(cells: pl.DataFrame, text: pl.Series, column: Column) -> None:
    """Refuses the day before the month behind the year, and an order of day and month that is not certain."""
    year_first = cells.filter(pl.col("form") == 0, pl.col("first").is_null(), pl.col("second").is_not_null())
    if year_first.height:
        column.refuse(
            f"holds the day before the month ({column.shown(text, year_first['row'][0])}): YYYY-DD-MM", _WRITE
        )
    year_last = cells.filter(pl.col("form") == 1)
    if year_last.height:
        only_first = year_last.filter(pl.col("first").is_not_null(), pl.col("second").is_null()).height
        only_second = year_last.filter(pl.col("second").is_not_null(), pl.col("first").is_null()).height
        if max(only_first, only_second) < _ENOUGH_PROOF * year_last.height:
            column.refuse(
                f"holds dates such as {column.shown(text, year_last['row'][0])}, of which the day or the "
                "month may stand first",
                _WRITE,
            )


def _refuse_spans(cells: pl.DataFrame, text: pl.Series, column: Column) -> None:
    """Refuses `00:15-00:30`: the offset grows with the time of day, so it is the end of a span."""
    zoned = cells.filter(pl.col("offset") < 0)
    length = (-zoned["offset"] * 60_000_000 - zoned["clock"]).unique()
    if zoned["clock"].n_unique() > 2 and len(length) == 1 and length[0] > 0:  # noqa: PLR2004 - more than by chance
        column.refuse(
            f"holds spans of time ({column.shown(text, zoned['row'][0])})",
            "Write one time, such as 2022-01-03T09:30.",
        )


def _composed(text: pl.Series, cells: pl.DataFrame, column: Column) -> Times:
    second_is_meant = (cells["form"] == 1) & bool(
        cells.filter(pl.col("form") == 1, pl.col("first").is_null(), pl.col("second").is_not_null()).height
    )
    days = cells.with_columns(
        pl.when(second_is_meant).then(pl.col("second")).otherwise(pl.col("first")).alias("day")
    )
    moments = days.select(
        "row",
        (pl.col("day").cast(pl.Datetime("us")) + pl.duration(microseconds="clock")).alias("local"),
        (pl.col("offset") * 60_000_000).alias("east"),
    )
    whole = pl.DataFrame({"row": pl.arange(len(text), eager=True, dtype=pl.UInt32)}).join(
        moments, on="row", how="left", maintain_order="left"
    )
    late = cells.filter(pl.col("clock") == DAY_MICROSECONDS, pl.col("timed")).height
    if late:
        column.notes.reading.append(f"{column.name}: 24:00 is the next midnight ({late:,} cells).")
    if cells.filter(pl.col("form") == 1).height:
        order = "the month" if second_is_meant.any() else "the day"
        proof = cells.filter(pl.col("second" if order == "the day" else "first").is_null())["row"][0]
        column.notes.reading.append(
            f"{column.name}: {order} stands first in {column.shown(text, proof)}, so it does in all cells."
        )
    if not cells["offset"].is_not_null().any():
        return Times(whole["local"])
    utc = whole.select(pl.col("local") - pl.duration(microseconds=pl.col("east")))["local"]
    return Times(utc, whole["local"])
