import gzip
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulse.domain.csv_sample import sample
from pulse.domain.dataset_facts import DatasetFacts

MARKET = (Path(__file__).parents[2] / "samples" / "market_daily.csv").read_bytes()
SMALL = b"timestamp,a,b\n2020-01-01,1,2\n2020-01-02,3,4\n"


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
        gzip.compress(SMALL),
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
