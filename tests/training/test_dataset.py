"""What is read, joined, mended and left out, through the whole program where the outcome shows there."""

import io
import json
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from recursive_training.data.dataset import load
from recursive_training.data.s3 import StoredObject
from recursive_training.data.tables import read_table
from recursive_training.errors import UnreadableFileError
from recursive_training.exit_codes import ExitCode
from recursive_training.options import parse


def table(text: str):
    return read_table(text.encode(), "s3://b/k.csv")


def test_gaps_and_ragged_ends_of_the_real_sample_are_walked_and_told(sample, train):
    run = train()
    assert run.code == 0
    metrics = sample.metrics()
    assert metrics["dataset"] == [
        {"key": "datasets/market_daily.csv", "version_id": metrics["dataset"][0]["version_id"], "rows": 8313}
    ]
    assert metrics["period"] == {"start": "1990-01-02", "end": "2022-12-28"}
    assert {name: v["windows"] for name, v in metrics["variables"].items()} == {
        "spx_close": 397,
        "nasdaq_close": 239,
        "wti_spot": 349,
    }
    left_out = "\n".join(metrics["left_out"])
    assert (
        "nasdaq_close: 157 of 402 windows left out, with no observation (1990-01-02 to 1998-12-15" in left_out
    )
    assert "spx_close: 5 of 402 windows left out, with fewer than 94 observations before" in left_out
    assert all(sum(sentence in line for line in run.lines) == 1 for sentence in metrics["left_out"])
    for variable in metrics["variables"].values():
        assert 0.4 < variable["trust"] < 0.6
        assert 0.87 < variable["coverage"] < 0.93
        assert abs(variable["skill_vs_persistence"]) < 0.05
        assert variable["skill_vs_seasonal_naive"] > 0.05


def test_scores_of_the_real_sample_follow_from_the_retrodictions_that_were_written(sample, train):
    train("--start-date", "2010-01-01", "--end-date", "2014-12-31")
    rows = pl.read_parquet(io.BytesIO(sample.result("retrodictions.parquet")))
    for name, variable in sample.metrics()["variables"].items():
        mine = rows.filter(pl.col("variable") == name)
        error = (mine["actual"] - mine["retrodicted"]).abs()
        naive = (mine["actual"] - mine["persistence"]).abs()
        assert variable["mae"] == pytest.approx(error.mean())
        assert variable["rmse"] == pytest.approx((error**2).mean() ** 0.5)
        assert variable["skill_vs_persistence"] == pytest.approx(1 - error.sum() / naive.sum())
        assert variable["observations"] == mine.height
        wins = (
            mine.group_by("window")
            .agg((pl.col("actual") - pl.col(c)).abs().mean().alias(c) for c in ("retrodicted", "persistence"))
            .filter(pl.col("retrodicted") < pl.col("persistence"))
        )
        assert variable["successes"] == wins.height
        assert variable["trust"] == (1 + wins.height) / (2 + variable["windows"])


def test_parquet_and_csv_of_one_table_give_the_same_numbers(store, train, sample_path):
    frame = pl.read_csv(sample_path, try_parse_dates=True, infer_schema_length=None)
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    results = []
    for key, body in (
        ("datasets/m.csv", sample_path.read_bytes()),
        ("datasets/m.parquet", buffer.getvalue()),
    ):
        store.put(key, body)
        assert train("--dataset-key", key, "--start-date", "2017-01-01").code == 0
        results.append((store.result("retrodictions.parquet"), store.metrics()["variables"]))
    assert results[0] == results[1]


def test_the_exact_version_asked_for_is_read(store, train, market, as_csv):
    old, new = market(300), market(300).with_columns(pl.col("price") * 2)
    version = store.put("datasets/m.csv", as_csv(old))
    store.put("datasets/m.csv", as_csv(new))
    assert train("--dataset-key", "datasets/m.csv", "--dataset-version-id", version).code == 0
    assert store.metrics()["dataset"][0]["version_id"] == version
    first = pl.read_parquet(io.BytesIO(store.result("retrodictions.parquet")))
    assert (
        first["actual"].max()
        == old.filter(pl.col("timestamp").is_in(first["timestamp"].implode()))["price"].max()
    )
    assert train("--dataset-key", "datasets/m.csv").code == 0
    second = pl.read_parquet(io.BytesIO(store.result("retrodictions.parquet")))
    assert second["actual"].max() == 2 * first["actual"].max()


class Files:
    """A bucket that holds these bodies, written a minute apart in this order."""

    name = "b"

    def __init__(self, **bodies: bytes) -> None:
        self.bodies = {f"datasets/{name.replace('__', '.')}": body for name, body in bodies.items()}

    def keys(self, prefix: str) -> list[str]:
        return sorted(key for key in self.bodies if key.startswith(prefix))

    def read(self, key: str, version_id: str | None) -> StoredObject:
        written = datetime(2022, 1, 1, tzinfo=UTC) + timedelta(minutes=list(self.bodies).index(key))
        return StoredObject(self.name, key, version_id, "etag", written, self.bodies[key])


def test_files_are_joined_on_time_and_the_one_written_later_wins(market, as_csv):
    frame = market(400, ("a", "b"))
    changed = frame.select("timestamp", pl.col("a") + 1).tail(110)
    buffer = io.BytesIO()
    frame.select("timestamp", "b").write_parquet(buffer)
    bucket = Files(
        z_first__csv=as_csv(frame.select("timestamp", "a").head(300)).encode(),
        b__parquet=buffer.getvalue(),
        a_second__csv=as_csv(changed).encode(),
        readme__txt=b"hello",
    )
    options = parse([], {"S3_DATA_BUCKET": "data", "S3_RESULTS_BUCKET": "results"})
    dataset = load(bucket, options)
    a, b = sorted(dataset.series, key=lambda series: series.name)
    assert np.array_equal(b.values, frame["b"].to_numpy())
    assert np.allclose(a.values, [*frame["a"].head(290), *changed["a"]], rtol=1e-12)
    assert dataset.left_out == [
        "datasets/readme.txt: not read, its name is not that of a table.",
        "a: 10 of 400 times have different values; of each the last one given stands.",
    ]
    assert [source.key for source in dataset.sources] == [
        f"datasets/{n}" for n in ("z_first.csv", "b.parquet", "a_second.csv")
    ]


def test_unsorted_and_repeated_rows_come_out_as_sorted_ones(store, train, market, as_csv):
    frame = market(300)
    store.put("datasets/m.csv", as_csv(frame))
    assert train().code == 0
    clean = store.result("retrodictions.parquet")
    wrong = frame.head(10).with_columns(pl.col("price") + 1)
    shuffled = pl.concat([wrong, frame.sample(fraction=1, shuffle=True, seed=1), frame.tail(9)])
    store.put("datasets/m.csv", as_csv(shuffled))
    assert train().code == 0
    assert store.result("retrodictions.parquet") == clean
    assert (
        "price: 10 of 300 times have different values; of each the last one given stands."
        in store.metrics()["left_out"]
    )


def test_cells_that_are_no_finite_numbers_are_left_out_and_counted():
    read = table(
        "timestamp,price,note\n2020-01-01, 1.5 ,a\n2020-01-02,x,b\n2020-01-03,inf,c\n"
        "2020-01-04,.,d\n2020-01-05,NaN,e\n2020-01-06,7,f\n"
    )
    assert read.frame["price"].to_list() == [1.5, None, None, None, None, 7]
    assert read.notes.left_out == [
        "price: 1 of 4 cells of s3://b/k.csv are not numbers (such as the one at line 3).",
        "price: 1 of 4 cells of s3://b/k.csv are infinite or beyond 1e+100.",
        "note: the column of s3://b/k.csv does not hold numbers (such as the one at line 2).",
    ]


def test_dates_are_understood_in_the_iso_forms_and_become_utc():
    read = table(
        "Date,v\n2020-01-01T00:00:00+00:00,1\n2020-01-02T03:04:05Z,2\n2020-01-03T01:00:00+02:00,3\n"
        "2020-01-04 10:30 UTC,4\nsoon,5\n"
    )
    assert [str(t) for t in read.frame["timestamp"].to_numpy().astype("datetime64[s]")] == [
        "2020-01-01T00:00:00",
        "2020-01-02T03:04:05",
        "2020-01-02T23:00:00",
        "2020-01-04T10:30:00",
    ]
    assert read.notes.left_out == [
        "1 of 5 rows of s3://b/k.csv: no readable Date (such as the one at line 6)."
    ]


def test_parquet_times_of_any_unit_and_zone_become_utc_microseconds():
    local = pl.datetime_range(
        pl.datetime(2020, 1, 1, 9, 30),
        pl.datetime(2020, 1, 3, 9, 30),
        time_zone="America/New_York",
        time_unit="ns",
        eager=True,
    )
    buffer = io.BytesIO()
    pl.DataFrame({"timestamp": local, "v": [1, 2, 3], "flag": [True, False, True]}).write_parquet(buffer)
    read = read_table(buffer.getvalue(), "s3://b/k.parquet")
    assert read.frame["timestamp"].to_numpy()[0] == np.datetime64("2020-01-01T14:30:00", "us")
    assert read.frame.columns == ["timestamp", "v"]


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (b"", "s3://b/k.csv is empty. Load a Parquet file"),
        (b"\x89PNG\r\n\x1a\n\xff\xfe", "cannot be read as CSV"),
        (b"PAR1 but not really", "cannot be read as Parquet"),
        (b"timestamp,a\n", "has no rows (columns: timestamp, a)"),
        (b"when,a\n2020-01-01,1\n", "No timestamp column in s3://b/k.csv (columns: when, a)."),
        (b"timestamp,a\nsoon,1\n", "no date in column timestamp can be read"),
        (b"timestamp,a, a\n2020-01-01,1,2\n", "two columns have one name"),
        (b"timestamp,a\n2020-01-01,1,2,3\n", "cannot be read as CSV"),
    ],
)
def test_what_is_no_table_is_refused_with_a_reason(payload, said):
    with pytest.raises(UnreadableFileError) as caught:
        read_table(payload, "s3://b/k.csv")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_variable_with_no_data_in_the_period_is_left_out_unless_it_was_asked_for(sample, train):
    assert train("--start-date", "2020-01-01").code == 0
    metrics = sample.metrics()
    assert list(metrics["variables"]) == ["spx_close"]
    assert (
        "nasdaq_close: no data between 2020-01-01 and 2022-12-28. "
        "nasdaq_close runs from 1999-01-04 to 2018-12-31."
        in json.loads(sample.result("metrics.json"))["left_out"]
    )


def test_of_many_objects_those_that_are_no_table_are_left_out_and_told(store, train, market, as_csv):
    store.put("datasets/good.csv", as_csv(market()))
    store.put("datasets/bad.csv", b"\x00\x01\x02")

    run = train()

    assert run.code == ExitCode.OK
    assert any("datasets/bad.csv" in sentence for sentence in store.metrics()["warnings"])
    assert [read["key"] for read in store.metrics()["dataset"]] == ["datasets/good.csv"]


def test_when_no_object_is_a_table_the_first_one_says_why(store, train):
    store.put("datasets/a.csv", b"\x00\x01\x02")
    store.put("datasets/b.csv", b"")

    run = train()

    assert run.code == ExitCode.UNREADABLE_FILE
    assert "datasets/a.csv" in run.last_message


def test_a_folder_is_read_whole_and_its_markers_in_silence(store, train, market, as_csv):
    store.put("datasets/drop/a.csv", as_csv(market(300, ("a",))))
    store.put("datasets/drop/more/b.csv", as_csv(market(300, ("b",))))
    store.put("datasets/drop-2/c.csv", as_csv(market(300, ("c",))))
    for marker in (
        "_SUCCESS",
        "manifest.json",
        ".hidden.csv",
        "more/_temporary.parquet",
        "_temporary/0/c.csv",
    ):
        store.put(f"datasets/drop/{marker}", "")
    assert train("--dataset-key", "datasets/drop/").code == 0
    metrics = store.metrics()
    assert list(metrics["variables"]) == ["a", "b"]
    assert not any("drop" in sentence for sentence in metrics["left_out"])
    assert metrics["data"]["columns"] == 2
    assert metrics["data"]["rows"] == 600


def test_a_folder_without_a_table_exits_66(store, train):
    store.put("datasets/drop/_SUCCESS", "")
    run = train("--dataset-key", "datasets/drop/")
    assert run.code == 66
    assert "No data set under s3://pulse-test-data/datasets/drop/ (0 other objects)" in run.last_message


def test_bytes_that_are_no_text_are_found_wherever_a_piece_of_the_file_ends(monkeypatch):
    monkeypatch.setattr("recursive_training.data.files.opening._PIECE", 7)
    read = table("timestamp,größe,日本\n2020-01-01,1,2\n2020-01-02,3,4\n")
    assert read.columns == ["timestamp", "größe", "日本"]
    for cut in range(1, 9):
        with pytest.raises(UnreadableFileError, match="line 3 is not UTF-8 text"):
            read_table(b"timestamp,a\n2020-01-01,1\n" + b"x" * cut + b"\xe6\x97", "s3://b/k.csv")
