"""How files that people really have are read, through the whole program: right, or refused in words.

Each kind of fault has its right values here; test_any_notation.py draws such files at random.
"""

# ruff: noqa: E501 - a row of a table is a line

import base64
import io
import json
import re
import struct
from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from recursive_training.data.columns.moments import Days
from recursive_training.data.columns.values import Wanted
from recursive_training.data.tables import read_table
from recursive_training.errors import UnreadableFileError

URI = "s3://b/k.csv"
DAYS = [date(2022, 1, 3) + timedelta(days=day) for day in range(300)]
PRICES = [round(float(p), 4) for p in 100 * np.exp(np.cumsum(np.random.default_rng(7).normal(0, 0.01, 300)))]


def csv(header: str = "date,price", row=lambda day, price: f"{day},{price}") -> str:
    return "\n".join([header, *map(row, DAYS, PRICES), ""])


def parquet(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


def refusal(text: str | bytes, wanted: Wanted | None = None) -> str:
    payload = text.encode() if isinstance(text, str) else text
    with pytest.raises(UnreadableFileError) as caught:
        read_table(payload, URI, wanted)
    return str(caught.value)


# --- dates

MIDNIGHTS = [datetime(day.year, day.month, day.day) for day in DAYS]  # noqa: DTZ001 - the frame has no zone
READ_AS_DAYS = {
    "day first": lambda day: f"{day:%d/%m/%Y}",
    "month first, not padded": lambda day: f"{day.month}/{day.day}/{day.year}",
    "day of the year": lambda day: f"{day:%Y%j}",
    "day of the year with a hyphen": lambda day: f"{day:%Y-%j}",
    "digits": lambda day: f"{day:%Y%m%d}",
    "digits as a float": lambda day: f"{day:%Y%m%d}.0",
    "a month's name": lambda day: f"{day:%d-%b-%Y}",
    "an American date in words": lambda day: f"{day:%B} {day.day} {day.year}",
    "BigQuery": lambda day: f"{day} 00:00:00 UTC",
    "epoch milliseconds": lambda day: str(int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000),
    "midnights of a place": lambda day: f"{day} 00:00:00+0{1 + (day.month in (4, 5, 6, 7, 8, 9))}:00",
    "midnight as 24:00 of the day before": lambda day: f"{day - timedelta(days=1)} 24:00:00",
}  # fmt: skip


@pytest.mark.parametrize("write", READ_AS_DAYS.values(), ids=READ_AS_DAYS)
def test_dates_in_one_certain_notation_are_read(write):
    table = read_table(csv(row=lambda day, price: f'"{write(day)}",{price}').encode(), URI)
    assert table.frame["timestamp"].to_list() == MIDNIGHTS
    assert table.frame["price"].to_list() == PRICES
    assert table.notes.left_out == []
    assert table.notes.warnings == []


REFUSED_DATES = {
    "the day before the month": (lambda day: f"{day:%Y-%d-%m}", "the day before the month ('2022-13-01', line 12)"),
    "digits, the day before the month": (lambda day: f"{day:%Y%d%m}", "YYYYDDMM ('20220301', line 2)"),
    "one day before its month": (lambda day: "2022-13-01" if day == DAYS[9] else day, "two notations, YYYY-MM-DD"),
    "two halves": (
        lambda day: f"{day:%m/%d/%Y}" if day < DAYS[150] else f"{day:%d/%m/%Y}",
        "DD/MM/YYYY ('13/06/2022', line 163) and MM/DD/YYYY ('01/13/2022', line 12)",
    ),
    "with and without an offset": (
        lambda day: f"{day}T00:00:00" + ("Z" if day == DAYS[7] else ""),
        "YYYY-MM-DD ('2022-01-03T00:00:00', line 2) and YYYY-MM-DD with an offset from UTC",
    ),
    "with and without leading zeros": (
        lambda day: f"{day.year}-{day.month}-{day.day}" if day == DAYS[1] else day, "without leading zeros ('2022-1-4', line 3)",
    ),
    "digits and hyphens": (lambda day: f"{day:%Y%m%d}" if day == DAYS[7] else day, "digits alone ('20220110', line 9)"),
    "two-digit years": (lambda day: f"{day:%d/%m/%y}", "years with two digits ('03/01/22', line 2)"),
    "days of a spreadsheet": (lambda day: 44564 + (day - DAYS[0]).days, "five digits ('44564', line 2): a spreadsheet"),
    "a zone's name": (lambda day: f"{day} 00:00 CET", "the names of time zones ('2022-01-03 00:00 CET', line 2)"),
    "weeks": (lambda day: f"{day:%G-W%V}", "weeks without a day ('2022-W01', line 2)"),
    "more than a few words": (lambda day: "soon" if day.day < 4 else day, "28 of 300 rows with numbers have no readable date"),
}  # fmt: skip


@pytest.mark.parametrize(("write", "said"), REFUSED_DATES.values(), ids=REFUSED_DATES)
def test_dates_that_are_not_certain_are_refused_with_an_example_and_its_line(write, said):
    message = refusal(csv(row=lambda day, price: f"{write(day)},{price}"))
    assert said in message
    assert "YYYY-MM-DD" in message or "offset from UTC" in message


def test_the_first_days_of_months_alone_do_not_say_whether_the_day_comes_first():
    rows = [f"01/{month:02}/{year},5" for year in range(2000, 2010) for month in range(1, 13)]
    assert "'01/01/2000', line 2, of which the day or the month may stand first" in refusal(
        "\n".join(["date,v", *rows])
    )


def test_a_parquet_instant_counts_in_utc_and_the_midnights_of_a_place_as_days():
    stamps = pl.Series("timestamp", MIDNIGHTS).dt.cast_time_unit("us")
    paris = pl.DataFrame({"timestamp": stamps.dt.replace_time_zone("Europe/Paris"), "price": PRICES})
    table = read_table(parquet(paris), URI)
    assert (table.days, table.frame["timestamp"].to_list()) == (Days.LOCAL, MIDNIGHTS)
    assert "300 of 300 times are midnights of their own place" in table.notes.reading[0]
    fixed = paris.with_columns(stamps.dt.replace_time_zone("Etc/GMT-1"))
    table = read_table(parquet(fixed), URI)
    assert table.frame["timestamp"].to_list() == [moment - timedelta(hours=1) for moment in MIDNIGHTS]
    assert table.notes.reading == ["timestamp: all times are at 23:00 UTC, and days are counted in UTC."]


def test_one_row_files_of_a_place_lie_on_its_days(store, train):
    for day, price in zip(DAYS, PRICES, strict=True):
        store.put(f"datasets/d/{day}.csv", f"date,price\n{day} 00:00:00+02:00,{price}\n")
    assert train("--dataset-key", "datasets/d/").code == 0
    assert store.metrics()["period"] == {"start": "2022-01-03", "end": "2022-10-29"}


# --- numbers

READ_NUMBERS = {
    "thousands, some with decimals": ([898.5, 1071.5, 1304800.25], ["898.5", "1,071.5", "1,304,800.25"]),
    "a Unicode minus": ([-6.9, 5.1], ["−6.9", "5.1"]),
    "narrow spaces": ([1071, 980.25], ["1\u202f071", "980.25"]),
    "apostrophes": ([1071.5, 980], ["1'071.5", "980"]),
    "decimal commas": ([100.8476, 0.5], ["100,8476", "0,5"]),
    "dots and decimal commas": ([1304.8, 980.5], ["1.304,80", "980,50"]),
    "percent": ([5.2, -3.1], ["5.2%", "-3.1%"]),
    "dollars": ([1234.5, 98.1], ["$1,234.50", "$98.10"]),
}
REFUSED_NUMBERS = {
    "one separator": (
        ["898", "1,071"],
        "'1,071', line 3: it is not certain whether commas separate thousands",
    ),
    "a dot that a neighbour contradicts": (
        ["1.304", "1.304.800"],
        "'1.304.800', line 3: its dots separate thousands",
    ),
    "brackets": (["(5.2)", "3.1"], "'(5.2)', line 2: numbers in brackets may be negative"),
    "a minus behind": (["5.2-", "3.1"], "'5.2-', line 2: a minus behind a number"),
    "units on some": (["5.2%", "3.1"], "'5.2%', line 2: units stand behind some cells"),
    "millions": (["1.2M", "0.9M"], "'1.2M', line 2: 'M' may multiply them"),
    "limits": (["<0.05", "0.07"], "'<0.05', line 2: a limit is no value"),
    "marks": (["5.1*", "3"], "'5.1*', line 2: marks stand behind numbers"),
    "some thousands separated": (["1,071.5", "2000.5"], "('1,071.5', line 2), others not ('2000.5', line 3)"),
    "a decimal comma among points": (["0.512", "0.498", "1,071"], "'1,071', line 4 may be one of decimals"),
}


def numbers(cells: list[str]) -> bytes:
    return "\n".join(
        ["date,v,w", *(f'{day},"{cell}",1' for day, cell in zip(DAYS, cells, strict=False))]
    ).encode()


@pytest.mark.parametrize(("right", "cells"), READ_NUMBERS.values(), ids=READ_NUMBERS)
def test_numbers_in_one_certain_notation_are_read_wholly(right, cells):
    table = read_table(numbers(cells), URI)
    assert table.frame["v"].to_list() == right
    assert len(table.notes.reading) == 1
    assert table.refused == {}


@pytest.mark.parametrize(("cells", "why"), REFUSED_NUMBERS.values(), ids=REFUSED_NUMBERS)
def test_a_column_of_numbers_that_is_not_certain_is_refused_and_the_others_are_read(cells, why):
    table = read_table(numbers(cells), URI)
    assert table.frame.columns == ["timestamp", "w"]
    assert why in table.refused["v"]
    ((name, sentence),) = table.notes.warnings
    assert name == "v"
    assert sentence.startswith("v: the column of s3://b/k.csv was not read. ")
    assert sentence.endswith(" Write plain numbers, such as 1234.5.")


def test_a_refused_column_is_said_first_unless_others_were_asked_for_and_ends_the_run_if_it_was(store, train):
    store.put("datasets/x.csv", csv("date,price,level", lambda day, price: f"{day},{price},<{price}"))
    assert train().code == 0
    (first,) = store.metrics()["warnings"]
    assert "level: the column of s3://pulse-test-data/datasets/x.csv was not read." in first
    assert b"Read this first" in store.result("report.html")
    assert train("--variables", "price").code == 0
    assert store.metrics()["warnings"] == []
    assert first in store.metrics()["left_out"]
    run = train("--variables", "level")
    assert (run.code, "column level was not read for certain: numbers such as '<" in run.last_message) == (
        65,
        True,
    )


def test_words_that_come_later_do_not_undo_a_columns_past(store, train):
    def cell(day, price):
        return f"{day},{price if day < DAYS[120] else 'closed'}"

    store.put("datasets/x.csv", csv(row=cell))
    assert train("--end-date", "2022-05-02", "--batch-size-days", "10").code == 0
    metrics = store.metrics()
    assert metrics["variables"]["price"]["windows"] == 3
    assert metrics["warnings"] == [
        "price: 180 of 300 cells of s3://pulse-test-data/datasets/x.csv are not numbers (such as the one at line 122)."
    ]


def test_a_value_far_outside_of_all_others_is_said_first_and_may_be_called_missing(store, train):
    store.put("datasets/x.csv", csv(row=lambda day, price: f"{day},{-999 if day.day in (5, 20) else price}"))
    assert train().code == 0
    (first,) = store.metrics()["warnings"]
    assert first.startswith("price: -999 stands 20 times, far outside of everything else (")
    assert first.endswith("submit again with missing_values [-999].")
    assert train("--missing-values=[-999]").code == 0
    metrics = store.metrics()
    assert metrics["warnings"] == []
    assert metrics["reading"] == [
        "price: 20 cells of s3://pulse-test-data/datasets/x.csv with -999 count as missing."
    ]
    assert pl.read_parquet(io.BytesIO(store.result("retrodictions.parquet")))["actual"].min() > 50
    assert metrics["reading"] == json.loads(store.result("manifest.json"))["read"]["notes"]


@pytest.mark.parametrize("given", ['{"a": 1}', "[true]", "[[1]]", "[NaN]", "nonsense", "[1e999]"])
def test_missing_values_that_are_no_list_of_cells_are_refused(store, train, given):
    run = train(f"--missing-values={given}")
    assert (
        run.code,
        "--missing-values must be a JSON list of finite numbers and texts" in run.last_message,
    ) == (2, True)


# --- rows of one time


def test_a_date_and_a_time_of_day_in_two_columns_are_one_time():
    text = "\n".join(
        ["Date,Time,kwh", *(f"{day},{hour:02}:15,{hour}" for day in DAYS[:9] for hour in range(24))]
    )
    table = read_table(text.encode(), URI)
    right = [moment + timedelta(hours=hour, minutes=15) for moment in MIDNIGHTS[:9] for hour in range(24)]
    assert (table.frame["timestamp"].to_list(), table.frame.columns) == (right, ["timestamp", "kwh"])
    text = "\n".join(["Date,Hour,kwh", *(f"{day},{hour},{hour}" for day in DAYS[:9] for hour in range(24))])
    assert read_table(text.encode(), URI).frame["timestamp"].to_list() == [
        t - timedelta(minutes=15) for t in right
    ]


def test_hours_from_1_to_24_are_refused_since_they_may_begin_or_end():
    text = "\n".join(
        ["Date,Hour,kwh", *(f"{day},{hour},{hour}" for day in DAYS[:9] for hour in range(1, 25))]
    )
    assert (
        "Column 'Hour' tells the rows of a date apart: write date and time of day in one column"
        in refusal(text)
    )


LONG = "\n".join(
    ["date,store,item,sales", *(f"{day},{store},{item},{i * 100 + place}.5" for i, day in enumerate(DAYS)
     for place, (store, item) in enumerate([("north", 1), ("north", 2), ("south", 1)]))]
)  # fmt: skip


def test_long_format_is_refused_with_the_columns_that_tell_its_rows_apart():
    message = refusal(LONG)
    assert "300 of 300 times have several rows with different " in message
    assert "line 2 and line 3" in message
    assert 'submit with id_columns ["store", "item"]' in message


def test_long_format_is_read_when_the_request_names_its_ids():
    table = read_table(LONG.encode(), URI, Wanted(id_columns=("store", "item")))
    assert table.frame.columns == ["timestamp", "north/1", "north/2", "south/1"]
    assert table.frame["timestamp"].to_list() == MIDNIGHTS
    for place, name in enumerate(table.frame.columns[1:]):
        assert table.frame[name].to_list() == [i * 100 + place + 0.5 for i in range(300)]
    assert "no column shop for id_columns (columns: store, item, sales)" in refusal(LONG, Wanted(("shop",)))


def test_files_that_hold_different_things_under_one_name_are_refused(store, train):
    store.put("datasets/f/aaa.csv", csv())
    store.put("datasets/f/bbb.csv", csv(row=lambda day, price: f"{day},{2 * price}"))
    run = train("--dataset-key", "datasets/f/")
    assert run.code == 65
    assert "300 of 300 times have different price in several files (such as 2022-01-03" in run.last_message
    assert "datasets/f/aaa.csv, datasets/f/bbb.csv" in run.last_message


# --- folders


def test_the_keys_of_folders_are_ids_when_the_request_says_so_and_else_refused(store, train):
    store.put("datasets/p/ticker=AAA/part-0.csv", csv())
    store.put("datasets/p/ticker=B%2FC/part-0.csv", csv(row=lambda day, price: f"{day},{2 * price}"))
    run = train("--dataset-key", "datasets/p/")
    assert run.code == 65
    assert (
        'the folders ticker=… (AAA, B/C) tell the rows apart. Submit with id_columns ["ticker"]'
        in run.last_message
    )
    assert train("--dataset-key", "datasets/p/", "--id-columns", "ticker").code == 0
    assert list(store.metrics()["variables"]) == ["AAA", "B/C"]
    rows = pl.read_parquet(io.BytesIO(store.result("retrodictions.parquet")))
    one, other = (rows.filter(variable=name)["actual"].to_numpy() for name in ("AAA", "B/C"))
    assert np.allclose(2 * one, other, rtol=1e-12)


def test_the_keys_of_folders_may_be_the_dates_of_their_rows_and_nothing_else(store, train):
    for month in range(1, 11):
        rows = [f"{day},{price}" for day, price in zip(DAYS, PRICES, strict=True) if day.month == month]
        store.put(f"datasets/m/year=2022/month={month:02}/a.csv", "\n".join(["date,price", *rows]))
    assert train("--dataset-key", "datasets/m/").code == 0
    assert (
        "s3://pulse-test-data/datasets/m/: month=… agrees with the dates of the rows."
        in store.metrics()["reading"]
    )
    store.put("datasets/m/year=2022/month=12/a.csv", "date,price\n2021-01-01,5\n")
    assert train("--dataset-key", "datasets/m/").code == 65


@pytest.mark.parametrize(
    ("kept", "called"),
    [("_delta_log/00000000000000000000.json", "a Delta table"), (".hoodie/hoodie.properties", "a Hudi table"),
     ("metadata/v1.metadata.json", "an Iceberg table"), ("_spark_metadata/0", "the output of a Spark stream")],
)  # fmt: skip
def test_a_table_that_keeps_a_list_of_its_files_is_refused(store, train, kept, called):
    store.put("datasets/t/part-0.csv", csv())
    store.put(f"datasets/t/{kept}", "{}")
    run = train("--dataset-key", "datasets/t/")
    assert run.code == 65
    assert f"holds {called} (datasets/t/): its " in run.last_message
    assert "Write the table's current rows as plain Parquet to another folder" in run.last_message


def test_one_file_of_a_table_that_keeps_a_list_is_refused_too(store, train):
    key = "datasets/t/day=2022-01-03/part-0.parquet"
    store.put(key, parquet(pl.DataFrame({"timestamp": DAYS, "price": PRICES})))
    assert train("--dataset-key", key).code == 0
    store.put("datasets/t/_delta_log/00000000000000000000.json", "{}")
    run = train("--dataset-key", key)
    assert (run.code, "holds a Delta table" in run.last_message) == (65, True)


def test_marks_of_folders_are_passed_over_and_empty_parts_told(store, train):
    store.put("datasets/s/part-0.csv", csv())
    store.put("datasets/s/part-1.csv", "date,price\n")
    store.put("datasets/s/part-2.csv", "")
    store.put("datasets/s/sub_$folder$", "")
    assert train("--dataset-key", "datasets/s/").code == 0
    metrics = store.metrics()
    assert metrics["warnings"] == []
    assert [s.partition(" s3://pulse-test-data/")[2][:33] for s in metrics["left_out"] if s.startswith("Not read")] == [
        "datasets/s/part-1.csv has no rows", "datasets/s/part-2.csv is empty. L"
    ]  # fmt: skip


# --- what a file declares, and how wide it is


def test_an_unrelated_column_never_fails_a_parquet_file():
    frame = pl.DataFrame({"timestamp": DAYS, "price": PRICES, "odd": pl.Series([b"x"] * 300)})
    assert read_table(parquet(frame), URI).frame["price"].to_list() == PRICES


def test_a_parquet_file_that_declares_far_more_than_it_can_hold_is_refused_before_it_is_read(monkeypatch):
    payload = parquet(pl.DataFrame({"timestamp": [DAYS[0]] * 200_000, "price": [1.0] * 200_000}))
    monkeypatch.setattr("recursive_training.data.files.parquet.memory_bytes", lambda: 1_000_000)
    assert f"declares 200,000 rows of 2 columns in {len(payload):,} bytes" in refusal(payload)


def test_a_file_that_unpacks_to_far_more_than_fits_is_refused(monkeypatch):
    import gzip  # noqa: PLC0415 - for this test alone

    monkeypatch.setattr("recursive_training.data.files.compression.memory_bytes", lambda: 1_000_000)
    payload = gzip.compress(b"date,price\n" + b"0" * 60_000_000)
    assert "that unpacks to more than" in refusal(payload)


@pytest.mark.parametrize("zone", [b"+05:30/Paris", b"Nowhere/Pari", b"pytz.FixedOf"])
def test_an_instant_whose_zone_is_no_place_is_one_in_utc_and_no_library_speaks(zone, capfd):
    instants = pl.Series("timestamp", MIDNIGHTS).dt.cast_time_unit("us").dt.replace_time_zone("Europe/Paris")
    payload = parquet(pl.DataFrame({"timestamp": instants, "price": PRICES}))
    text = re.search(rb"ARROW:schema\x18..([A-Za-z0-9+/=]+)", payload, re.DOTALL)[1]
    types = base64.b64decode(text)
    assert types.count(b"Europe/Paris") == 1
    odd = payload.replace(text, base64.b64encode(types.replace(b"Europe/Paris", zone)))
    table = read_table(odd, URI)
    assert table.frame["timestamp"][0] == datetime(2022, 1, 2, 23)  # noqa: DTZ001 - the frame has no zone
    assert table.frame["price"].to_list() == PRICES
    assert capfd.readouterr().err == ""


def test_a_cut_parquet_file_is_named_as_such_without_a_librarys_words():
    payload = parquet(pl.DataFrame({"timestamp": DAYS, "price": PRICES}))
    footer = struct.unpack("<I", payload[-8:-4])[0]
    broken = payload[: -8 - footer] + bytes(footer) + payload[-8:]
    message = refusal(broken)
    assert "cannot be read as Parquet" in message
    assert "unwrap" not in message
    assert "panic" not in message


def test_reading_a_wide_file_takes_a_few_calls_of_functions_a_column():
    """Counts calls of Python functions, not seconds: their number grows as the columns do."""
    import cProfile  # noqa: PLC0415 - for this test alone
    import pstats  # noqa: PLC0415

    def calls(columns: int) -> int:
        names = ",".join(["date", *(f"c{place}" for place in range(columns))])
        text = "\n".join([names, *(",".join([str(day), *["1.5"] * columns]) for day in DAYS[:12])])
        profile = cProfile.Profile()
        profile.runcall(read_table, text.encode(), URI)
        return int(pstats.Stats(profile).total_calls)  # type: ignore[attr-defined]

    calls(10)
    few, many = calls(500), calls(4000)
    assert many < 9 * few


# --- the header


def test_a_header_longer_than_the_cells_that_csv_readers_take_is_read():
    names = [f"a_variable_with_a_long_name_{place}" for place in range(5000)]
    rows = [",".join([str(day), *["1.5"] * len(names)]) for day in DAYS[:12]]
    table = read_table("\n".join([",".join(["date", *names]), *rows]).encode(), URI)
    assert table.frame.columns == ["timestamp", *names]
    assert table.frame["timestamp"].to_list() == MIDNIGHTS[:12]


def test_a_quote_that_is_not_closed_is_refused_by_name():
    opened = csv(
        row=lambda day, price: f'{day},"{price}' if day == DAYS[0] else f"{day},{price}" + " " * 1000
    )
    assert "quote" in refusal(opened)


BEHIND = "\n".join(f"{day},{price}" for day, price in zip(DAYS, PRICES, strict=True))
HEADERS = {
    "Excel's hint": ("sep=,\ndate,price\n", ": line 1."),
    "comments": (
        "# monthly mean, station A\n#\ndate,price\n",
        ": lines 1 to 2.",
    ),
    "a title": ("Prices of wool\n\ndate,price\n", ": lines 1 to 2."),
    "a commented header": ("# date,price\n", ""),
    "a logger": (
        '"TOA5","station"\n"TIMESTAMP","price"\n"TS","EUR"\n"","Avg"\n',
        ": line 1.",
    ),
}


@pytest.mark.parametrize(("head", "said"), HEADERS.values(), ids=HEADERS)
def test_a_header_behind_other_lines_is_found_where_it_is_certain(head, said):
    table = read_table((head + BEHIND).encode(), URI)
    assert table.frame["timestamp"].to_list() == MIDNIGHTS
    assert table.frame["price"].to_list() == PRICES
    assert any(said in sentence for sentence in table.notes.reading) or not said


def test_a_header_that_is_not_certain_is_refused_with_the_line_where_it_seems_to_stand():
    several = "Price,Close\nTicker,ACME\nDate,\n" + BEHIND
    assert "A column Date is named on line 3, where the header is not certain" in refusal(several)
    assert "Line 1 seems to hold data, so the file has no header." in refusal(BEHIND)
    assert "The header seems to stand on line 3 (day of trade, price)." in refusal(
        "Wool\n\nday of trade,price\nx,1\ny,2\n"
    )
    assert "Column 1, which has no name, seems to hold dates ('2022-01-03'): name it 'timestamp'." in refusal(
        ",price\n" + BEHIND
    )
