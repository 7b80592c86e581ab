"""Both containers of a job as processes: SCRIPT in /bin/sh beside `python -m data_sidecar`, on moto's S3."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pulse.domain.plan.shared_folder import SCRIPT
from tests.sidecar.s3_server import s3_server

SIDECAR = Path(__file__).parents[2] / "sidecar"
PATIENCE_SECONDS = 60
SET = "datasets/churn.csv"

LEARN = """
import json, os, pathlib, sys
folder = pathlib.Path(os.environ["PULSE_FOLDER"])
rows = (folder / "data" / "churn.csv").read_text().splitlines()
(folder / "results" / "metrics.json").write_text(json.dumps({"rows": len(rows), "rate": float(sys.argv[1])}))
"""
KEEP = """
import os, pathlib, signal, sys, time
folder = pathlib.Path(os.environ["PULSE_FOLDER"])
kept = folder / "checkpoints" / "model.txt"
if kept.exists():
    (folder / "results" / "went-on.txt").write_text(kept.read_text())
    sys.exit(0)
def stop(*_):
    kept.write_text("as far as it came")
    sys.exit(143)
signal.signal(signal.SIGTERM, stop)
(folder / "at-work").touch()
while True:
    time.sleep(0.05)
"""
ECHO = """
import json, os, pathlib, sys
folder = pathlib.Path(os.environ["PULSE_FOLDER"])
own = json.loads((folder / "parameters.json").read_text())
(folder / "results" / "words.json").write_text(json.dumps({"words": sys.argv[1:], "own": own}))
"""


@dataclass
class Attempt:
    folder: Path
    env: dict[str, str]
    main: subprocess.Popen[str]
    data: subprocess.Popen[str]

    def end(self) -> tuple[int, int, str, str]:
        """Exit codes and logs of main and of the data container, which is stopped when main has ended."""
        _, main_log = self.main.communicate(timeout=PATIENCE_SECONDS)
        self.data.terminate()
        data_log, _ = self.data.communicate(timeout=PATIENCE_SECONDS)
        return self.main.returncode, self.data.returncode, main_log, data_log

    def wait_for(self, name: str) -> None:
        until = time.monotonic() + PATIENCE_SECONDS
        while not (self.folder / name).exists():
            assert time.monotonic() < until, f"no {name}"
            assert self.data.poll() is None, self.data.communicate()
            time.sleep(0.05)


@pytest.fixture
def start(store, attempt) -> Iterator[Callable[..., Attempt]]:
    """Starts both containers of the next attempt, at once."""
    started: list[Attempt] = []

    def begin(*words: str, **env: str) -> Attempt:
        one = attempt()
        both = {**os.environ, **one.env, **env, "AWS_ENDPOINT_URL": url}
        command = ["/bin/sh", "-c", SCRIPT, "pulse", *words]
        main = subprocess.Popen(command, env=both, stderr=subprocess.PIPE, text=True)
        data = subprocess.Popen(
            [sys.executable, "-m", "data_sidecar"], env=both, cwd=SIDECAR, stdout=subprocess.PIPE, text=True
        )
        started.append(Attempt(one.folder, both, main, data))
        return started[-1]

    with s3_server() as url:
        yield begin
        for one in started:
            for process in (one.main, one.data):
                if process.poll() is None:
                    process.kill()
                process.communicate()


def python(program: str, *words: str) -> list[str]:
    return [sys.executable, "-c", program, *words]


def test_a_program_that_knows_nothing_of_s3_reads_a_file_and_writes_metrics(store, start):
    store.put(SET, "a,b\n1,2\n")
    code, data_code, log, data_log = start(*python(LEARN, "0.1"), PULSE_DATASET=SET).end()
    assert (code, data_code, log) == (0, 0, "")
    assert json.loads(store.result("results/run-1/metrics.json")) == {"rows": 2, "rate": 0.1}
    assert store.manifest()["exit_code"] == 0
    assert f"Data set {SET} is here: 8 bytes, objects: 1" in data_log


def test_a_program_that_fails_ends_the_job_with_its_own_code(store, start):
    code, data_code, _, _ = start("sh", "-c", 'echo half > "$PULSE_FOLDER/results/half.txt"; exit 3').end()
    assert (code, data_code) == (3, 0)
    assert store.keys() == ["results/run-1/claim.json", "results/run-1/half.txt"]


def test_what_a_program_writes_on_sigterm_is_there_in_the_next_attempt(store, start):
    first = start(*python(KEEP))
    first.wait_for("at-work")
    first.main.terminate()
    first.data.terminate()
    assert first.end()[:2] == (143, 0)
    assert store.keys("checkpoints/") == ["checkpoints/run-1/model.txt"]
    second = start(*python(KEEP))
    assert second.end()[:2] == (0, 0)
    assert store.result("results/run-1/went-on.txt") == b"as far as it came"
    assert store.keys("checkpoints/") == []


def test_values_reach_the_program_of_a_sweep_s_child_as_they_are(store, start):
    note = 'it\'s "two"  $(touch pwned) `id` $HOME * ü – \\n ; & | > {rate}'
    grid = {"rate": [0.1, 1e-05], "deep": [True, False], "note": ["", note]}
    child = start(
        "false",
        PULSE_SWEEP=json.dumps(grid),
        PULSE_COMMAND=json.dumps([*python(ECHO), "{note}", "--rate={rate}", "{deep}", "{unknown}"]),
        PULSE_PARAMETERS=json.dumps({"rate": 1, "deep": True, "note": "", "depth": 3}),
        AWS_BATCH_JOB_ARRAY_INDEX="7",
    )
    assert child.end()[:2] == (0, 0)
    found = json.loads(store.result("results/run-1/sweep/7/words.json"))
    assert found["words"] == [note, "--rate=1e-05", "false", "{unknown}"]
    assert found["own"] == {"rate": 1e-05, "deep": False, "note": note, "depth": 3}


@pytest.mark.parametrize(
    ("env", "code", "why"),
    [
        ({"PULSE_DATASET": SET}, 66, f"s3://pulse-test-data/{SET}: S3 answered 404 (Not Found). Check"),
        ({"AWS_BATCH_JOB_ID": "batch-2"}, 76, "Run run-1 belongs to AWS Batch job batch-1 "),
        ({"PULSE_PARAMETERS": "["}, 2, "PULSE_PARAMETERS is '['. Set it to a JSON object of values."),
    ],
)
def test_main_ends_with_the_code_and_the_words_of_the_data_container(store, start, env, code, why):
    store.put("results/run-1/claim.json", '{"aws_batch_job_id": "batch-1"}', bucket="pulse-test-results")
    main_code, data_code, log, data_log = start("touch", "never", **env).end()
    assert (main_code, data_code) == (code, code)
    assert log.startswith(why)
    assert f" - ERROR - {log.strip()}" in data_log


def test_sigterm_during_the_download_ends_both_with_143(start):
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes calls and never answers
        job = start(
            "true", PULSE_DATASET=SET, AWS_ENDPOINT_URL_S3=f"http://127.0.0.1:{silent.getsockname()[1]}"
        )
        job.wait_for("data")
        job.main.terminate()
        job.data.terminate()
        code, data_code, _, data_log = job.end()
    assert (code, data_code) == (143, 143)
    assert "Stopped by SIGTERM before the training had its data. Run the job again." in data_log
