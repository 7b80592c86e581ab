"""A run from claim to manifest, with a training that a test plays."""

import json
import stat
from hashlib import sha256

import pytest

SET = "datasets/churn.csv"


def test_a_run_reads_its_data_and_stores_its_results(store, run):
    version = store.put(SET, "a,b\n1,2\n")
    store.put(SET, "a newer one")
    seen = {}

    def train() -> None:
        seen.update(data=(run.folder / "data/churn.csv").read_text(), marks=run.marks())
        run.write("results/metrics.json", '{"auc": 0.9}')
        run.write("results/model/a b ü.bin", b"\0" * 20_000_000)
        run.end()()

    run.go(train, PULSE_DATASET=SET, PULSE_DATASET_VERSION_ID=version, PULSE_PARAMETERS='{"rate": 0.1}')
    assert run.code == 0
    assert seen == {"data": "a,b\n1,2\n", "marks": {"parameters.json", "ready"}}
    assert json.loads((run.folder / "parameters.json").read_text()) == {"rate": 0.1}
    assert run.marks() == {"parameters.json", "ready", "ended", "stored"}
    files = {"metrics.json": b'{"auc": 0.9}', "model/a b ü.bin": b"\0" * 20_000_000}
    for name, content in files.items():
        assert store.result(f"results/run-1/{name}") == content
    manifest = store.manifest()
    assert manifest["written"]["objects"] == [
        {"key": f"results/run-1/{name}", "sha256": sha256(content).hexdigest(), "size": len(content)}
        for name, content in files.items()
    ]
    head = store.client.head_object(Bucket="pulse-test-data", Key=SET, VersionId=version)
    assert manifest["read"]["objects"] == [
        {"key": SET, "version_id": version, "size": 8, "etag": head["ETag"].strip('"')}
    ]
    assert (manifest["exit_code"], manifest["attempt"], manifest["parameters"]) == (0, 1, {"rate": 0.1})
    assert manifest["started_at"] == manifest["finished_at"] == "2026-12-01T06:30:00.000Z"
    kinds = {
        key: store.client.head_object(Bucket="pulse-test-results", Key=key) for key in store.keys("results/")
    }
    assert kinds["results/run-1/metrics.json"]["ContentType"] == "application/json"


def test_a_folder_is_downloaded_with_its_paths_and_without_markers(store, run):
    for name in ("a.csv", "year=2026/b.csv", "_SUCCESS", ".crc", "x_$folder$", "_temporary/c.csv", "", "d/"):
        store.put(f"datasets/churn/{name}", name)
    store.put("datasets/churn-2/other.csv")
    run.go(run.end(), PULSE_DATASET="datasets/churn/")
    found = {
        str(one.relative_to(run.folder / "data")) for one in run.folder.glob("data/**/*") if one.is_file()
    }
    assert found == {"a.csv", "year=2026/b.csv"}
    read = store.manifest()["read"]["objects"]
    assert [one["key"] for one in read] == ["datasets/churn/a.csv", "datasets/churn/year=2026/b.csv"]
    assert all(one["version_id"] for one in read)


def test_a_large_data_set_comes_in_parts_and_its_progress_is_logged(store, run):
    content = bytes(range(256)) * 100_000
    store.put(SET, content)
    same = []
    run.go(
        lambda: (same.append((run.folder / "data/churn.csv").read_bytes() == content), run.end()()),
        PULSE_DATASET=SET,
    )
    assert same == [True]
    assert any(line.endswith(f"Data set {SET}: 100 %, 24.4 of 24.4 MiB") for line in run.lines)


def test_a_run_may_have_no_data_set(store, run):
    run.go(run.end())
    assert run.code == 0
    assert store.manifest()["read"] == {"bucket": "", "objects": []}


def test_any_user_may_write_to_the_folders_and_read_the_data(store, run):
    store.put("datasets/churn/a/b.csv")
    store.put("checkpoints/run-1/epoch/model.bin", bucket="pulse-test-results")
    run.go(run.end(), PULSE_DATASET="datasets/churn/")
    modes = {
        name: stat.S_IMODE((run.folder / name).stat().st_mode)
        for name in (
            ".",
            "data",
            "results",
            "checkpoints",
            "checkpoints/epoch",
            "checkpoints/epoch/model.bin",
        )
    }
    # Without the sticky bit: a training may replace what an attempt before has written.
    assert modes == {
        ".": 0o1777,
        "data": 0o1777,
        "results": 0o777,
        "checkpoints": 0o777,
        "checkpoints/epoch": 0o777,
        "checkpoints/epoch/model.bin": 0o666,
    }
    assert stat.S_IMODE((run.folder / "data/a/b.csv").stat().st_mode) == 0o644
    assert stat.S_IMODE((run.folder / "data/a").stat().st_mode) == 0o755


def test_a_run_that_fails_stores_what_it_wrote_and_no_manifest(store, run):
    def fail() -> None:
        run.write("results/partial.csv", "1")
        run.write("checkpoints/model.bin", "2")
        run.end(3)()

    run.go(fail)
    assert run.code == 0
    assert "stored" in run.marks()
    assert store.keys() == [
        "checkpoints/run-1/model.bin",
        "results/run-1/claim.json",
        "results/run-1/partial.csv",
    ]


@pytest.mark.parametrize(
    ("text", "sealed"), [("0", True), ("", False), ("-1", False), ("256", False), ("0x", False)]
)
def test_an_exit_code_that_is_none_is_no_success(store, run, text, sealed):
    run.go(lambda: run.write("ended", text))
    assert ("results/run-1/manifest.json" in store.keys("results/")) == sealed


def test_the_next_attempt_does_nothing_when_the_results_are_stored(store, attempt):
    """The first was lost after its last write, before its job ended."""
    first, second = attempt(), attempt()
    store.put(SET)
    first.go(lambda: (first.write("results/a.txt", "first"), first.end()()), PULSE_DATASET=SET)
    second.go(second.end(), PULSE_DATASET=SET)
    assert second.code == 0
    assert (second.folder / "command").read_text() == "exit 0\n"
    assert not (second.folder / "data/churn.csv").exists()
    assert store.result("results/run-1/a.txt") == b"first"


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b"{}", b'{"aws_batch_job_id": "batch-2"}'])
def test_a_manifest_of_another_job_is_not_taken_for_results(store, run, body):
    store.put("results/run-1/manifest.json", body, bucket="pulse-test-results")
    run.go()
    assert (run.code, run.failed) == (73, 73)
    assert run.why.startswith("s3://pulse-test-results/results/run-1/manifest.json is there already")


def test_a_manifest_that_appears_meanwhile_is_not_overwritten(store, run):
    run.go(
        lambda: (
            store.put("results/run-1/manifest.json", b"theirs", bucket="pulse-test-results"),
            run.end()(),
        )
    )
    assert (run.code, run.failed) == (73, 73)
    assert store.result("results/run-1/manifest.json") == b"theirs"


def test_every_fault_of_the_environment_is_told_at_once(store, run):
    run.go(
        PULSE_JOB_ID="../x",
        S3_RESULTS_BUCKET=None,
        PULSE_RESULTS_PREFIX="results",
        PULSE_PARAMETERS='{"rate": 1e999}',
        PULSE_SWEEP="[]",
        AWS_BATCH_JOB_ATTEMPT="ten",
        PULSE_TASK="walk",
        PULSE_DATASET="a.csv",
        S3_DATA_BUCKET="",
    )
    assert (run.code, run.failed) == (2, 2)
    for name in (
        "PULSE_JOB_ID",
        "S3_RESULTS_BUCKET",
        "PULSE_RESULTS_PREFIX",
        "PULSE_PARAMETERS",
        "PULSE_SWEEP",
        "AWS_BATCH_JOB_ATTEMPT",
        "PULSE_TASK",
        "S3_DATA_BUCKET",
    ):
        assert f"{name} is " in run.why
    assert len(run.why.splitlines()) == 1


def test_what_nobody_foresaw_ends_the_training_too(store, run, monkeypatch):
    monkeypatch.setattr("data_sidecar.job.claim", lambda *_: 1 / 0)
    run.go()
    assert (run.code, run.failed) == (1, 1)
    assert run.why.startswith("An unexpected ZeroDivisionError: division by zero.")
    assert any("Traceback" in line for line in run.lines)
