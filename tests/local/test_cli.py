"""`pulse local` as a person types it, in processes of its own."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import boto3
import pytest

from localaws import instance

pytestmark = pytest.mark.local
MINUTES = 5 * 60


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory):
    root = tmp_path_factory.mktemp("typed")
    yield root
    instance.down(root)


def typed(root: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from pulse.cli.main import app; app()", *arguments]
    env = os.environ | {"LOCALAWS_ROOT": str(root), "COLUMNS": "120"} | environment
    return subprocess.run(
        command,
        env=env,
        capture_output=True,
        text=True,
        timeout=MINUTES,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def exported(root: Path) -> dict[str, str]:
    lines = typed(root, "local", "env").stdout.splitlines()
    unset, *exports = lines
    assert unset.startswith("unset AWS_PROFILE "), "a profile of the shell would win"
    return dict(re.fullmatch(r"export (\w+)='?(.*?)'?", line).groups() for line in exports)


def test_should_stay_up_detached_survive_a_restart_and_refuse_clearly(root: Path):
    asked_too_early = typed(root, "local", "env")
    assert asked_too_early.returncode == 1
    assert "pulse local up" in asked_too_early.stderr

    started = typed(root, "local", "up", "--detach")
    assert started.returncode == 0, started.stderr
    env = exported(root)
    assert env.keys() >= {
        *("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"),
        *("PULSE_API_URL", "PULSE_DATA_BUCKET", "PULSE_RESULTS_BUCKET", "PULSE_JOB_QUEUE"),
        *("PULSE_JOB_DEFINITION", "PULSE_INBOX_URL"),
    }
    for name in ("PULSE_API_URL", "PULSE_DATA_BUCKET", "PULSE_INBOX_URL"):
        assert env[name] in started.stdout
    s3 = client("s3", env)
    s3.put_object(Bucket=env["PULSE_RESULTS_BUCKET"], Key="kept", Body=b"over a restart")

    again = typed(root, "local", "up", "--detach")
    assert again.returncode == 1
    assert "already runs" in again.stderr

    assert typed(root, "local", "down").returncode == 0
    assert instance.running(root) is None
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = typed(root, "local", "up", "--detach", "--port", str(port))
    assert refused.returncode == 1
    assert f"Port {port} is already in use" in refused.stderr

    restarted = typed(root, "local", "up", "--detach")
    assert restarted.returncode == 0, restarted.stderr
    assert exported(root) == env
    kept = client("s3", env).get_object(Bucket=env["PULSE_RESULTS_BUCKET"], Key="kept")["Body"].read()
    assert kept == b"over a restart"


def test_should_show_the_whole_path_in_the_demo_and_leave_nothing(tmp_path: Path):
    shown = typed(tmp_path / "own", "local", "demo")

    assert shown.returncode == 0, shown.stdout + shown.stderr
    for words in (
        *("cdk bootstrap", "cdk deploy --all", "RUNNABLE", "RUNNING", "SUCCEEDED", "trust"),
        *("e-mail to you@example.com", "Slack", "metrics.json", "How long each hop took"),
    ):
        assert words in shown.stdout
    assert not list(tmp_path.iterdir())


def test_should_say_what_failed_in_the_demo_and_where_the_logs_are(tmp_path: Path):
    # An hour's time limit lasts 0.1 s: both jobs are ended before they are done.
    shown = typed(tmp_path / "own", "local", "demo", LOCALAWS_SECONDS_SCALE="0.00003")

    assert shown.returncode == 1
    assert "The job of the drop" in shown.stdout
    assert "The job of the API" in shown.stdout
    assert "Job attempt duration exceeded timeout" in shown.stdout
    logs = Path(re.findall(r"^Logs: (.+)$", shown.stdout, re.MULTILINE)[0])
    assert (logs / "localaws.log").read_text()
    assert instance.running(tmp_path / "own-demo") is None


def client(service: str, env: dict[str, str]):
    session = boto3.Session(
        env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], region_name=env["AWS_REGION"]
    )
    return session.client(service, endpoint_url=env["AWS_ENDPOINT_URL"])
