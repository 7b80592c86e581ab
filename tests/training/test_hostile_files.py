"""A table of files as hostile or careless people load them, through the whole program.

Each ends in results that say what was left out, or in its exit code and one last line that names the object,
what is wrong with it and what to do.
"""

# ruff: noqa: E501, ARG005 - a row of a table is a line; its functions take day and price

import bz2
import gzip
import io
import json
import lzma
import re
import zipfile
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import polars as pl
import pytest
from backports import zstd

URI = "s3://pulse-test-data/datasets/x"
DAYS = [date(2020, 1, 1) + timedelta(days=day) for day in range(150)]
PRICES = [float(price) for price in 100 * np.exp(np.cumsum(np.random.default_rng(7).normal(0, 0.01, 150)))]
FRAME = pl.DataFrame({"timestamp": DAYS, "price": PRICES})


def rows(header: str = "timestamp,price", row=lambda day, price: f"{day},{price}", end: str = "\n") -> bytes:
    return end.join([header, *map(row, DAYS, PRICES), ""]).encode()


def prices(price) -> bytes:
    """The price of each day as the function writes it."""
    return rows(row=lambda day, value: f"{day},{price(day, value)}")


def times(write) -> bytes:
    """Each day as the function writes it."""
    return rows(row=lambda day, value: f"{write(day)},{value}")


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def with_last(kind, integer: int) -> pl.DataFrame:
    """The frame, its times of this type, the last one a number no calendar has."""
    last = pl.lit(integer, dtype=pl.Int32 if kind == pl.Date else pl.Int64).cast(kind)
    moments = pl.col("timestamp")
    return FRAME.with_columns(
        pl.when(moments == DAYS[-1]).then(last).otherwise(moments.cast(kind)).alias("timestamp")
    )


def zipped(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return buffer.getvalue()


def feather(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_ipc(buffer)
    return buffer.getvalue()


def parquet(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


ONE_FAR_ROW = ["1 of 150 rows of", "timestamp is before the year 1000 or after 2999."]
# What it is, its bytes, the variables that come out, and what is said of what was left out.
READ = [
    ("a byte order mark", b"\xef\xbb\xbf" + rows(), ["price"], []),
    ("a byte order mark, quotes", b"\xef\xbb\xbf" + rows('"timestamp","price"'), ["price"], []),
    ("CRLF", rows(end="\r\n"), ["price"], []),
    ("CR", rows(end="\r"), ["price"], []),
    ("blank lines first", b"\n\r\n" + rows(), ["price"], []),
    ("gzip", gzip.compress(rows()), ["price"], []),
    ("gzip of Parquet", gzip.compress(parquet(FRAME)), ["price"], []),
    ("__class__", rows("timestamp,__class__"), ["__class__"], []),
    ("markup", rows("timestamp,<script>alert(1)</script>"), ["<script>alert(1)</script>"], []),
    ("a line break", rows('timestamp,"pri\nce"'), ["pri\nce"], []),
    ("doubled quotes", rows('timestamp,"a ""b"""'), ['a "b"'], []),
    ("a path", rows("timestamp,../../x"), ["../../x"], []),
    ("a pattern of names", rows("timestamp,^.*$"), ["^.*$"], []),
    ("a star", rows("timestamp,*"), ["*"], []),
    ("a pattern, in Parquet", parquet(FRAME.rename({"price": "^p.*$"})), ["^p.*$"], []),
    ("a pattern that fits another", rows("timestamp,^pr.*$,price", lambda d, p: f"{d},{p},{p}"), ["^pr.*$", "price"], []),
    ("no name", rows("timestamp,"), ["column_2"], []),
    ("columns of nothing", rows("timestamp,price,,", lambda d, p: f"{d},{p},,"), ["price"], ["column_3: the column of", "column_4: the column of"]),
    ("two columns of time", rows("Timestamp,price,timestamp", lambda d, p: f"{d},{p},{p}"), ["price"], ["are taken from its column Timestamp."]),
    ("some words", prices(lambda d, p: p if d.day % 9 else "abc"), ["price"], ["15 of 150 cells of", "are not numbers (such as the one at line 10)."]),
    ("some 1e308 and inf", prices(lambda d, p: {3: 1e308, 4: "inf"}.get(d.day, p)), ["price"], ["price: 10 of 150 cells of", "infinite or beyond 1e+100."]),
    ("1e99", prices(lambda d, p: p * 1e97), ["price"], []),
    ("1e-320", prices(lambda d, p: p * 1e-320), ["price"], []),
    ("a leap of 99 powers of ten", prices(lambda d, p: 1 if d < DAYS[110] else 1e99), ["price"], []),
    ("a leap from next to nothing", prices(lambda d, p: 1e-320 if d < DAYS[110] else 1e90), ["price"], []),
    ("to and fro over 399 powers of ten", prices(lambda d, p: 1e-300 if d.day % 2 else 1e99), ["price"], []),
    ("nothing but zeros", prices(lambda d, p: 0), ["price"], []),
    ("offsets", times(lambda d: f"{d}T00:00:00+05:30"), ["price"], []),
    ("offsets of all kinds", times(lambda d: f"{d}T10:30{'Z' if d.day % 2 else '-08:00'}"), ["price"], []),
    ("days without dashes", times(lambda d: f"{d:%Y%m%d}"), ["price"], []),
    ("some times unreadable", times(lambda d: d if d.day != 9 else "soon"), ["price"], ["5 of 150 rows of", "no readable timestamp (such as the one at line 10)."]),
    *[
        (f"the year {year}", times(lambda d, year=year: f"{year}-01-01" if d == DAYS[-1] else d), ["price"], ONE_FAR_ROW)
        for year in ("0000", "0001", "9999")
    ],
    *[
        (f"the year {year}", times(lambda d, year=year: f"{year}-01-01" if d == DAYS[-1] else d), ["price"], ["1 of 150 rows of", "no readable timestamp"])
        for year in ("-0001", "+99999")
    ],
    *[(f"too late in {kind}", parquet(with_last(kind, integer)), ["price"], ONE_FAR_ROW)
      for kind, integer in ((pl.Date, 2**31 - 1), (pl.Datetime("ms"), 2**62), (pl.Datetime("us"), 2**63 - 1), (pl.Datetime("us"), -(2**63) + 1))],
    ("nanoseconds", parquet(FRAME.with_columns(pl.col("timestamp").cast(pl.Datetime("ns")))), ["price"], []),
    ("a time zone", parquet(FRAME.with_columns(pl.col("timestamp").cast(pl.Datetime("us", "Asia/Kolkata")))), ["price"], []),
    ("text in Parquet", parquet(FRAME.cast(pl.String)), ["price"], []),
    ("categories", parquet(FRAME.cast(pl.String).cast(pl.Categorical)), ["price"], []),
    ("decimals", parquet(FRAME.with_columns(pl.col("price").cast(pl.Decimal(20, 4)))), ["price"], []),
    ("nested", parquet(FRAME.with_columns(s=pl.struct("price"), l=pl.concat_list("price"))), ["price"], ["s: the column of", "numbers but Struct", "numbers but List(Float64)."]),
    ("a date column", parquet(FRAME.with_columns(day=pl.col("timestamp"))), ["price"], ["day: the column of", "numbers but Date."]),
    ("semicolons and decimal commas", rows("timestamp;price", lambda d, p: f"{d};{p:.4f}".replace(".", ",")), ["price"], []),
    ("tabs", rows("timestamp\tprice", lambda d, p: f"{d}\t{p}"), ["price"], []),
    ("epoch seconds", times(lambda d: int(midnight(d).timestamp())), ["price"], []),
    ("days in American", times(lambda d: f"{d:%m/%d/%Y}"), ["price"], []),
    ("UTF-16", rows().decode().encode("utf-16"), ["price"], []),
    ("a zip of one table", zipped(**{"x.csv": rows()}), ["price"], []),
    ("Zstandard", zstd.compress(rows()), ["price"], []),
    ("bzip2", bz2.compress(rows()), ["price"], []),
    ("xz", lzma.compress(rows()), ["price"], []),
    ("Feather", feather(FRAME), ["price"], []),
    ("a column of nulls", parquet(FRAME.with_columns(x=pl.lit(None))), ["price"], ["x: the column of", "is empty."]),
]  # fmt: skip
# What it is, its bytes, and what the last line says; all of them exit 65.
REFUSED = [
    ("a 0-byte object", b"", "is empty. Load a"),
    ("white space", b" \n\n ", "is empty. Load a"),
    ("only a header", b"timestamp,price\n", "has no rows (columns: timestamp, price). Load data"),
    ("one name twice", rows("timestamp,price,price", lambda d, p: f"{d},{p},{p}"), "two columns have one name, price (columns: timestamp, price, price). Rename"),
    ("one name thrice", rows("timestamp,a,a_duplicated_0,a", lambda d, p: f"{d},{p},{p},{p}"), "two columns have one name, a ("),
    ("more cells than names", rows(row=lambda d, p: f"{d},{p}" + ",9" * (d.day == 3)), "line 4 has 3 cells, the header 2. Load"),
    ("an open quote", rows(row=lambda d, p: f'{d},"{p}' if d == DAYS[99] else f"{d},{p}"), "cannot be read as CSV"),
    ("no time", rows("when,price"), "(columns: when, price). Column when seems to hold dates ('2020-01-01'): name it 'timestamp'."),
    ("a web page", b"<html>Access denied</html>", "No timestamp column in"),
    ("a zone's name", times(lambda d: f"{d} 00:00:00 Europe/Paris"), "holds the names of time zones ('2020-01-01 00:00:00 Europe/Paris', line 2). Write the offset"),
    ("only years no calendar needs", times(lambda d: f"{d.year + 6000}-{d:%m-%d}"), "lies in the years 1000 to 2999."),
    ("only times", rows("timestamp", lambda d, p: f"{d}"), "No column of numbers in"),
    ("thousands apart", prices(lambda d, p: '"1,100"'), "Numbers such as '1,100', line 2: it is not certain whether commas separate thousands or commas separate decimals."),
    ("only infinities", prices(lambda d, p: "inf"), "holds no number that can be used. Load one."),
    ("only 1e308", prices(lambda d, p: "1e308"), "150 cells of"),
    ("only NaN", prices(lambda d, p: "NaN"), "is empty. Load one."),
    ("Latin-1", rows("timestamp,caf\xe9").decode().encode("latin-1"), "line 1 is not UTF-8 text (it may be in Windows-1252 or Latin-1)."),
    ("zero bytes", bytes(99), "it holds zero bytes, no text."),
    ("half a zip", b"PK\x03\x04" + bytes(60), "is a zip archive that cannot be unpacked"),
    ("a spreadsheet", zipped(**{"[Content_Types].xml": b"", "xl/workbook.xml": b""}), "is a spreadsheet (Excel or OpenDocument). Export it as CSV"),
    ("a zip of two tables", zipped(**{"a.csv": rows(), "b.csv": rows()}), "is a zip archive with 2 tables in it (a.csv, b.csv). Load one table"),
    ("half a gzip", gzip.compress(rows())[:500], "is a gzip file that cannot be unpacked"),
    ("half a Parquet", parquet(FRAME)[:900], "cannot be read as Parquet"),
    ("a Parquet without its end", parquet(FRAME)[:-20], "It may have been cut short: load it again."),
    ("a Parquet without its start", parquet(FRAME)[4:], "cannot be read as CSV"),
    ("four bytes of Parquet", b"PAR1", "cannot be read as Parquet"),
    ("Parquet without rows", parquet(FRAME.head(0)), "has no rows"),
    ("Parquet without columns", parquet(pl.DataFrame()), "No timestamp column in"),
    ("Parquet, integers for time", parquet(FRAME.with_columns(pl.col("timestamp").cast(pl.Int32))), "column timestamp holds five digits ('18262', row 1): a spreadsheet counts days so"),
    ("Parquet, times of day", parquet(FRAME.with_columns(timestamp=pl.lit(time(3)))), "column timestamp holds Time, not dates."),
    ("Parquet, nested time", parquet(FRAME.with_columns(timestamp=pl.struct("timestamp"))), "not dates. Write YYYY-MM-DD."),
    ("Parquet, nulls for time", parquet(FRAME.with_columns(timestamp=pl.lit(None, dtype=pl.Date))), "no date in column timestamp can be read."),
    ("Parquet, lists alone", parquet(FRAME.select("timestamp", x=pl.concat_list("price"))), "numbers but List(Float64). Load one."),
]  # fmt: skip


@pytest.mark.parametrize(
    ("payload", "variables", "left_out"), [case[1:] for case in READ], ids=[case[0] for case in READ]
)
def test_a_strange_file_is_read_and_what_it_lost_is_told(store, train, payload, variables, left_out):
    store.put("datasets/x.csv", payload)
    run = train()
    assert run.code == 0, run.lines[-1]
    metrics = json.loads(store.result("metrics.json"))
    assert list(metrics["variables"]) == variables
    told = [
        sentence
        for sentence in metrics["warnings"] + metrics["left_out"]
        if " windows left out, with " not in sentence
    ]
    assert all(any(part in sentence for sentence in told) for part in left_out), told
    assert bool(told) == bool(left_out), told
    report = store.result("report.html").decode()
    assert not re.search(r"nan|inf", " ".join(re.findall(r' d="([^"]*)"', report)))


@pytest.mark.parametrize(
    ("payload", "said"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_a_file_that_is_no_table_exits_65_and_the_last_line_says_why(store, train, payload, said):
    store.put("datasets/x.csv", payload)
    run = train()
    assert (run.code, said in run.last_message) == (65, True), run.last_message
    assert URI in run.last_message
    assert run.last_message.endswith(".")
    assert len(run.last_message) < 500
    assert not any("Traceback" in line for line in run.lines)
    assert store.result_keys() == []


def test_a_table_of_very_many_columns_is_named_in_a_line_one_can_read(store, train):
    names = [f"column number {place}" for place in range(3000)]
    store.put("datasets/x.csv", ",".join(names) + "\n")
    run = train()
    assert run.code == 65
    assert "column number 19 and 2980 more" in run.last_message
