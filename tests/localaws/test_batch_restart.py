"""What becomes of jobs when the server stops, or is killed, and comes back."""

import os
import signal
import time

import psutil
import pytest

from localaws import instance
from tests.localaws.batch_live import Stage

SLEEPS_ONCE = """
import os, time
print(os.getpid(), flush=True)
time.sleep(60 if os.environ["AWS_BATCH_JOB_ATTEMPT"] == "1" else 0)
"""


@pytest.fixture
def root(tmp_path):
    yield tmp_path
    instance.down(tmp_path)


def test_jobs_survive_a_restart(root):
    stage = Stage(instance.up(root))
    done = stage.run("print('kept')")
    retried = stage.submit(SLEEPS_ONCE, retryStrategy={"attempts": 2})
    lost = stage.submit(SLEEPS_ONCE)
    waiting = stage.submit("pass", dependsOn=[{"jobId": retried}])
    stage.until(retried, "RUNNING")
    running = stage.until(lost, "RUNNING")
    [pid] = _lines(stage, running)
    instance.down(root)
    assert not _lives(int(pid))

    stage.aws = instance.up(root)
    stage.batch = stage.client("batch")
    assert stage.until(done["jobId"])["attempts"] == done["attempts"]
    assert stage.lines("/aws/batch/job", done) == ["kept"]
    assert stage.until(waiting)["status"] == "SUCCEEDED"
    again = stage.until(retried)
    assert [attempt["container"].get("exitCode") for attempt in again["attempts"]] == [None, 0]
    end = stage.until(lost)
    assert end["status"] == "FAILED"
    assert end["statusReason"].startswith("Host EC2 (instance i-")
    assert end["statusReason"].endswith("terminated.")
    assert stage.events(lost)[-1]["detail"]["statusReason"] == end["statusReason"]


def test_a_killed_server_s_jobs_do_not_outlive_the_next_start(root):
    stage = Stage(instance.up(root))
    job = stage.until(stage.submit_several("main", "sidecar", code=SLEEPS_ONCE), "RUNNING")
    [task] = job["ecsProperties"]["taskProperties"]
    pids = [int(pid) for one in task["containers"] for pid in _lines(stage, {"container": one})]
    assert len(pids) == 2
    os.kill(stage.aws.pid, signal.SIGKILL)
    assert all(map(_lives, pids))
    deadline = time.monotonic() + 10
    while _lives(stage.aws.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    instance.up(root)
    while any(map(_lives, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(_lives, pids))
    assert list((root / "jobs").iterdir()) == []


def _lines(stage, job):
    deadline = time.monotonic() + 5
    while not (lines := stage.lines("/aws/batch/job", job)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return lines


def _lives(pid):
    """A killed process may stay as a zombie where nobody collects orphans."""
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
