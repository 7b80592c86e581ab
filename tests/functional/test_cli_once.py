"""One command, one job: whatever becomes of the answers, and of the command itself."""

import os
import signal
import socket
import subprocess
import sys
import time

import boto3
import httpx
import pytest
from typer.testing import CliRunner

from pulse.aws.client.signed_api import SignedApi
from pulse.cli.client import calls
from pulse.cli.main import app
from tests.functional.cli_server import JOB_ID, LOST, connected
from tests.own_packages import with_own_packages

FIRST = JOB_ID.format(1)
IN_FLIGHT = {"title": "The same request is under way", "status": 409}


@pytest.fixture
def api(monkeypatch, tmp_path):
    with connected(monkeypatch, tmp_path) as api:
        yield api


def typed(*words):
    return CliRunner().invoke(app, ["submit", *words])


def pending(tmp_path):
    return list((tmp_path / "cache").rglob("*.json"))


def test_should_be_two_jobs_when_it_is_typed_twice(api):
    assert typed("--profile", "small").exit_code == 0
    assert typed("--profile", "small").exit_code == 0

    assert len(api.jobs) == 2


def test_should_repeat_under_one_key_until_the_outcome_is_known(api, tmp_path):
    now = {"Retry-After": "0"}
    api.answers = [(409, IN_FLIGHT, now), (503, {"title": "Not now"}, now), (429, b"", now), LOST]

    ended = typed("--profile", "small")

    assert ended.exit_code == 0, ended.stderr
    assert len(api.calls) == 5
    assert len({call.key for call in api.calls}) == 1
    assert next(iter(api.jobs.values()))["job_id"] in ended.stdout
    assert len(api.jobs) == 1
    for words in ("409, The same request is under way;", "503, Not now;", "429, too many calls at once;"):
        assert words in ended.stderr
    assert pending(tmp_path) == []


def test_should_find_the_first_submission_when_run_again(api, tmp_path, monkeypatch):
    monkeypatch.setattr(calls, "PATIENCE_SECONDS", 0)
    api.answers = [LOST]
    lost = typed("--profile", "small")
    found = typed("--profile", "small")

    assert lost.exit_code == 1
    assert "finds the submission" in lost.stderr
    assert found.exit_code == 0
    assert "its outcome was not seen" in found.stderr
    assert len(api.jobs) == 1
    assert FIRST in found.stdout
    assert pending(tmp_path) == []


def test_should_say_at_once_that_nothing_listens_on_this_machine_and_what_to_start(api, monkeypatch):
    monkeypatch.setattr(calls.time, "sleep", lambda _: pytest.fail("it waited"))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free = f"http://127.0.0.1:{taken.getsockname()[1]}"
    ended = typed("--profile", "small", "--api-url", free)
    assert ended.exit_code == 1
    assert f"Nothing listens at {free}. Start AWS on this machine with pulse local up" in ended.stderr


def test_should_give_up_soon_on_an_address_elsewhere_where_nobody_has_answered(api, monkeypatch):
    monkeypatch.setattr(calls, "UNREACHED_SECONDS", 0)
    elsewhere = SignedApi("https://api.example.com", boto3.Session())
    monkeypatch.setattr(
        elsewhere, "call", lambda *_, **__: _raised_or_returned(httpx.ConnectError("refused"))
    )
    with pytest.raises(calls.NoAnswer, match=r"No answer within 0 s: .*refused"):
        calls.call(elsewhere, "GET", "/jobs/one")


def test_should_be_patient_with_an_api_that_has_answered(api, monkeypatch):
    monkeypatch.setattr(calls, "UNREACHED_SECONDS", 0)
    reached = SignedApi(api.url, boto3.Session())
    assert calls.call(reached, "GET", "/jobs/one").status_code == 200
    answers = iter([httpx.ConnectError("gone"), httpx.Response(200)])
    monkeypatch.setattr(reached, "call", lambda *_, **__: _raised_or_returned(next(answers)))
    monkeypatch.setattr(calls.time, "sleep", lambda _: None)
    assert calls.call(reached, "GET", "/jobs/one").status_code == 200


def _raised_or_returned(outcome):
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def test_should_be_another_job_by_force_or_for_another_request(api, monkeypatch):
    monkeypatch.setattr(calls, "PATIENCE_SECONDS", 0)
    api.answers = [LOST]
    typed("--profile", "small")

    assert typed("--profile", "small", "--force").exit_code == 0
    assert typed("--profile", "large").exit_code == 0

    assert len(api.jobs) == 3


def test_should_send_ones_own_key_and_keep_none(api, tmp_path):
    typed("--profile", "small", "--idempotency-key", "run-7")
    again = typed("--profile", "small", "--idempotency-key", "run-7")

    assert [call.key for call in api.calls] == ['"run-7"', '"run-7"']
    assert FIRST in again.stdout
    assert typed("--force", "--idempotency-key", "run-7").exit_code == 2


def test_should_submit_with_a_warning_where_nothing_can_be_kept(api, tmp_path):
    (tmp_path / "cache").write_text("a file")

    ended = typed("--profile", "small")

    assert ended.exit_code == 0
    assert "--idempotency-key" in ended.stderr


def test_should_leave_nothing_pending_where_nothing_could_be_sent(api, tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith("AWS_") and "ENDPOINT" not in name]:
        monkeypatch.delenv(name)
    for name, value in (("AWS_EC2_METADATA_DISABLED", "true"), ("AWS_CONFIG_FILE", "/none"),
                        ("AWS_SHARED_CREDENTIALS_FILE", "/none")):  # fmt: skip
        monkeypatch.setenv(name, value)

    ended = typed("--profile", "small")

    assert ended.exit_code == 1
    assert "AWS_PROFILE" in ended.stderr
    assert (api.calls, pending(tmp_path)) == ([], [])


def test_should_say_how_to_go_on_when_it_is_interrupted(api):
    api.answers = [(409, IN_FLIGHT, {"Retry-After": "60"})]
    command = [sys.executable, "-m", "pulse.cli", "submit", "--profile", "small"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=with_own_packages(os.environ)
    )
    deadline = time.monotonic() + 30
    while not api.calls and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.3)

    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=30)

    assert process.returncode == 130
    assert "Run the same command again" in told
    assert "Traceback" not in told
    assert typed("--profile", "small").exit_code == 0
    assert len({call.key for call in api.calls}) == 1
