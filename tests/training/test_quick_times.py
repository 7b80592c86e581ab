"""The quick way to read times says what the thorough one says, or nothing."""

from datetime import UTC, datetime, timedelta

import polars as pl
from hypothesis import example, given
from hypothesis import strategies as st
from recursive_training.data.columns.notation import Column
from recursive_training.data.columns.quick_times import read_quickly
from recursive_training.data.columns.times import read_times
from recursive_training.data.notes import Notes
from recursive_training.errors import UnreadableFileError

ZONES = ("", "Z", "+00:00", "+01:00", "+02:00", "-0330", "+1400", "+14:30", "-12:30")
CLOCKS = ("", "T%H:%M", " %H:%M", "T%H:%M:%S", " %H:%M:%S")
FRACTIONS = ("", ".1", ".25", ".123456", ".123456789", ".1234567890")
ODD = (
    None,
    "",
    "2022-02-30",
    "2022-01-03 24:00:00",
    "2022-01-03T12:24:60",
    "2022-01-03 12:60",
    "10000-01-01",
    "-022-01-03",
    "2022-01-3",
    "２０２２-01-03",
    "2022-01-03\n",
    " 2022-01-03",
    "2022-01-03T09:30:00z",
    "2022/01/03 09:30:00",
    "2022-01-03T09:30:00-24:00",
    "2022-01-03 09:30:00 01:00",
)


@st.composite
def columns(draw: st.DrawFn) -> list[str | None]:
    """Cells of one form, among which one or two may be odd, or have another zone or fraction."""
    clock = draw(st.sampled_from(CLOCKS))
    zone = draw(st.sampled_from(ZONES)) if clock else ""
    fraction = draw(st.sampled_from(FRACTIONS)) if clock.endswith("S") else ""
    start = datetime(2022, 1, 3, tzinfo=UTC) + timedelta(seconds=draw(st.integers(0, 10**6)))
    step = timedelta(seconds=draw(st.sampled_from((1, 3600, 86_400, 2_764_801))))
    cells = [
        f"{(start + step * row).strftime(f'%Y-%m-%d{clock}')}{fraction}{zone}"
        for row in range(draw(st.integers(1, 25)))
    ]
    first = cells[0]
    for _ in range(draw(st.integers(0, 2))):
        place = draw(st.integers(0, len(cells)))
        other = draw(st.sampled_from((*ODD, f"{first[:19]}{draw(st.sampled_from(ZONES))}", first[:-1])))
        cells[place:place] = [other]
    return cells


@given(columns())
@example(["2022-01-03T12:23:59", "2022-01-03T12:24:60"])
@example(["2022-01-03T12:24:60"])
@example(["2022-01-03T09:30:00+02:00", "2022-03-30T09:30:00+03:00", None])
def test_the_quick_way_says_what_the_thorough_one_says_or_nothing(cells):
    text = pl.Series("date", cells, dtype=pl.String)
    quick = read_quickly(text)
    if quick is None:
        return
    try:
        # A blank around a cell is nothing to the thorough way; the quick one leaves it such a column.
        thorough = read_times(text + " ", Column("date", "s3://b/k.csv", str, Notes()))
    except UnreadableFileError as error:
        raise AssertionError(f"{cells} were read as {quick}") from error
    assert quick.utc.to_list() == thorough.utc.to_list()
    assert (quick.local is None) == (thorough.local is None)
    if quick.local is not None and thorough.local is not None:
        assert quick.local.to_list() == thorough.local.to_list()


def test_times_as_most_programs_write_them_are_read_the_quick_way():
    for form in (
        "%Y-%m-%d",
        "%Y-%m-%d %H:%M",
        "%Y-%m-%dT%H:%M:%S",
        "%Y-%m-%dT%H:%M:%S.%f",
        "%Y-%m-%d %H:%M:%S+01:00",
    ):
        cells = [(datetime(2022, 1, 3, tzinfo=UTC) + timedelta(hours=row)).strftime(form) for row in range(3)]
        assert read_quickly(pl.Series([*cells, None])) is not None
