import bz2
import gzip
import io
import lzma
import time
import zipfile
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulse.domain.sizing.csv_sample import sample
from pulse.domain.sizing.facts import DatasetFacts

MARKET = (Path(__file__).parents[2] / "samples" / "market_daily.csv").read_bytes()
SMALL = b"timestamp,a,b\n2020-01-01,1,2\n2020-01-02,3,4\n"


def zipped(content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.csv", content)
    return file.getvalue()


def feather() -> bytes:
    file = io.BytesIO()
    pl.DataFrame({"timestamp": [date(2020, 1, 1)], "a": [1.0]}).write_ipc(file)
    return file.getvalue()


def ends(content: bytes, head: int = 256 * 1024, tail: int = 4096) -> DatasetFacts | None:
    return sample(content[:head], content[-tail:], size_bytes=len(content))


def test_should_count_the_rows_when_the_head_is_the_whole_file():
    facts = ends(MARKET)
    assert facts.rows == MARKET.count(b"\n") - 1
    assert facts.columns == ("spx_close", "nasdaq_close", "wti_spot")
    assert (facts.first, facts.last) == (date(1990, 1, 2), date(2022, 12, 28))
    assert facts.measured == "the whole CSV"


def test_should_estimate_the_rows_within_a_tenth_when_rows_are_of_equal_length():
    start = date(2000, 1, 1)
    content = b"date,x\n" + b"".join(f"{start + timedelta(d)},{d:06}\r\n".encode() for d in range(9000))
    facts = ends(content, head=16 * 1024)
    assert facts.rows == pytest.approx(9000, rel=0.1)
    assert (facts.first, facts.last) == (start, start + timedelta(8999))
    assert facts.measured == "the first 16 KiB of the CSV"


def test_should_find_the_period_when_the_newest_row_comes_first():
    lines = MARKET.splitlines(keepends=True)
    facts = ends(b"".join([lines[0], *reversed(lines[1:])]), head=16 * 1024)
    assert (facts.first, facts.last) == (date(1990, 1, 2), date(2022, 12, 28))


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + SMALL,
        b"\r\n\r\n" + SMALL,
        SMALL.replace(b"\n", b"\r\n"),
        SMALL.replace(b"\n", b"\r"),
        SMALL.replace(b"timestamp,a,b", b'"timestamp", a ,"b"'),
        SMALL.rstrip(b"\n"),
        SMALL.replace(b"2020-01-02", b"2020-01-02T16:00:00Z"),
        gzip.compress(SMALL, mtime=0),
    ],
    ids=["BOM", "empty lines", "CRLF", "CR", "quotes", "no last line end", "times", "gzip"],
)
def test_should_read_what_the_training_reads(content):
    facts = ends(content)
    assert (facts.rows, facts.columns) == (2, ("a", "b"))
    assert (facts.first, facts.last) == (date(2020, 1, 1), date(2020, 1, 2))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        SMALL.replace(b",", b";"),
        SMALL.decode().encode("utf-16"),
        b"a,b\n1,\xff\n",
        b"a,\x00\n1,2\n",
        b"\x1f\x8b no gzip",
        b'a,"' + b"x" * 200_000,
    ],
)
def test_should_tell_nothing_of_what_the_training_cannot_read(content):
    assert ends(content) is None


@pytest.mark.parametrize(
    "content",
    [
        SMALL.replace(b",", b";"),
        SMALL.replace(b",", b"\t"),
        SMALL.replace(b",", b"|"),
        SMALL.replace(b",", b";").replace(b"3;4", b"3,5;4,5"),
        b"timestamp\tPrice, USD\n2020-01-01\t1\n",
        b"sep=,\n" + SMALL,
        b"sep=;\n" + SMALL.replace(b",", b";"),
        b"# Monthly mean, station A\n" + SMALL,
        b"Source: somebody\n" + SMALL,
        b"Price,Close,Open\nTicker,X,X\nDate,,\n2020-01-01,1,2\n",
        SMALL.replace(b"b\n", b"b\n,USD,USD\n"),
        SMALL.replace(b"timestamp", b"observation_date"),
        SMALL.replace(b"timestamp,a,b", b"timestamp,a,"),
        SMALL + b"Source: somebody\n",
        SMALL + b"2020-01-03,5,6,7\n",
        SMALL.replace(b"2020-01-02,3,4", b'2020-01-02,"1,071",4'),
        SMALL.replace(b",1,", b",5 %,").replace(b",3,", b",$7,"),
        SMALL.replace(b",1,", b",(1),"),
        SMALL.replace(b",1,", ",−1,".encode()),
        gzip.compress(b"# Monthly mean\n" + SMALL, mtime=0),
    ],
)
def test_should_tell_nothing_of_what_can_be_read_in_more_than_one_way(content):
    assert ends(content) is None


@pytest.mark.parametrize(
    "content",
    [
        zipped(SMALL),
        bz2.compress(SMALL),
        lzma.compress(SMALL),
        b"\x28\xb5\x2f\xfd" + SMALL,
        gzip.compress(zipped(SMALL), mtime=0),
        feather(),
    ],
    ids=["zip", "bzip2", "xz", "Zstandard", "zip in gzip", "Feather"],
)
def test_should_tell_nothing_of_another_format(content):
    assert ends(content) is None


def test_should_leave_the_period_open_where_rows_in_between_may_hold_other_days():
    start = date(2000, 1, 1)
    days = [*range(300), *range(2999, -1, -1), *range(300, 600)]
    content = b"date,x\n" + b"".join(f"{start + timedelta(day)},{day:06}\n".encode() for day in days)
    found = ends(content, head=16 * 1024)
    assert (found.first, found.last) == (None, None)
    whole = ends(content)
    assert (whole.first, whole.last) == (start, start + timedelta(2999))


def test_should_leave_the_period_open_where_a_time_cannot_be_read():
    facts = ends(SMALL + b"Jan 2020,5,6\n")
    assert (facts.rows, facts.first, facts.last) == (3, None, None)


def test_should_take_the_texts_that_are_said_to_be_missing_for_empty_cells():
    content = b"timestamp,a\n2020-01-01,closed\n2020-01-02,closed\n2020-01-03,closed\n2020-01-04,1\n"
    assert ends(content).columns == ()
    assert sample(content, content, size_bytes=len(content), missing=["closed"]).columns == ("a",)


def test_should_not_be_slow_on_a_long_cell():
    cell = b"1" + b" " * 100_000 + b"x"
    began = time.perf_counter()
    ends(b"timestamp,a\n" + (b"2020-01-01," + cell + b"\n") * 2)
    assert time.perf_counter() - began < 2


def test_should_not_count_text_dates_and_empty_columns_as_numbers():
    content = (
        b"Date,when,name,empty,mostly,nameless\n" + b"2020-01-01,2019-01-01,x,,1,7\n" * 9 + b"-,-,-,.,NA,y\n"
    )
    assert ends(content).columns == ("mostly", "nameless")


def test_should_scale_the_rows_of_a_compressed_file_and_leave_its_end_open():
    compressed = gzip.compress(MARKET)
    facts = ends(compressed, head=32 * 1024)
    assert facts.rows == pytest.approx(MARKET.count(b"\n"), rel=0.2)
    assert (facts.first, facts.last) == (date(1990, 1, 2), None)


def test_should_not_unpack_gigabytes():
    bomb = gzip.compress(b"timestamp,a\n" + b"2020-01-01,1\n" * 2_000_000)
    assert ends(bomb).rows == pytest.approx(2_000_000, rel=0.2)


@given(st.binary(max_size=400), st.binary(max_size=100), st.integers(0, 10_000))
def test_should_never_crash_on_any_bytes(head, tail, size_bytes):
    facts = sample(head, tail, size_bytes=size_bytes)
    assert facts is None or facts.rows is None or facts.rows >= 0


@given(st.text(alphabet='timestamp,\n\r"01-2; \ufeff', max_size=200), st.integers(1, 200))
def test_should_never_crash_on_anything_like_a_csv(text, head):
    ends(text.encode(), head=head)
