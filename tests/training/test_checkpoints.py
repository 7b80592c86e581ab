"""A run that was interrupted goes on where it was, and its results are those of one that was not."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from recursive_training.errors import ResultsNotWrittenError, TemporaryError, Terminated
from recursive_training.steps import checkpoints, walk
from recursive_training.steps.walk import Task

from tests.training.killing_storage import killing_storage

DATA, RESULTS, KEY = "pulse-test-data", "pulse-test-results", "datasets/market_daily.csv"
TRAINING = Path(__file__).parents[2] / "training"
SAMPLE = TRAINING.parent / "samples" / "market_daily.csv"
PERIOD = ("--start-date", "2018-01-01", "--end-date", "2018-12-31", "--variables", "spx_close", "wti_spot")
TASKS = 6  # of 5 or of 3 windows, three for each variable
LISTED = "checkpoints/run-1/checkpoint.json"
PROGRAM = """
import sys
from recursive_training.steps import checkpoints, walk
checkpoints.EVERY_SECONDS, walk._WINDOWS_PER_TASK = 0, 5
from recursive_training.run_training import main
sys.exit(main())
"""
USED = {"job_id", "runtime_seconds", "peak_memory_mib", "cpu_seconds"}


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """Each task is stored when it is done."""
    monkeypatch.setattr(checkpoints, "EVERY_SECONDS", 0)
    monkeypatch.setattr(walk, "_WINDOWS_PER_TASK", 5)


def constant(files: dict[str, bytes]) -> dict[str, object]:
    """All of a run's results that does not tell how long it took."""
    metrics = json.loads(files["metrics.json"])
    names = [name for name in files if name.endswith(".parquet") or name.startswith("model/")]
    assert len(names) == 4
    return {name: files[name] for name in names} | {
        "metrics": {name: value for name, value in metrics.items() if name not in USED}
    }


def results_of(sample, job: str) -> dict[str, object]:
    names = [
        key.removeprefix(f"results/{job}/")
        for key in sample.result_keys()
        if key.startswith(f"results/{job}/")
    ]
    return constant({name: sample.result(name, job) for name in names})


@pytest.fixture
def interrupted(sample, train, monkeypatch):
    """Runs until so many tasks are done, as if SIGTERM came then; the next run goes to the end."""

    def run(tasks: int, *argv: str, error: type[BaseException] = Terminated):
        left = iter(range(tasks))
        with monkeypatch.context() as patched:
            whole = Task.run

            def part(task: Task):
                if next(left, None) is None:
                    raise error
                return whole(task)

            patched.setattr(Task, "run", part)
            return train(*PERIOD, *argv)

    return run


def checkpoint(sample) -> dict:
    return json.loads(sample.client.get_object(Bucket=RESULTS, Key=LISTED)["Body"].read())


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGKILL])
def test_a_job_that_is_killed_at_half_and_tried_again_gives_identical_files(sent):
    with killing_storage() as storage:
        storage.put(f"/{DATA}/{KEY}", SAMPLE.read_bytes())
        storage.suffix, storage.sent = "checkpoint.json", sent

        def attempt(job: str) -> int:
            names = {"AWS_ENDPOINT_URL": storage.url, "AWS_BATCH_JOB_ID": job, "PULSE_JOB_ID": job}
            program = [sys.executable, "-c", PROGRAM, *PERIOD, "--dataset-key", KEY]
            with subprocess.Popen(
                program, env=os.environ | names, cwd=TRAINING, stdout=subprocess.PIPE
            ) as run:
                storage.pid = run.pid
                run.communicate()
            storage.stored.clear()
            return run.returncode

        assert attempt("whole") == 0
        storage.after = 3
        assert attempt("retried") == (143 if sent is signal.SIGTERM else -signal.SIGKILL)
        storage.after = 0
        assert attempt("retried") == 0
        whole, retried = (storage.below(f"/{RESULTS}/results/{job}/") for job in ("whole", "retried"))
    assert constant(retried) == constant(whole)
    assert reused(whole) == []
    assert 3 <= len(reused(retried)) < TASKS
    assert all(block["key"].startswith("checkpoints/retried/") for block in reused(retried))


def reused(files: dict[str, bytes]) -> list[dict]:
    return json.loads(files["manifest.json"])["read"]["checkpoints"]


@pytest.mark.parametrize("dask", [(), ("--use-dask", "--dask-threads", "1")], ids=["one process", "Dask"])
def test_what_was_done_is_not_walked_again(sample, train, interrupted, monkeypatch, dask):
    assert interrupted(4).code == 143
    run = train(*PERIOD, *dask)
    assert run.code == 0
    assert sorted(task for block in checkpoint(sample)["blocks"] for task in block["tasks"]) == [
        *range(TASKS)
    ]
    assert any(
        "Resumed from s3://pulse-test-results/checkpoints/run-1/checkpoint.json: 18 windows" in line
        for line in run.lines
    )
    monkeypatch.setenv("PULSE_JOB_ID", "whole")
    assert train(*PERIOD).code == 0
    assert results_of(sample, "run-1") == results_of(sample, "whole")


def test_sizing_hears_of_what_all_attempts_used(sample, train, interrupted):
    interrupted(TASKS - 1)
    body = checkpoint(sample)
    body["used"] |= {"cpu_seconds": 1e6, "peak_memory_mib": 1e6, "wall_seconds": 1e6}
    sample.client.put_object(Bucket=RESULTS, Key=LISTED, Body=json.dumps(body))
    assert train(*PERIOD).code == 0
    metrics = sample.metrics()
    assert metrics["cpu_seconds"] > 1e6
    assert metrics["peak_memory_mib"] == 1e6
    assert metrics["runtime_seconds"] > 1e6


def test_a_short_run_stores_no_checkpoint(sample, train, monkeypatch):
    monkeypatch.setattr(checkpoints, "EVERY_SECONDS", 3600)
    assert train(*PERIOD).code == 0
    assert not [key for key in sample.result_keys() if key.startswith("checkpoints/")]


def test_what_is_done_is_stored_when_sigterm_comes(sample, interrupted, monkeypatch):
    monkeypatch.setattr(checkpoints, "EVERY_SECONDS", 3600)
    assert interrupted(3).code == 143
    assert [block["tasks"] for block in checkpoint(sample)["blocks"]] == [[0, 1, 2]]


@pytest.mark.parametrize(("error", "stored"), [(TemporaryError, True), (ResultsNotWrittenError, False)])
def test_what_is_done_is_stored_where_another_attempt_may_come(
    sample, interrupted, monkeypatch, error, stored
):
    monkeypatch.setattr(checkpoints, "EVERY_SECONDS", 3600)
    assert interrupted(3, error=error).code == error.exit_code
    assert (LISTED in sample.result_keys()) == stored


def test_a_shard_and_a_combination_go_on_too(sample, train, interrupted, monkeypatch):
    monkeypatch.setenv("AWS_BATCH_JOB_ARRAY_INDEX", "1")
    for argv, folder in (
        (("--shards", "2"), "shards"),
        (("--sweep", '{"batch_size_days": [20, 30]}'), "sweep"),
    ):
        assert interrupted(2, *argv).code == 143
        run = train(*PERIOD, *argv)
        assert run.code == 0
        assert any(f"Resumed from s3://{RESULTS}/checkpoints/run-1/{folder}/1/" in line for line in run.lines)
    assert len(json.loads(sample.result("shards/1/shard.json"))["reused"]) == 2
    assert len(json.loads(sample.result("sweep/1/manifest.json"))["read"]["checkpoints"]) == 2


def not_used(run) -> str:
    """What the log says of a checkpoint that is not used."""
    (said,) = [line for line in run.lines if "is not used: " in line]
    return said


def test_a_checkpoint_of_other_options_is_not_used(train, interrupted):
    interrupted(2)
    run = train(*PERIOD, "--batch-size-days", "60")
    assert run.code == 0
    assert "batch_size_days 30 instead of 60" in not_used(run)


def test_a_checkpoint_of_other_code_is_not_used(train, interrupted, monkeypatch):
    interrupted(2)
    monkeypatch.setattr("recursive_training.steps.made_by.code_digest", lambda: "other")
    assert "code_sha256 " in not_used(train(*PERIOD))


def test_a_checkpoint_of_another_version_of_the_data_is_not_used(sample, train, interrupted):
    interrupted(2)
    body = sample.client.get_object(Bucket=DATA, Key=KEY)["Body"].read()
    sample.put(KEY, body + b"2023-01-02,1,1,1\n")
    run = train(*PERIOD)
    assert "(read [{" in not_used(run)
    manifest = json.loads(sample.result("manifest.json"))
    assert manifest["read"]["checkpoints"] == []


@pytest.mark.parametrize("body", [b"", b"[]", b'{"made_by": {}, "blocks": [7], "used": {}}', b"[" * 100_000])
def test_a_damaged_checkpoint_is_not_used(sample, train, body):
    sample.client.put_object(Bucket=RESULTS, Key=LISTED, Body=body)
    run = train(*PERIOD)
    assert run.code == 0
    assert "it is damaged" in not_used(run)


@pytest.mark.parametrize("task", [-1, TASKS, "1"])
def test_a_checkpoint_that_names_no_task_of_the_run_is_not_used(sample, train, interrupted, task):
    interrupted(2)
    body = checkpoint(sample)
    body["blocks"][0]["tasks"] = [task]
    sample.client.put_object(Bucket=RESULTS, Key=LISTED, Body=json.dumps(body))
    assert "it is damaged" in not_used(train(*PERIOD))


@pytest.mark.parametrize("damage", ["gone", "other bytes", "other tasks"])
def test_of_a_checkpoint_with_a_damaged_block_the_others_are_used(
    sample, train, interrupted, monkeypatch, damage
):
    interrupted(3)
    body = checkpoint(sample)
    block = body["blocks"][1]
    if damage == "gone":
        sample.client.delete_object(Bucket=RESULTS, Key=block["key"])
    elif damage == "other bytes":
        sample.client.put_object(Bucket=RESULTS, Key=block["key"], Body=b"PAR1")
    else:
        block["tasks"] = [5]
        sample.client.put_object(Bucket=RESULTS, Key=LISTED, Body=json.dumps(body))
    run = train(*PERIOD)
    assert run.code == 0
    assert any("A block of " in line and "is not used: " in line for line in run.lines)
    assert any("checkpoint.json: 8 windows" in line for line in run.lines)
    monkeypatch.setenv("PULSE_JOB_ID", "whole")
    train(*PERIOD)
    assert results_of(sample, "run-1") == results_of(sample, "whole")


class Denying:
    """An S3 client that may neither read nor write checkpoints, or cannot for a while."""

    def __init__(self, client, code: str) -> None:
        self.client, self.code = client, code

    def put_object(self, **arguments):
        self._deny(arguments["Key"], "PutObject")
        return self.client.put_object(**arguments)

    def get_object(self, **arguments):
        if self.code == "AccessDenied":
            self._deny(arguments["Key"], "GetObject")
        return self.client.get_object(**arguments)

    def _deny(self, key: str, action: str) -> None:
        if key.startswith("checkpoints/"):
            raise ClientError({"Error": {"Code": self.code, "Message": ""}}, action)

    def __getattr__(self, name: str):
        return getattr(self.client, name)


@pytest.mark.parametrize(
    ("code", "said"),
    [("AccessDenied", ["This run makes no checkpoints"]), ("SlowDown", ["No checkpoint this time"] * TASKS)],
)
def test_a_run_that_cannot_store_checkpoints_goes_on_without(sample, train, monkeypatch, code, said):
    monkeypatch.setattr(
        "recursive_training.steps.training.client", lambda _region: Denying(sample.client, code)
    )
    run = train(*PERIOD)
    assert run.code == 0
    assert [sentence for line in run.lines for sentence in set(said) if sentence in line] == said
