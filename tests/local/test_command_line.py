"""`pulse submit`, `quote`, `status`, `cancel`, `rerun` as a person types them, against deployed stacks."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.local.deployment import SAMPLE, Deployment, pulse_job_id
from tests.own_packages import with_own_packages

pytestmark = pytest.mark.local
PULSE = [sys.executable, "-P", "-m", "pulse.cli"]
OLD_DOOR = [sys.executable, "-m", "recursive_training.aws_batch_submit"]


@pytest.fixture
def type_(pulse: Deployment, tmp_path: Path):
    """Types a command line in an empty folder, with what `pulse local env` exports."""
    exported = pulse.found.environment() | pulse.where.environment()
    environment = (
        with_own_packages(os.environ)
        | exported
        | {"XDG_CACHE_HOME": str(tmp_path / "cache"), "COLUMNS": "110"}
    )

    def run(*words, command=PULSE) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, *map(str, words)],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return run


@pytest.fixture
def market(tmp_path: Path) -> Path:
    file = tmp_path / "market +1.csv"
    file.write_bytes(SAMPLE.read_bytes())
    return file


def test_should_train_once_on_the_uploaded_file_and_wait_for_its_end(pulse: Deployment, type_, market: Path):
    ended = type_(
        *("submit", "--upload", market, "--variables", "spx_close", "nasdaq_close", "--profile", "small"),
        *("--start-date", "2014-01-01", "--end-date", "2018-12-31"),
        *("--tag", "Case=command line", "--monitor", "--poll-interval", "0.2", "--json"),
    )

    assert ended.returncode == 0, ended.stderr
    job = json.loads(ended.stdout)
    assert job["status"] == "SUCCEEDED"
    manifest = json.loads(pulse.result(job["job_id"], "manifest.json"))
    (read,) = manifest["read"]["objects"]
    assert read["key"].startswith("datasets/uploads/")
    assert [pulse_job_id(one) for one in pulse.jobs_of(read["version_id"])] == [job["job_id"]]
    metrics = json.loads(pulse.result(job["job_id"], "metrics.json"))
    assert set(metrics["variables"]) == {"spx_close", "nasdaq_close"}
    assert type_("status", job["job_id"]).returncode == 0


def test_should_quote_without_submitting(pulse: Deployment, type_, market: Path):
    before = len(pulse.all_jobs())

    told = type_("quote", "--upload", market, "--vcpus", "auto", "--memory", "auto")
    as_json = json.loads(
        type_("submit", "--upload", market, "--profile", "small", "--dry-run", "--json").stdout
    )

    assert told.returncode == 0, told.stderr
    for words in ("vCPU", "MiB", "$", "likely", "sizing", "prices"):
        assert words in told.stdout
    assert as_json["plan"][0]["containerOverrides"]["command"]
    assert len(pulse.all_jobs()) == before


def test_should_refuse_with_every_fault(type_):
    ended = type_("submit", "--vcpus", "3", "--profile", "huge", "--attempts", "11", "--max-cost", "0")

    assert ended.returncode == 4
    for field in ("profile", "attempts", "max_cost_usd"):
        assert field in ended.stderr


def test_should_cancel_a_job_and_run_it_again(pulse: Deployment, type_, market: Path):
    # A window a day takes minutes.
    long = ("--profile", "small", "--batch-size-days", "1")
    first = json.loads(type_("submit", "--upload", market, *long, "--json").stdout)

    cancelled = type_("cancel", first["job_id"], "--reason", "wrong data")

    assert cancelled.returncode == 0, cancelled.stderr
    assert pulse.finished(first["batch_job_id"])["status"] == "FAILED"
    again = type_(
        *("rerun", first["job_id"], "--set", 'variables=["spx_close"]', "--set", "start_date=2015-01-01"),
        *("--set", "batch_size_days=30"),
        *("--monitor", "--poll-interval", "0.2", "--json"),
    )
    assert again.returncode == 0, again.stderr
    job = json.loads(again.stdout)
    assert job["rerun_of"] == first["job_id"]
    assert list(json.loads(pulse.result(job["job_id"], "metrics.json"))["variables"]) == ["spx_close"]
    assert type_("cancel", job["job_id"]).returncode == 4
    assert type_("cancel", "batch-20220101000000-00000000").returncode == 3


def test_should_open_the_old_door_and_tell_by_its_exit_code_that_the_job_failed(type_, tmp_path: Path):
    ended = type_(
        *("--variables", "no_such_column", "--vcpus", "1", "--memory", "2048", "--job-timeout", "600"),
        *(
            "--s3-data-bucket",
            "pulse-retrodiction-data-poc",
            "--job-definition",
            "pulse-retrodiction-training",
        ),
        *("--monitor", "--poll-interval", "1"),
        command=OLD_DOOR,
    )

    assert ended.returncode == 5, ended.stderr
    (details,) = tmp_path.glob("batch_job_*.json")
    assert json.loads(details.read_text())["job_name"].startswith("pulse-retrodiction-")
