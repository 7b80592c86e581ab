"""A run in shards and their merge gives what one container gives."""

import io
import json

import polars as pl
import pytest
from recursive_training.steps.shard import block

PERIOD = ("--start-date", "2018-01-01", "--end-date", "2018-12-31")
KEY = ("--dataset-key", "datasets/market_daily.csv")
USED = ("job_id", "runtime_seconds", "peak_memory_mib", "cpu_seconds")


@pytest.fixture
def shards(train, monkeypatch):
    """Runs the children of an array job under their run's id; gives their exit codes."""

    def run(count: int, *argv: str, job: str = "array", indexes=None) -> list[int]:
        monkeypatch.setenv("PULSE_JOB_ID", job)
        codes = []
        for index in range(count) if indexes is None else indexes:
            monkeypatch.setenv("AWS_BATCH_JOB_ARRAY_INDEX", str(index))
            monkeypatch.setenv("AWS_BATCH_JOB_ID", f"parent:{index}")
            codes.append(train("--shards", str(count), *argv).code)
        monkeypatch.delenv("AWS_BATCH_JOB_ARRAY_INDEX")
        monkeypatch.setenv("AWS_BATCH_JOB_ID", "merge")
        monkeypatch.setenv("PULSE_JOB_ID", "array-merge")
        return codes

    return run


def merge(train, count: int, *argv: str):
    return train("--merge-shards", str(count), "--results-of", "array", *argv)


def without_usage(metrics: dict) -> dict:
    return {name: value for name, value in metrics.items() if name not in USED}


@pytest.mark.parametrize(
    ("count", "period"), [(3, ("--start-date", "2010-06-15")), (20, PERIOD)], ids=["3", "more than windows"]
)
def test_shards_and_their_merge_equal_one_run(sample, train, shards, count, period):
    argv = (*period, "--success-criterion", "beats-baselines")
    assert train(*argv).code == 0
    assert shards(count, *argv) == [0] * count
    assert merge(train, count, *argv).code == 0
    assert without_usage(sample.metrics("array")) == without_usage(sample.metrics())
    assert sample.metrics("array")["job_id"] == "array"
    once = {key.split("/", 2)[2] for key in sample.result_keys() if key.startswith("results/run-1/")}
    merged = {key.split("/", 2)[2] for key in sample.result_keys() if key.startswith("results/array/")}
    assert {name for name in merged if not name.startswith("shards/")} == once | {"claim.json"}
    for name in once - {"metrics.json", "manifest.json", "report.html"}:
        assert sample.result(name, "array") == sample.result(name), name


def test_a_tail_in_shards_gives_the_same_numbers(store, train, shards, market, as_csv):
    store.put("datasets/m.csv", as_csv(market(115)))
    assert train().code == 0
    assert shards(2) == [0, 0]
    assert merge(train, 2).code == 0
    assert store.result("retrodictions.parquet", "array") == store.result("retrodictions.parquet")


def test_a_merge_tells_what_all_containers_used(sample, train, shards):
    shards(2, *PERIOD)
    assert merge(train, 2, *PERIOD).code == 0
    used = [json.loads(sample.result(f"shards/{i}/shard.json", "array"))["used"] for i in range(2)]
    metrics = sample.metrics("array")
    assert metrics["cpu_seconds"] > sum(one["cpu_seconds"] for one in used)
    assert metrics["peak_memory_mib"] >= max(one["peak_memory_mib"] for one in used)
    assert metrics["runtime_seconds"] > max(one["wall_seconds"] for one in used)


@pytest.mark.parametrize("windows", [0, 1, 5, 13, 400])
@pytest.mark.parametrize("count", [2, 3, 20])
def test_blocks_are_contiguous_and_balanced(windows, count):
    blocks = [block(range(windows), index, count) for index in range(count)]
    assert [window for one in blocks for window in one] == list(range(windows))
    assert max(map(len, blocks)) - min(map(len, blocks)) <= 1


def test_a_shard_without_a_window_is_empty(sample, shards):
    assert shards(20, *PERIOD, indexes=[0]) == [0]
    assert json.loads(sample.result("shards/0/shard.json", "array"))["windows"] == 0
    assert pl.read_parquet(io.BytesIO(sample.result("shards/0/retrodictions.parquet", "array"))).is_empty()


def test_each_child_claims_its_own_shard_and_the_merge_the_run(sample, train, shards):
    shards(2, *PERIOD)
    merge(train, 2, *PERIOD)
    claims = [key for key in sample.result_keys() if key.endswith("claim.json")]
    assert claims == [f"results/array/{place}claim.json" for place in ("", "shards/0/", "shards/1/")]


def test_children_without_a_name_write_below_their_parents_id(sample, train, monkeypatch):
    monkeypatch.delenv("PULSE_JOB_ID")
    monkeypatch.setenv("AWS_BATCH_JOB_ID", "0a1b:1")
    monkeypatch.setenv("AWS_BATCH_JOB_ARRAY_INDEX", "1")
    assert train("--shards", "2", *PERIOD).code == 0
    assert sample.result("shards/1/shard.json", "0a1b")


def test_a_missing_shard_exits_66_and_is_named(sample, train, shards):
    shards(4, *PERIOD, indexes=[0, 2])
    run = merge(train, 4, *PERIOD)
    assert run.code == 66
    assert run.last_message == (
        "Run array: of its 4 children these wrote no shard.json: 1, 3 "
        "(s3://pulse-test-results/results/array/shards/1/shard.json). "
        "Run this after all of them have succeeded, or submit the run again."
    )


def test_the_merge_reads_the_version_that_the_shards_read(sample, train, shards, market, as_csv):
    assert train(*PERIOD, *KEY).code == 0
    shards(2, *PERIOD, *KEY)
    sample.put(KEY[1], as_csv(market()))
    assert merge(train, 2, *PERIOD, *KEY).code == 0
    assert without_usage(sample.metrics("array")) == without_usage(sample.metrics())


def test_shards_that_read_different_versions_are_not_merged(sample, train, shards):
    shards(2, *PERIOD, indexes=[0])
    body = sample.client.get_object(Bucket="pulse-test-data", Key=KEY[1])["Body"].read()
    version = sample.put(KEY[1], body + b"2023-01-02,1,1,1\n")
    shards(2, *PERIOD, indexes=[1])
    run = merge(train, 2, *PERIOD)
    assert run.code == 66
    assert run.last_message.startswith("Shards 0 and 1 of run array read different objects of s3://pulse-")
    assert f"{KEY[1]} (version {version}, ETag " in run.last_message


def test_an_object_overwritten_in_a_bucket_without_versions_is_not_merged(sample, train, shards):
    client, argv = sample.client, (*PERIOD, *KEY, "--s3-data-bucket", "no-versions")
    client.create_bucket(Bucket="no-versions")
    body = client.get_object(Bucket="pulse-test-data", Key=KEY[1])["Body"].read()
    client.put_object(Bucket="no-versions", Key=KEY[1], Body=body)
    shards(2, *argv)
    client.put_object(Bucket="no-versions", Key=KEY[1], Body=body + b"2023-01-02,1,1,1\n")
    run = merge(train, 2, *argv)
    assert run.code == 66
    assert "is no longer what the shards read (ETag " in run.last_message


def test_shards_made_with_other_options_are_not_merged(sample, train, shards):
    shards(2, *PERIOD)
    run = merge(train, 2, *PERIOD, "--batch-size-days", "60", "--variables", "wti_spot")
    assert run.code == 66
    assert "variables [] instead of ['wti_spot'], batch_size_days 30 instead of 60." in run.last_message


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("shard.json", b"{}"), "is no shard's record"),
        (("retrodictions.parquet", b"PAR1"), "is not what its shard wrote"),
    ],
)
def test_what_no_shard_wrote_is_not_merged(sample, train, shards, wrong, said):
    name, body = wrong
    shards(2, *PERIOD)
    sample.client.put_object(Bucket="pulse-test-results", Key=f"results/array/shards/1/{name}", Body=body)
    run = merge(train, 2, *PERIOD)
    assert (run.code, said in run.last_message) == (66, True), run.last_message


def test_left_out_objects_are_told_by_the_merge_too(sample, train, shards):
    sample.put("datasets/readme.txt", "hello")
    sample.put("datasets/bad.csv", b"\x00")
    assert train(*PERIOD).code == 0
    shards(2, *PERIOD)
    assert merge(train, 2, *PERIOD).code == 0
    assert sample.metrics("array")["left_out"] == sample.metrics()["left_out"]
    assert any("readme.txt" in sentence for sentence in sample.metrics()["left_out"])


def test_only_the_merge_writes_what_the_old_options_name(sample, train, shards, tmp_path):
    argv = (*PERIOD, "--output-file", str(tmp_path / "m.json"), "--s3-output-file", "results/m.json")
    shards(2, *argv)
    assert not (tmp_path / "m.json").exists()
    assert merge(train, 2, *argv).code == 0
    assert (tmp_path / "m.json").read_bytes() == sample.result("metrics.json", "array")
    assert "results/m.json" in sample.result_keys()
