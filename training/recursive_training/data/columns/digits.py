"""Reads dates that are digits alone: YYYYMMDD, perhaps with hours, minutes and seconds, YYYYDDD, epoch times.

Widths are exact. The notation that fits most cells is the column's; it is refused by name where it could mean
two things, and so is a column of which other cells are in another notation.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from recursive_training.data.columns.notation import Column, Notation, Times, refuse_mixture
from recursive_training.data.files.headers import like_date

_READ = ("YYYYMMDD", "YYYYMMDDhh", "YYYYMMDDhhmm", "YYYYMMDDhhmmss")
_NOT_READ = {
    "YYYYDDMM": "the day stands before the month",
    **dict.fromkeys(
        ("DDMMYYYY", "MMDDYYYY", "DDMMYYYYhh", "MMDDYYYYhh", "DDMMYYYYhhmm", "MMDDYYYYhhmm"),
        "the year stands last",
    ),
    **dict.fromkeys(
        ("YYMMDDhh", "YYMMDDhhmm", "DDMMYYhhmm", "MMDDYYhhmm", "YYMMDDhhmmss"), "the years have two digits"
    ),
    **dict.fromkeys(
        (
            "YYYYJJJhh",
            "YYYYJJJhhmm",
            "YYYYJJJhhmmss",
            "YYYYMMDDhhmmssf",
            "YYYYMMDDhhmmssff",
            "YYYYMMDDhhmmssfff",
        ),
        "they may be epoch times",
    ),
}
"""Notations of digits by their parts (J: the day of the year, f: fractions of a second), and why some are not
read.
"""
_DAYS = (1000, 2100)
_MOMENTS = (1900, 2100)
"""The years that a day, and a day with a time, may lie in: other digits mean something else."""
_PERHAPS = 0.5
"""The share of epoch times that may by chance be in a notation which is not read."""
_EPOCH_END = 4_102_444_800
_EPOCH_UNITS = {
    "seconds": (1, 10**8),
    "milliseconds": (10**3, 10**8),
    "microseconds": (10**6, 788_918_400),
    "nanoseconds": (10**9, 788_918_400),
}
"""How many there are a second, and the first second that is read: March 1973, and of the small ones 1995,
before which lie the ticks of Windows and .NET. The last is the end of 2099: so no number is in two units.
"""
_MICROSECONDS = 10**6
_DAY_SECONDS = 86_400
_ENOUGH_PROOF = 0.1
"""The share of seven-digit cells that must be a day of the year and no date with a digit left out."""
_WRITE = "Write them as YYYY-MM-DD."


@dataclass(frozen=True)
class _Candidate:
    """A notation and the times that cells have in it, null where a cell is not in it. `refused`: why it is
    not read, empty where it is.
    """

    name: str
    times: pl.Series
    refused: str = ""


def read_digits(text: pl.Series, column: Column) -> Times:
    """The times of a column of which most cells are digits, perhaps with a fraction; null for cells that are
    no time. Raises UnreadableFileError.
    """
    whole = text.str.replace(r"\.0*$", "")
    candidates = sorted(_candidates(whole), key=_order)
    if candidates[0].times.null_count() == len(text):
        first = int(text.is_not_null().arg_max() or 0)
        column.refuse(f"holds digits that are no date for certain ({column.shown(text, first)})", _WRITE)
    chosen, others = candidates[0], candidates[1:]
    rest = text.is_not_null() & chosen.times.is_null()
    for other in others:
        theirs = rest & other.times.is_not_null()
        if chosen.name.startswith("epoch") and other.name in _READ:
            theirs = other.times.is_not_null()  # too late for an epoch time by chance
        if theirs.any():
            refuse_mixture(
                [_notation(chosen), Notation(other.name, int(theirs.sum()), _first(theirs))], text, column
            )
    foreign = [int(row) for row in rest.arg_true() if _in_other_notation(text[int(row)])]
    if foreign:
        refuse_mixture([_notation(chosen), Notation("another", len(foreign), foreign[0])], text, column)
    if chosen.refused:
        first = _notation(chosen).row
        column.refuse(f"holds {chosen.name} ({column.shown(text, first)}): {chosen.refused}", _WRITE)
    if chosen.name != "YYYYMMDD":
        column.notes.reading.append(f"{column.name}: read as {chosen.name}.")
    return Times(chosen.times)


def _order(candidate: _Candidate) -> tuple[bool, int]:
    """Those that fit more cells first; epoch times, which nearly all digits can be, after those that fit
    some.
    """
    fitting = len(candidate.times) - candidate.times.null_count()
    if candidate.name.startswith("epoch") or not fitting:
        return True, -fitting
    return fitting < _PERHAPS * len(candidate.times), -fitting


def _in_other_notation(cell: str) -> bool:
    return like_date(cell) and not cell.isdecimal()


def _candidates(whole: pl.Series) -> Iterator[_Candidate]:
    """In the order in which they are taken where several fit as many cells."""
    widths = pl.select(pl.when(whole.str.contains(r"^\d+$")).then(whole.str.len_bytes())).to_series()

    def of_width(width: int) -> pl.Series:
        return pl.select(pl.when(widths == width).then(whole)).to_series()

    for name in _READ:
        yield _Candidate(name, _calendar(of_width(len(name)), name))
    for name, why in _NOT_READ.items():
        yield _Candidate(name, _calendar(of_width(len(name)), name), why)
    numbers = pl.select(
        pl.when(~whole.str.starts_with("0")).then(whole.cast(pl.Float64, strict=False))
    ).to_series()
    for unit, (per_second, first) in _EPOCH_UNITS.items():
        there = numbers.is_between(first * per_second, _EPOCH_END * per_second, closed="left")
        yield _Candidate(
            f"epoch {unit}", _epoch_times(pl.select(pl.when(there).then(whole)).to_series(), per_second)
        )
    seven = of_width(7)
    days = _days_of_year(seven)
    proof = _proof(seven, days)
    yield _Candidate(
        "YYYYDDD, the year and the day of the year",
        days,
        "" if proof >= _ENOUGH_PROOF else "seven digits may also be YYYYMMDD with a digit left out",
    )
    yield _Candidate("six digits", _anything(of_width(6)), "they may be YYYYMM, or a year of two digits")
    yield _Candidate(
        "five digits", _anything(of_width(5)), "a spreadsheet counts days so, from 1900 or from 1904"
    )
    fractions = pl.select(pl.when(whole.str.contains(r"^\d{5}\.\d+$")).then(whole)).to_series()
    yield _Candidate(
        "days with a fraction", _anything(fractions), "a spreadsheet counts days so, from 1900 or 1904"
    )
    yield _Candidate("years", _anything(of_width(4)), "a year without a day is no date")


def _calendar(cells: pl.Series, notation: str) -> pl.Series:
    """The times of cells in a notation of digits, null where there is no such day or time of day."""

    def part(letter: str, default: str) -> pl.Series:
        places = [place for place, one in enumerate(notation) if one == letter]
        return cells.str.slice(places[0], len(places)) if places else cells.str.replace(r"^.*$", default)

    year, month, day = part("Y", ""), part("M", "01"), part("D", "01")
    if "YYYY" not in notation:
        year = "20" + year
    days = (year + "-" + month + "-" + day).str.to_datetime("%Y-%m-%d", strict=False, time_unit="us")
    if "J" in notation:
        days = _days_of_year(year + part("J", ""))
    hour, minute, second = (part(letter, "00").cast(pl.Int64, strict=False) for letter in "hms")
    seconds = (hour * 60 + minute) * 60 + second
    exists = (minute < 60) & (second < 60) & (seconds <= _DAY_SECONDS)  # noqa: PLR2004 - a clock's
    exists &= days.dt.year().is_between(*(_DAYS if "h" not in notation else _MOMENTS))
    return pl.select(pl.when(exists).then(days + seconds * timedelta(seconds=1))).to_series()


def _epoch_times(cells: pl.Series, per_second: int) -> pl.Series:
    """Exact for whole numbers; a fraction counts to the microsecond."""
    whole = cells.str.extract(r"^(\d+)").cast(pl.Int64, strict=False)
    fraction = cells.str.extract(r"\.(\d+)$").str.pad_end(6, "0").str.slice(0, 6)
    beyond = fraction.cast(pl.Int64, strict=False).fill_null(0) // per_second
    micros = (
        whole * (_MICROSECONDS // per_second)
        if per_second <= _MICROSECONDS
        else whole // (per_second // _MICROSECONDS)
    )
    return (micros + beyond).cast(pl.Datetime("us"))


def _days_of_year(cells: pl.Series) -> pl.Series:
    year, number = cells.str.slice(0, 4), cells.str.slice(4, 3).cast(pl.Int64, strict=False)
    start = (year + "-01-01").str.to_datetime("%Y-%m-%d", strict=False, time_unit="us")
    times = start + (number - 1) * timedelta(days=1)
    exists = (
        (number >= 1)
        & (times.dt.year() == year.cast(pl.Int64, strict=False))
        & times.dt.year().is_between(*_DAYS)
    )
    return pl.select(pl.when(exists).then(times)).to_series()


def _proof(cells: pl.Series, days: pl.Series) -> float:
    """The share of the days of years that are no month and day with a digit left out (MDD or MMD)."""
    number = cells.str.slice(4, 3).cast(pl.Int64, strict=False)
    one_digit_month = (number // 100 >= 1) & (number % 100).is_between(1, 31)
    one_digit_day = (number // 10).is_between(10, 12) & (number % 10 >= 1)
    proving = days.is_not_null() & ~(one_digit_month | one_digit_day)
    return int(proving.sum()) / max(1, len(days) - days.null_count())


def _anything(cells: pl.Series) -> pl.Series:
    """Some time for each cell: the notation is refused, whatever it means."""
    return (
        pl.select(pl.when(cells.is_not_null()).then(pl.lit(0, dtype=pl.Int64)))
        .to_series()
        .cast(pl.Datetime("us"))
    )


def _notation(candidate: _Candidate) -> Notation:
    there = candidate.times.is_not_null()
    return Notation(candidate.name, int(there.sum()), _first(there))


def _first(mask: pl.Series) -> int:
    return int(mask.fill_null(value=False).arg_max() or 0)
