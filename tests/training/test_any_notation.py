"""Whatever a table is written in, each point that is read is right, and each that is not is accounted for."""

import ast
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import HealthCheck, given, note, settings
from recursive_training.data.columns.values import Wanted
from recursive_training.data.tables import Table, read_table
from recursive_training.errors import UnreadableFileError

from tests.training.drawn_tables import (
    ZONES,
    Points,
    Written,
    in_utc,
    moments,
    on_the_clock,
    written_parquets,
    written_texts,
)
from tests.training.written_dates import (
    DATES,
    DAY,
    EITHER,
    HOUR,
    LOCAL,
    MICROSECOND,
    MINUTE,
    MONTH,
    READ,
    REFUSED,
    SECOND,
)
from tests.training.written_tables import CONTAINERS, LAYOUTS, NUMBERS, TYPED, parquet

URI = "s3://b/k.csv"
QUIET_SHARE = 0.05
"""Of a column's cells: so many may be lost with no more than a line under left_out."""
THOROUGH = settings(
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)


def check(written: Written) -> Table | None:
    """Holds what comes out against the truth. Returns the table, None where the file was refused."""
    try:
        table = read_table(written.payload, URI, written.wanted)
    except UnreadableFileError as error:
        check_sentence(str(error), written)
        return None
    found = {name: points_of(table, name) for name in table.frame.columns if name != "timestamp"}
    assert set(found) <= set(written.points), "a variable came out that was not written"
    wrong = [first_wrong(found, truth) for truth in (written.points, written.days) if truth]
    assert None in wrong, wrong
    for name, points in (written.points, written.days)[wrong.index(None)].items():
        check_accounted(name, len(points) - len(found.get(name, {})), len(points), table, written)
    loud = [sentence for _, sentence in table.notes.warnings]
    for sentence in (*table.notes.reading, *table.notes.left_out, *loud, *table.refused.values()):
        check_sentence(sentence, written)
    assert all(re.search(r"(line|row) \d+", why) for why in table.refused.values()), table.refused
    return table


def points_of(table: Table, name: str) -> Points:
    times, values = table.frame["timestamp"].to_list(), table.frame[name].to_list()
    return {time: value for time, value in zip(times, values, strict=True) if value is not None}


def first_wrong(found: Mapping[str, Points], truth: Mapping[str, Points]) -> str | None:
    for name, points in found.items():
        for time, value in points.items():
            right = truth[name].get(time)
            if right is None or not abs(value - right) <= 1e-9 * abs(right):
                return f"{name} is {value} at {time}, and right is {right}"
    return None


def check_accounted(name: str, lost: int, of: int, table: Table, written: Written) -> None:
    """Sentences say which points do not come out; unless they are few, where a person reads first."""
    if not lost:
        return
    columns = (name, "price") if written.wanted.id_columns else (name,)
    loud = any(one in columns for one in [*table.refused, *(one for one, _ in table.notes.warnings)])
    quiet = any(written.times in said or name in said for said in table.notes.left_out)
    assert loud or (quiet and lost <= max(1, QUIET_SHARE * of)), f"{lost} of {of} {name} lost: {table.notes}"


def check_sentence(said: str, written: Written) -> None:
    """A sentence for people, not a library's; the line that it names holds the cell that it shows."""
    assert not re.search(r"[\r\n`]|panick|unwrap|dtype|schema|thread|Some\(|Err\(|Traceback", said), said
    assert len(said) <= 600
    assert said.endswith("."), said
    for shown, line in re.findall(r"""('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"), line (\d+)""", said):
        cell = ast.literal_eval(shown).rstrip("…").split()[0].replace("\u2212", "-")
        assert cell in written.lines[int(line) - 1].replace("\u2212", "-"), said


@settings(THOROUGH, max_examples=150)
@given(written_texts())
def test_each_point_of_a_text_is_right_or_accounted_for(written):
    note(repr(written))
    check(written)


@settings(THOROUGH, max_examples=60)
@given(written_parquets())
def test_each_point_of_a_parquet_file_is_right_or_accounted_for(written):
    note(repr(written))
    check(written)


STEPS = {
    DAY: "daily", HOUR: "hourly", MINUTE: "15 minutes", SECOND: "15 minutes", MICROSECOND: "90.25 seconds",
    MONTH: "monthly",
}  # fmt: skip
START = datetime(2021, 12, 20, tzinfo=UTC)
VALUES = [
    Decimal(one)
    for one in ("-1234.50", "980.25", "1071.75", "12.00", "0.50", "-0.25", "1234567.75", "43210.05")
]


def written_as(  # noqa: PLR0913 - a file in all its ways
    dates: str = "YYYY-MM-DD",
    *,
    numbers: str = "plain",
    layout: str = "commas",
    container: str = "plain",
    times: Sequence[datetime] = (),
    values: Sequence[Decimal] = VALUES,
) -> Written:
    """A hundred moments, and the values again and again."""
    times = times or moments(STEPS[DATES[dates].grain], 100, START)
    pairs = [(moment, values[n % len(values)]) for n, moment in enumerate(times)]
    rows = [
        [DATES[dates].write(one), NUMBERS[numbers].write(value, n)] for n, (one, value) in enumerate(pairs)
    ]
    text = LAYOUTS[layout].text(["timestamp", "price"], rows)
    return Written(
        CONTAINERS[container](LAYOUTS[layout].encoded(text)),
        {"price": {in_utc(moment): float(value) for moment, value in pairs}},
        lines=text.split("\n"),
    )


def check_read_whole(written: Written) -> Table:
    table = check(written)
    assert table is not None
    assert {name: len(points_of(table, name)) for name in written.points} == {
        name: len(points) for name, points in written.points.items()
    }, table.notes
    return table


def that(must: str, notations: Mapping) -> list[str]:
    return [name for name, one in notations.items() if one.must == must]


@pytest.mark.parametrize("dates", that(READ, DATES))
def test_dates_of_which_the_meaning_is_certain_are_read(dates):
    check_read_whole(written_as(dates))


@pytest.mark.parametrize("dates", that(REFUSED, DATES))
def test_dates_that_may_mean_two_things_are_refused_with_the_column_and_a_line(dates):
    written = written_as(dates)
    assert check(written) is None
    with pytest.raises(UnreadableFileError, match=r"timestamp.*line \d+"):
        read_table(written.payload, URI)


@pytest.mark.parametrize("dates", that(EITHER, DATES))
def test_dates_with_a_catch_are_read_rightly_or_refused(dates):
    check(written_as(dates))
    check(
        written_as(dates, times=moments("15 minutes" if DATES[dates].grain < HOUR else "hourly", 40, START))
    )


def test_dates_of_which_no_cell_shows_the_order_are_refused():
    firsts = moments("monthly", 40, START.replace(month=1))
    assert check(written_as("DD/MM/YYYY", times=firsts)) is None
    in_spring = moments("daily", 9, START.replace(month=4))  # 2021110 may be 10 January or day 110
    assert check(written_as("YYYYDDD", times=in_spring)) is None


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("dates", [name for name, one in DATES.items() if one.zoned == LOCAL])
def test_days_that_begin_at_midnight_of_a_place_are_the_days_that_are_written(dates, zone):
    times = moments("daily", 300, datetime(2017, 3, 1, tzinfo=ZoneInfo(zone)))
    written = written_as(dates, times=times)
    written.points["price"] = {on_the_clock(one): written.points["price"][in_utc(one)] for one in times}
    check_read_whole(written)


@pytest.mark.parametrize("numbers", that(READ, NUMBERS))
def test_numbers_of_which_the_meaning_is_certain_are_read(numbers):
    check_read_whole(written_as(numbers=numbers))


@pytest.mark.parametrize("numbers", that(REFUSED, NUMBERS))
def test_numbers_that_may_mean_two_things_are_refused_with_the_column_and_a_line(numbers):
    table = check(written_as(numbers=numbers))
    assert table is not None
    assert list(table.refused) == ["price"]


@pytest.mark.parametrize("numbers", that(EITHER, NUMBERS))
def test_numbers_with_a_catch_are_read_rightly_or_their_loss_is_said_aloud(numbers):
    check(written_as(numbers=numbers))


@pytest.mark.parametrize(
    ("numbers", "read"), [("1 234,5", True), ("1'234.5", True), ("1,234.5", False), ("1.234,5", False)]
)
def test_thousands_that_are_separated_in_whole_numbers_are_read_where_they_cannot_be_decimals(numbers, read):
    table = check(written_as(numbers=numbers, values=[Decimal(900 + 10 * n) for n in range(60)]))
    assert table is not None
    assert ("price" in table.frame.columns, "price" in table.refused) == (read, not read)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_layout_is_found_out(layout):
    check_read_whole(written_as(layout=layout))


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_container_is_opened_whatever_it_is_called(container):
    check_read_whole(written_as(container=container))
    times, values = TYPED["in UTC"](moments("daily", 100, START)), pl.Series([float(n) for n in range(100)])
    payload = parquet({"timestamp": times, "price": values})
    points = {in_utc(moment): float(n) for n, moment in enumerate(moments("daily", 100, START))}
    check_read_whole(Written(CONTAINERS[container](payload), {"price": points}))


@pytest.mark.parametrize("feather", [False, True])
@pytest.mark.parametrize("kind", TYPED)
def test_times_of_any_type_are_read(kind, feather):
    times = moments("hourly", 100, START)
    columns = {"timestamp": TYPED[kind](times), "price": pl.Series([float(n) for n in range(100)])}
    points = {in_utc(moment): float(n) for n, moment in enumerate(times)}
    check_read_whole(Written(parquet(columns, feather=feather), {"price": points}))


DAYS = [f"{moment:%Y-%m-%d}" for moment in moments("daily", 40, START)]


def lines(header: str, row: str, *more: str) -> bytes:
    """A row a day; `{n}` is its number, `{day}` its date."""
    rows = [row.format(n=n, day=day) for n, day in enumerate(DAYS)]
    return "\n".join([header, *rows, *more, ""]).encode()


NOT_CERTAIN = {
    "quality codes behind a comma": lines("DATE,TMP", '{day},"+{n:04},1"'),
    "a second header with its columns in another order": lines(
        "date,a,b", "{day},{n},7", "date,b,a", "2023-01-01,7,50"
    ),
    "a second table": lines(
        "date,price", "{day},{n}", "date,volume", *(f"2023-01-{n},{n}" for n in range(10, 30))
    ),
}


@pytest.mark.parametrize("payload", NOT_CERTAIN.values(), ids=NOT_CERTAIN)
def test_a_file_of_which_the_meaning_is_not_certain_is_not_read_in_silence(payload):
    try:
        table = read_table(payload, URI)
    except UnreadableFileError:
        return
    assert table.refused or table.notes.warnings


def test_data_above_a_header_that_is_repeated_are_read_as_well():
    payload = b"date,a\nsoon,1\n" + lines("2021-01-01,1", "{day},{n}", "date,a", "2023-01-01,5")
    table = read_table(payload, URI)
    assert table.frame["a"].to_list() == [1, *range(40), 5]
    assert "its header stands 1 times more among the rows (such as line 44)" in table.notes.reading[0]


NO_TABLES = {
    "times twice and no numbers": (lines("date,a", "{day},({n})", f"{DAYS[0]},(7)"), Wanted()),
    "the times as ids": (lines("date,a", "{day},{n}"), Wanted(id_columns=("date",))),
    "an id called timestamp": (lines("date,id,a", "{day},timestamp,{n}"), Wanted(id_columns=("id",))),
    "a name of two lines": (lines('date,"a\nb"', "{day},({n})"), Wanted()),
    "a long name": (lines(f"date,{'a' * 900}", "{day},({n})"), Wanted()),
    "a quote that is never closed": (b'"A title\n' + lines("date,a", "{day},{n}"), Wanted()),
    "a blank behind a quote": (lines("date,a,b", '{day},"{n}" ,"{n}"'), Wanted()),
    "a short first row": (lines("date,a,b\n2021-01-01,1", "{day},{n},{n}"), Wanted()),
}


@pytest.mark.parametrize(("payload", "wanted"), NO_TABLES.values(), ids=NO_TABLES)
def test_a_strange_file_ends_in_a_sentence_for_people(payload, wanted):
    written = Written(payload, {}, lines=payload.decode().split("\n"), wanted=wanted)
    try:
        table = read_table(payload, URI, wanted)
    except UnreadableFileError as error:
        check_sentence(str(error), written)
        return
    for sentence in (*table.notes.left_out, *(said for _, said in table.notes.warnings)):
        check_sentence(sentence, written)


def test_ids_keep_their_zeros():
    payload = lines("date,id,a", "{day},007,{n}", *(f"{day},07,1" for day in DAYS))
    table = read_table(payload, URI, Wanted(id_columns=("id",)))
    assert table.frame.columns == ["timestamp", "007", "07"]
