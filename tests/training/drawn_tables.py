"""Draws true tables and how they are written: files for test_any_notation.py, with what is true of them."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import nan
from zoneinfo import ZoneInfo

import polars as pl
from hypothesis import assume
from hypothesis import strategies as st
from recursive_training.data.columns.values import Wanted

from tests.training.written_dates import DATES, DAY, HOUR, LOCAL, MICROSECOND, MINUTE, MONTH, READ, Dates
from tests.training.written_tables import CONTAINERS, LAYOUTS, NUMBERS, TYPED, parquet

Points = dict[datetime, float]


@dataclass(repr=False)
class Written:
    """A file and what is true of it. `points`: of each variable, by their instants in UTC. `days`: the same
    by the days that are written, where the times are midnights of a place. `lines`: those of a text.
    """

    payload: bytes
    points: dict[str, Points]
    days: dict[str, Points] = field(default_factory=dict)
    lines: Sequence[str] = ()
    wanted: Wanted = field(default_factory=Wanted)
    times: str = "timestamp"

    def __repr__(self) -> str:
        shown = self.lines or [str(points) for points in self.points.values()]
        return "\n".join(
            [f"{self.wanted}, {len(self.payload):,} bytes", *(line[:200] for line in shown[:12])]
        )


STEPS: Mapping[str, tuple[float, float]] = {
    "daily": (DAY, DAY), "weekly": (7 * DAY, DAY), "monthly": (MONTH, MONTH), "hourly": (HOUR, HOUR),
    "15 minutes": (15 * MINUTE, MINUTE), "90.25 seconds": (90.25, MICROSECOND),
}  # fmt: skip
"""How far the times are apart, in seconds, and the coarsest grain in which they can be written."""
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "America/Sao_Paulo",
    "Australia/Lord_Howe",
)
KINDS: Mapping[str, Callable[[random.Random, int], Decimal]] = {
    "prices": lambda chance, n: Decimal(90_000 + 300 * n + chance.randint(-9000, 9000)).scaleb(-2),
    "changes": lambda chance, _n: Decimal(chance.randint(-250_000, 250_000)).scaleb(-2),
    "shares": lambda chance, _n: Decimal(chance.randint(1, 9999)).scaleb(-4),
    "large": lambda chance, _n: Decimal(chance.randint(-50_000_000, 50_000_000)).scaleb(-1),
    "rates": lambda chance, _n: Decimal(chance.randint(500, 1900)).scaleb(-3),
    "visitors": lambda chance, _n: Decimal(chance.randint(300, 3000)),
    "counts": lambda chance, _n: Decimal(int(10 ** chance.uniform(1, 6.5))),
    "zeros": lambda _chance, _n: Decimal(0),
}
THREE_DECIMALS_OR_NONE = ("rates", "visitors", "counts", "zeros")
SURE_DATES = [name for name, one in DATES.items() if one.must == READ]
LOCALES = ("1,234.5", "1.234,5", "1 234,5", "1'234.5", "1234,5", "plain")
MISSING = ("", "NA", "NaN", "null", "-", ".", "-999")
NO_DATES, NO_NUMBERS = ("soon", "2022-02-30", "n/a"), ("closed", "see note", "#N/A N/A")


def moments(step: str, count: int, start: datetime) -> list[datetime]:
    """Midnights of the start's place, or equal steps from it."""
    zone, width = start.tzinfo, timedelta(seconds=STEPS[step][0])
    if width < timedelta(days=1):
        first = start.astimezone(UTC)
        return [(first + n * width).astimezone(zone) for n in range(count)]
    months = (divmod(start.month - 1 + n, 12) for n in range(count))
    midnights = (
        [start.replace(year=start.year + years, month=month + 1, day=1, hour=0) for years, month in months]
        if step == "monthly"
        else [start.replace(hour=0) + n * width for n in range(count)]
    )
    # By way of UTC: where the clocks are put forward at midnight, there is none.
    return [midnight.astimezone(UTC).astimezone(zone) for midnight in midnights]


def fits(dates: Dates, step: str) -> bool:
    return dates.grain <= STEPS[step][1] and (dates.grain < MONTH or step == "monthly")


def order_shows(times: Sequence[datetime]) -> bool:
    """Whether some day after the twelfth shows the order of day and month."""
    return any(moment.day > 12 for moment in times)


def draw_dates(draw: st.DrawFn, *, plain: bool) -> tuple[list[datetime], list[str], Dates]:
    """The moments, how they are written, and in which notation."""
    step = draw(st.sampled_from(list(STEPS)))
    names = [name for name, one in DATES.items() if fits(one, step)]
    dates = DATES["YYYY-MM-DDThh:mm:ss.fffffffff" if plain else draw(st.sampled_from(names))]
    zone = ZoneInfo(draw(st.sampled_from(ZONES)) if dates.zoned else "UTC")
    year, month, day, hour = (draw(st.integers(*ends)) for ends in ((1975, 2034), (1, 12), (1, 28), (0, 23)))
    times = moments(step, draw(st.integers(30, 400)), datetime(year, month, day, hour, tzinfo=zone))
    assume(dates.must == READ or not dates.shape or order_shows(times))
    return times, [dates.write(moment) for moment in times], dates


def mix_dates(draw: st.DrawFn, times: list[datetime], cells: list[str], first: Dates) -> None:
    """Writes half of the cells, all from a row on, or one, in a second notation, where that can be seen."""
    names = [*SURE_DATES, "YYYY-DD-MM", "DD/MM/YY", "3-Jan-22"]
    second = DATES[draw(st.sampled_from([name for name in names if DATES[name].grain <= first.grain]))]
    assume(second.zoned or times[0].utcoffset() == times[-1].utcoffset() == timedelta(0))
    at = draw(st.integers(1, len(times) - 2))
    theirs = draw(st.sampled_from([range(1, len(times), 2), range(at, len(times)), range(at, at + 1)]))
    if second.shape == first.shape != "":
        assume(order_shows([times[n] for n in theirs]))
        assume(order_shows([moment for n, moment in enumerate(times) if n not in theirs]))
    for n in theirs:
        cells[n] = second.write(times[n])


def draw_numbers(draw: st.DrawFn, count: int, *, plain: bool) -> tuple[list[Decimal], list[str]]:
    """The values of a variable, and how they are written."""
    kind = draw(st.sampled_from(list(KINDS)))
    name = "plain" if plain else draw(st.sampled_from(list(NUMBERS)))
    chance = random.Random(draw(st.integers(0, 9999)))  # noqa: S311 - no secret
    values = [KINDS[kind](chance, n) for n in range(count)]
    cells = [NUMBERS[name].write(value, n) for n, value in enumerate(values)]
    if not plain and kind not in THREE_DECIMALS_OR_NONE and draw(st.booleans()):
        at = draw(st.integers(0, count - 1))
        cells[at] = NUMBERS[draw(st.sampled_from(LOCALES))].write(values[at], at)
    if "." in name and name.startswith("1.234"):
        assume(_dots_show(cells))
    return values, cells


def _dots_show(cells: Sequence[str]) -> bool:
    """Whether the cells show that their dots separate thousands: some have two, or a comma, or are hundreds
    without a dot, which decimals that are always three would not leave.
    """
    return any(cell.count(".") > 1 or "," in cell for cell in cells) or (
        sum(cell.isdecimal() and len(cell) == 3 for cell in cells) >= len(cells) / 20
    )


@dataclass
class Row:
    """A line of a table: its cells, and what is true of it."""

    moment: datetime
    date: str
    cells: dict[str, str]
    values: dict[str, float]
    more: dict[str, str] = field(default_factory=dict)


@dataclass
class Drawn:
    """A table while it is made worse."""

    rows: list[Row]
    times: str = "timestamp"
    ids: tuple[str, ...] = ()
    missing: tuple[float | str, ...] = ()

    def points(self, key: Callable[[datetime], datetime]) -> dict[str, Points]:
        """Of several values for one time the last one is true."""
        found: dict[str, Points] = {}
        for row in self.rows:
            for name, value in row.values.items():
                shown = "/".join(row.more[one] for one in self.ids) or name
                found.setdefault(shown, {})[key(row.moment)] = value
        return found


def in_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


def on_the_clock(moment: datetime) -> datetime:
    return moment.replace(tzinfo=None)


def _some_rows(draw: st.DrawFn, table: Drawn) -> list[Row]:
    count = draw(st.sampled_from([1, max(1, len(table.rows) // 25), len(table.rows) // 3]))
    return random.Random(draw(st.integers(0, 99))).sample(table.rows, count)  # noqa: S311 - no secret


def _cells_are_missing(draw: st.DrawFn, table: Drawn) -> None:
    mark = draw(st.sampled_from(MISSING))
    table.missing = (-999.0,) if mark == "-999" else ()
    for row in _some_rows(draw, table):
        for name in row.cells:
            row.cells[name] = mark
            del row.values[name]


def _cells_are_words(draw: st.DrawFn, table: Drawn) -> None:
    for row in _some_rows(draw, table):
        row.cells[next(iter(row.cells))] = draw(st.sampled_from(NO_NUMBERS))


def _dates_are_none(draw: st.DrawFn, table: Drawn) -> None:
    for row in _some_rows(draw, table):
        row.date = draw(st.sampled_from(NO_DATES))


def _rows_come_twice(draw: st.DrawFn, table: Drawn) -> None:
    table.rows += _some_rows(draw, table)


def _rows_are_corrected(draw: st.DrawFn, table: Drawn) -> None:
    """Few rows come again with another value; where they are many, neither value is certain."""
    rows = _some_rows(draw, table)
    few = len(rows) <= max(1, len(table.rows) / 20)
    for row in rows:
        name, cell = next(iter(row.cells.items()))
        changed = replace(
            row, cells=row.cells | {name: "77.5"}, values=row.values | {name: 77.5 if few else nan}
        )
        assume(row.values[name] != 77.5 and _is_plain(cell))
        table.rows.append(changed)


def _is_plain(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _words_stand_beside(draw: st.DrawFn, table: Drawn) -> None:
    for n, row in enumerate(table.rows):
        row.more = {"station": ("Köln", "Graz, west", 'the "old" one')[n % 3], "checked": "yes"}


def _time_stands_apart(draw: st.DrawFn, table: Drawn) -> None:
    """The time of day in a column of its own."""
    assume(all(row.moment.utcoffset() == timedelta(0) for row in table.rows))
    days = DATES[draw(st.sampled_from([name for name in SURE_DATES if DATES[name].grain == DAY]))]
    name, form = draw(
        st.sampled_from([("Time", "%H:%M:%S"), ("time", "%H:%M"), ("Time", "%I:%M %p"), ("Hour", "%H")])
    )
    assume(name != "Hour" or len({row.moment.date() for row in table.rows}) < len(table.rows))
    table.times = "Date"
    for row in table.rows:
        seen = row.moment.time().replace(tzinfo=None)
        assume(seen == datetime.strptime(f"{seen:{form}}", form).time())  # noqa: DTZ007 - a time of day
        row.date, row.more = days.write(row.moment), {name: f"{seen:{form}}"}


def _rows_belong_to_ids(draw: st.DrawFn, table: Drawn) -> None:
    """Long format: several rows a time, and a column that tells them apart, which the reader knows or not."""
    names = draw(st.sampled_from([("A", "B"), ("1", "2", "3"), ("north, old", "süd")]))
    wanted = draw(st.booleans())
    moments = [row.moment for row in table.rows]
    dates = [row.date for row in table.rows]
    first = next(iter(table.rows[0].cells))
    assume(wanted or len({row.values[first] for row in table.rows}) > 10)
    table.ids = ("id",) if wanted else ()
    for n, row in enumerate(table.rows):
        row.moment, row.date = moments[n // len(names)], dates[n // len(names)]
        row.more = {"id": names[n % len(names)]}
        row.cells = {first: row.cells[first]}
        row.values = {first: row.values[first] if wanted else nan}


_TROUBLES: Mapping[str, Callable[[st.DrawFn, Drawn], None]] = {
    "none": lambda _draw, _table: None,
    "missing": _cells_are_missing,
    "words": _cells_are_words,
    "no dates": _dates_are_none,
    "rows twice": _rows_come_twice,
    "corrections": _rows_are_corrected,
    "text beside": _words_stand_beside,
    "time apart": _time_stands_apart,
    "long": _rows_belong_to_ids,
}


def _columns(draw: st.DrawFn, count: int, *, plain: bool) -> dict[str, tuple[list[Decimal], list[str]]]:
    names = ["price", "volume (MWh)", "x"][: draw(st.integers(1, 3))]
    return {name: draw_numbers(draw, count, plain=plain) for name in names}


@st.composite
def written_texts(draw: st.DrawFn) -> Written:
    """A text with one to three variables, strange in some respects."""
    odd = draw(st.sets(st.sampled_from(["dates", "numbers", "layout", "container"]), min_size=1))
    moments, dates, notation = draw_dates(draw, plain="dates" not in odd)
    if "dates" in odd and draw(st.integers(0, 3)) == 0:
        mix_dates(draw, moments, dates, notation)
    columns = _columns(draw, len(moments), plain="numbers" not in odd)
    table = Drawn(
        [
            Row(
                moment,
                dates[n],
                {name: cells[n] for name, (_, cells) in columns.items()},
                {name: float(values[n]) for name, (values, _) in columns.items()},
            )
            for n, moment in enumerate(moments)
        ],
        times=draw(st.sampled_from(["timestamp", "Date", "DATETIME", "time"])),
    )
    _TROUBLES[draw(st.sampled_from(list(_TROUBLES)))](draw, table)
    header = [table.times, *table.rows[0].more, *table.rows[0].cells]
    layout = LAYOUTS[draw(st.sampled_from(list(LAYOUTS))) if "layout" in odd else "commas"]
    text = layout.text(header, [[row.date, *row.more.values(), *row.cells.values()] for row in table.rows])
    container = CONTAINERS[draw(st.sampled_from(list(CONTAINERS))) if "container" in odd else "plain"]
    return Written(
        container(layout.encoded(text)),
        table.points(in_utc),
        table.points(on_the_clock) if notation.zoned == LOCAL and _are_midnights(moments) else {},
        text.split("\n"),
        Wanted(id_columns=table.ids, missing_values=table.missing),
        table.times,
    )


def _are_midnights(moments: Sequence[datetime]) -> bool:
    """Whether nearly all are midnights of their place; some places skip one a year."""
    return sum(moment.hour == moment.minute == moment.second == 0 for moment in moments) > 0.9 * len(moments)


VALUES: Mapping[str, Callable[[list[Decimal]], pl.Series]] = {
    "doubles": lambda values: pl.Series(list(map(float, values))),
    "decimals": lambda values: pl.Series(values, dtype=pl.Decimal(20, 4)),
    "text": lambda values: pl.Series(list(map(str, values))),
    "categories": lambda values: pl.Series(list(map(str, values)), dtype=pl.Categorical),
}


@st.composite
def written_parquets(draw: st.DrawFn) -> Written:
    """A Parquet or Feather file with one variable, its times of a type or in text."""
    moments, dates, notation = draw_dates(draw, plain=False)
    kind = draw(st.sampled_from([*TYPED, "text", "categories", "in a zone"]))
    assume(kind != "epoch seconds" or all(moment.microsecond == 0 for moment in moments))
    values, _ = draw_numbers(draw, len(moments), plain=True)
    if kind in TYPED:
        times = TYPED[kind](moments)
    elif kind == "in a zone":
        times = pl.Series(moments)
    else:
        times = pl.Series(dates, dtype=pl.String if kind == "text" else pl.Categorical)
    if draw(st.booleans()):
        times[draw(st.integers(0, len(moments) - 1))] = None
    rows = [
        Row(moment, "", {}, {"price": float(value)}) for moment, value in zip(moments, values, strict=True)
    ]
    table = Drawn(rows)
    local = kind == "in a zone" or (kind in ("text", "categories") and notation.zoned == LOCAL)
    container = CONTAINERS[draw(st.sampled_from(list(CONTAINERS)))]
    written = {"timestamp": times, "price": VALUES[draw(st.sampled_from(list(VALUES)))](values)}
    return Written(
        parquet(written, feather=draw(st.booleans())) if container is bytes else container(parquet(written)),
        table.points(in_utc),
        table.points(on_the_clock) if local and _are_midnights(moments) else {},
    )
