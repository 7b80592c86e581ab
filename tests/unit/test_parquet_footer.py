import io
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pulse.domain.sizing.parquet_footer import InvalidFooter, footer_bytes, read_footer
from pulse.domain.sizing.thrift_compact import InvalidThrift, read_struct

FIRST, LAST = date(2015, 3, 2), date(2017, 11, 26)
ROWS = (LAST - FIRST).days + 1
DAYS = [FIRST + timedelta(days=day) for day in range(ROWS)]


def written(frame: pl.DataFrame, **options) -> bytes:
    file = io.BytesIO()
    frame.write_parquet(file, **options)
    return file.getvalue()


def facts(content: bytes):
    return read_footer(content[-footer_bytes(content) :], size_bytes=len(content))


def of_days(times) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "timestamp": times,
            "spx_close": pl.Series(range(ROWS), dtype=pl.Float64),
            "volume": pl.Series(range(ROWS), dtype=pl.UInt32),
            "ticker": ["SPX"] * ROWS,
            "open": [True] * ROWS,
        }
    )


@pytest.mark.parametrize(
    "times",
    [
        pl.Series(DAYS, dtype=pl.Date),
        *(pl.Series(DAYS).cast(pl.Datetime(unit)) for unit in ("ms", "us", "ns")),
        pl.Series(DAYS).cast(pl.Datetime("us", "UTC")),
        pl.Series(map(str, DAYS)),
        pl.Series(f"{day:%Y/%m/%d} 16:00" for day in DAYS),
        pl.Series(f"{day:%Y%m%d}" for day in DAYS),
    ],
    ids=["days", "ms", "us", "ns", "UTC", "text", "text with slashes", "text of digits"],
)
def test_should_tell_rows_columns_and_period_whatever_the_times_are_stored_as(times):
    content = written(of_days(times))
    found = facts(content)
    assert (found.rows, found.columns, found.column_count) == (ROWS, ("spx_close", "volume"), 2)
    assert (found.first, found.last) == (FIRST, LAST)
    assert found.bytes == len(content)


def test_should_look_at_every_row_group_when_there_are_several():
    times = pl.Series(DAYS).cast(pl.Datetime("us")).shuffle(seed=1)
    found = facts(written(of_days(times), row_group_size=100))
    assert (found.rows, found.first, found.last) == (ROWS, FIRST, LAST)


def test_should_leave_the_period_open_when_the_writer_left_no_statistics():
    found = facts(written(of_days(pl.Series(DAYS)), statistics=False))
    assert (found.rows, found.first, found.last) == (ROWS, None, None)


def test_should_leave_out_an_instant_that_means_never():
    times = pl.Series([datetime(1, 1, 1, tzinfo=UTC), datetime(2020, 1, 1, tzinfo=UTC)])
    assert facts(written(pl.DataFrame({"timestamp": times, "a": [1, 2]}))).first is None


def test_should_count_only_columns_that_are_not_nested():
    frame = pl.DataFrame(
        {"Date": [FIRST], "pair": [{"x": 1, "y": {"z": 2.0}}], "list": [[1, 2]], "a": [1], "b": [2.5]}
    )
    found = facts(written(frame))
    assert found.columns == ("a", "b")
    assert found.first == FIRST


def test_should_count_decimals_and_small_integers_but_no_times_of_day():
    frame = pl.DataFrame(
        {
            "price": pl.Series(["1.5"]).cast(pl.Decimal(10, 2)),
            "small": pl.Series([1], dtype=pl.Int8),
            "at": pl.Series([datetime(2020, 1, 1, 9, 30)]).dt.time(),  # noqa: DTZ001 - a time of day has no zone
        }
    )
    assert facts(written(frame)).columns == ("price", "small")


def test_should_name_at_most_200_columns_and_count_all():
    found = facts(written(pl.DataFrame({f"c{place}": [1.0] for place in range(300)})))
    assert (len(found.columns), found.column_count) == (200, 300)


def test_should_refuse_a_footer_that_is_not_all_there():
    content = written(of_days(pl.Series(DAYS)))
    with pytest.raises(InvalidFooter, match="20 are there"):
        read_footer(content[-20:], size_bytes=len(content))


@given(st.binary(max_size=300))
def test_should_never_crash_on_bytes_that_are_no_footer(body):
    try:
        read_footer(body + len(body).to_bytes(4, "little") + b"PAR1", size_bytes=1)
    except InvalidFooter:
        return


@settings(max_examples=300)
@given(st.data())
def test_should_never_crash_on_a_footer_with_some_bytes_changed(data):
    content = bytearray(SMALL)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 9))] = data.draw(st.integers(0, 255))
    try:
        read_footer(bytes(content), size_bytes=len(content))
    except InvalidFooter:
        return


SMALL = written(of_days(pl.Series(DAYS)))
SMALL = SMALL[-footer_bytes(SMALL) :]


def test_should_refuse_structs_within_structs_without_end():
    with pytest.raises(InvalidThrift, match="levels"):
        read_struct(b"\x1c" * 100_000)


def test_should_refuse_a_list_longer_than_the_bytes_that_follow():
    with pytest.raises(InvalidThrift, match="follow"):
        read_struct(b"\x19\xf5\xff\xff\xff\xff\x07" + b"\x00" * 100)


def test_should_refuse_an_integer_without_end():
    with pytest.raises(InvalidThrift, match="64 bits"):
        read_struct(b"\x16" + b"\xff" * 50)
