"""`pulse demo` against the AWS on this machine as if it were an account: what it runs, writes and leaves."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pulse.cli.demo import record_file
from pulse.cli.exit_codes import ExitCode
from pulse.cli.local import demo as local_demo
from tests.local.deployment import Deployment, sample
from tests.own_packages import with_own_packages

pytestmark = pytest.mark.local
LOCAL_RECORD = Path(__file__).parents[1] / "unit" / "demo" / "local.json"


def left_behind(pulse: Deployment) -> list[str]:
    """Everything with the demo's name that is still there."""
    queues = pulse.sqs.list_queues().get("QueueUrls", [])
    rules = pulse.found.client("events").list_rules()["Rules"]
    subscriptions = pulse.found.client("sns").list_subscriptions()["Subscriptions"]
    objects = pulse.s3.list_object_versions(Bucket=pulse.where.data_bucket, Prefix="datasets/pulse-demo-")
    told = [*queues, *(rule["Name"] for rule in rules), *(one["Endpoint"] for one in subscriptions)]
    return [name for name in told if "pulse-demo-" in name] + [
        str(one) for one in objects.get("Versions", [])
    ]


@pytest.fixture
def data(tmp_path):
    file = tmp_path / "market.csv"
    file.write_bytes(sample(400))
    return file


@pytest.fixture
def started(pulse: Deployment, data, tmp_path):
    """`pulse demo` with what `pulse local env` exports; `local` is the record that it is compared with."""

    def start(local) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [
                *(sys.executable, "-P", "-m", "pulse.cli", "demo", "--yes", "--data", str(data)),
                *("--against", str(local), "--record", str(tmp_path / "deployed.json")),
            ],
            env=with_own_packages(os.environ)
            | pulse.found.environment()
            | pulse.where.environment()
            | {"PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


def test_should_compare_equal_with_the_local_demo_and_leave_nothing(
    pulse: Deployment, started, data, tmp_path, monkeypatch
):
    monkeypatch.setattr(local_demo, "JOBS_SECONDS", 600)
    monkeypatch.setattr(local_demo, "ALERTS_SECONDS", 120)
    jobs = local_demo.run(pulse.found, pulse.where, data)
    local = record_file.write(jobs, "local", tmp_path / "local.json")

    ended = started(local)
    out, messages = ended.communicate()

    assert ended.returncode == 0, out + messages
    assert "local and PulseJobs agree" in messages
    assert re.search(r"API +SUCCEEDED", out)
    assert "asked → alert" in out
    deployed = record_file.read(tmp_path / "deployed.json")
    assert list(deployed.jobs) == ["drop", "API"]
    for job in deployed.jobs.values():
        assert {"RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED"} <= {event.state for event in job.events}
        (alert,) = job.alerts
        assert alert.body["kind"] == "SUCCEEDED"
        assert {"asked", "submitted", "RUNNING", "end", "alert"} <= job.moments.keys()
    text = (tmp_path / "deployed.json").read_text()
    assert "arn:aws:batch:us-east-1:ACCOUNT:job/" in text
    assert pulse.found.client("sts").get_caller_identity()["Account"] not in text
    assert not left_behind(pulse)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_should_cancel_its_jobs_and_leave_nothing_when_it_is_interrupted(pulse: Deployment, started, number):
    demo = started(LOCAL_RECORD)

    shown = next(line for line in demo.stdout if "RUNNING" in line)
    demo.send_signal(number)
    _, messages = demo.communicate()

    assert demo.returncode == ExitCode.INTERRUPTED, messages
    assert "Not removed" not in messages
    assert not left_behind(pulse)
    assert pulse.ended(shown.split()[-1])["status"] in ("FAILED", "SUCCEEDED")
