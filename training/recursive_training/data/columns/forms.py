"""The forms in which dates are written as text, and what the parts of a cell mean in them."""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = rf"(?<month>(?i:{'|'.join(MONTHS)}))[A-Za-z]{{0,6}}\.?"
_WEEKDAY = r"(?:(?i:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}\.?,?\s+)?"
_CLOCK = (
    r"(?:[Tt\s]\s?(?<hour>\d{1,2}):(?<minute>\d{2})(?::(?<sec>\d{2})(?:[.,](?<fraction>\d{1,9}))?)?"
    r"(?:\s?(?<half>[AaPp])\.?[Mm]\.?)?"
    r"(?:\s?(?<zone>Z|z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)(?:\[[\w/+-]+\])?)?)?$"
)
DAY_MICROSECONDS = 86_400_000_000
_PIECE = 100_000  # rows
OFFSETS = (-12 * 60, 14 * 60)
"""Minutes east of UTC, from the first to the last place on Earth that the sun reaches in a day."""


@dataclass(frozen=True)
class Form:
    """A way to write dates. `first` and `second` are the orders of its parts that may be meant; `second` is
    empty where only one can be.
    """

    pattern: str
    first: str
    second: str = ""


_YEAR_FIRST = Form(
    r"^(?<year>\d{4})(?<sep>[-/.])(?<a>\d{1,2})(?<sep2>[-/.])(?<b>\d{1,2})" + _CLOCK,
    "YYYY-MM-DD",
    "YYYY-DD-MM",
)
YEAR_LAST = Form(
    r"^(?<a>\d{1,2})(?<sep>[-/.])(?<b>\d{1,2})(?<sep2>[-/.])(?<year>\d{4})" + _CLOCK,
    "DD-MM-YYYY",
    "MM-DD-YYYY",
)
FORMS = (
    _YEAR_FIRST,
    YEAR_LAST,
    Form(
        rf"^{_WEEKDAY}(?<b>\d{{1,2}})[-\s/.]{_MONTH}[-\s/.,]{{1,2}}(?<year>\d{{4}})" + _CLOCK, "DD Mon YYYY"
    ),
    Form(
        rf"^{_WEEKDAY}{_MONTH}[-\s](?<b>\d{{1,2}})(?:st|nd|rd|th)?,?\s(?<year>\d{{4}})" + _CLOCK,
        "Mon DD YYYY",
    ),
    Form(rf"^(?<year>\d{{4}})[-\s/.]{_MONTH}[-\s/.](?<b>\d{{1,2}})" + _CLOCK, "YYYY-Mon-DD"),
    Form(r"^(?<year>\d{4})-(?<ordinal>\d{3})" + _CLOCK, "YYYY-DDD"),
    Form(r"^(?<year>\d{4})-?W(?<week>\d{2})-?(?<weekday>[1-7])$", "YYYY-Www-D"),
    Form(
        r"^(?<year>\d{4})(?<a>\d{2})(?<b>\d{2})[Tt\s](?<hour>\d{2}):?(?<minute>\d{2}):?(?<sec>\d{2})?"
        r"(?:\.(?<fraction>\d{1,9}))?(?<zone>Z|[+-]\d{2}:?\d{2})?$",
        "YYYYMMDD",
        "YYYYDDMM",
    ),
)
_EMPTY = pl.DataFrame(
    schema={
        "row": pl.UInt32, "form": pl.Int32, "sep": pl.String, "narrow_a": pl.Boolean, "narrow_b": pl.Boolean,
        "wide_a": pl.Boolean, "wide_b": pl.Boolean,
        "first": pl.Date, "second": pl.Date, "clock": pl.Int64, "timed": pl.Boolean, "offset": pl.Int64,
    }
)  # fmt: skip
"""One row a cell that matches a form. `narrow`, `wide`: a part of it is written with one digit, with a
leading zero. `first`, `second`: the day in the form's orders, null where there is none. `clock`, `offset`:
microseconds since midnight and minutes east of UTC.
"""


def matches(text: pl.Series) -> pl.DataFrame:
    """The cells in some form, in the order of their rows, as _EMPTY has them. Each is in one form only."""
    rows = pl.DataFrame({"text": text}).with_row_index("row").drop_nulls()
    # Piece by piece: the parts of dates take much more memory than what they mean.
    pieces = (part for piece in rows.iter_slices(_PIECE) for part in _matches(piece))
    return pl.concat([_EMPTY, *pieces]).sort("row")


def _matches(rest: pl.DataFrame) -> Iterator[pl.DataFrame]:
    for number, form in enumerate(FORMS):
        parts = rest["text"].str.extract_groups(form.pattern).struct.unnest()
        matched = parts["year"].is_not_null()
        if matched.any():
            yield _understood(rest["row"].filter(matched), parts.filter(matched), number)
            rest = rest.filter(~matched)


def _understood(rows: pl.Series, parts: pl.DataFrame, form: int) -> pl.DataFrame:
    """What the parts of cells in one form mean, as _EMPTY has it."""
    missing = [pl.lit(None, dtype=pl.String).alias(name) for name in _PARTS if name not in parts.columns]
    parts = parts.with_columns(missing)
    clock, is_clock = _clock()
    offset = _offset()
    first, second = _days_of_form(year_last=form == FORMS.index(YEAR_LAST))
    exists = is_clock & offset.fill_null(0).is_between(*OFFSETS)
    exists &= (pl.col("sep") == pl.col("sep2")) | pl.col("sep").is_null()
    return parts.select(
        rows.alias("row"),
        pl.lit(form, dtype=pl.Int32).alias("form"),
        pl.col("sep"),
        *(
            (pl.col(part).str.len_bytes() == 1).fill_null(value=False).alias(f"narrow_{part}")
            for part in "ab"
        ),
        *(pl.col(part).str.starts_with("0").fill_null(value=False).alias(f"wide_{part}") for part in "ab"),
        pl.when(exists).then(first).alias("first"),
        pl.when(exists).then(second).alias("second"),
        clock.alias("clock"),
        pl.col("hour").is_not_null().alias("timed"),
        offset.alias("offset"),
    )


def _number(part: str) -> pl.Expr:
    return pl.col(part).cast(pl.Int64, strict=False)


def _clock() -> tuple[pl.Expr, pl.Expr]:
    """Microseconds since midnight, and whether there is such a time of day."""
    half = pl.col("half").str.to_lowercase()
    hour, minute, second = (_number(part) for part in ("hour", "minute", "sec"))
    hours = pl.when(half == "a").then(hour % 12).when(half == "p").then(hour % 12 + 12).otherwise(hour)
    fraction = pl.col("fraction").str.pad_end(6, "0").str.slice(0, 6).cast(pl.Int64, strict=False)
    seconds = (hours.fill_null(0) * 60 + minute.fill_null(0)) * 60 + second.fill_null(0)
    clock = seconds * 1_000_000 + fraction.fill_null(0)
    exists = minute.fill_null(0).is_between(0, 59) & second.fill_null(0).is_between(0, 59)
    return clock, exists & (clock <= DAY_MICROSECONDS) & (half.is_null() | hour.is_between(1, 12))


def _days_of_form(*, year_last: bool) -> tuple[pl.Expr, pl.Expr]:
    """The day in the form's first and in its second order, null where there is none."""
    a, b, ordinal = _number("a"), _number("b"), _number("ordinal")
    numbers = dict(zip(MONTHS, range(1, 13), strict=True))
    month = pl.col("month").str.to_lowercase().replace_strict(numbers, default=None, return_dtype=pl.Int64)
    orders = ((b, a), (a, b)) if year_last else ((a, b), (b, a))
    week = pl.concat_str("year", pl.lit("-W"), "week", pl.lit("-"), "weekday")
    of_year = _day(pl.lit(1), pl.lit(1)) + pl.duration(days=ordinal - 1)
    same_year = of_year.dt.year().cast(pl.String).str.zfill(4) == pl.col("year")
    first = pl.coalesce(
        _day(month, b),
        _day(*orders[0]),
        pl.when(same_year & (ordinal > 0)).then(of_year),
        week.str.to_date("%G-W%V-%u", strict=False),
    )
    return first, pl.when(month.is_null()).then(_day(*orders[1]))


def _offset() -> pl.Expr:
    """Minutes east of UTC, null where none is written."""
    digits = pl.col("zone").str.replace_all(r"\D", "").str.pad_end(4, "0")
    minutes = digits.str.slice(0, 2).cast(pl.Int64) * 60 + digits.str.slice(2, 2).cast(pl.Int64)
    sign = pl.when(pl.col("zone").str.starts_with("-")).then(-1).otherwise(1)
    return pl.when(pl.col("zone").is_not_null()).then((sign * minutes).fill_null(0))


_PARTS = ("year", "a", "b", "sep", "sep2", "month", "ordinal", "week", "weekday", "hour", "minute", "sec",
          "fraction", "half", "zone")  # fmt: skip


def _day(month: pl.Expr, day: pl.Expr) -> pl.Expr:
    """The day of `year`; null where there is no such day."""
    two = [part.cast(pl.String).str.zfill(2) for part in (month, day)]
    return pl.concat_str(pl.col("year"), *two, separator="-").str.to_date("%Y-%m-%d", strict=False)
