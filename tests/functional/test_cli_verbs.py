"""`pulse quote`, `cancel`, `rerun`, `status` and `queue redrive`, against AWS and the API on loopback."""

import json
import os
import re
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from pulse.cli.main import app
from tests.functional.cli_server import JOB_ID, connected

JOB = JOB_ID.format(7)
PLAN = {
    "jobName": "pulse-retrodiction-20260302093000-00000001",
    "jobQueue": "arn:aws:batch:us-east-1:123456789012:job-queue/pulse-retrodiction-job-queue",
    "jobDefinition": "arn:aws:batch:us-east-1:123456789012:job-definition/pulse-retrodiction-training:7",
    "containerOverrides": {
        "resourceRequirements": [{"type": "VCPU", "value": "2"}, {"type": "MEMORY", "value": "4096"}]
    },
    "timeout": {"attemptDurationSeconds": 5400},
    "retryStrategy": {"attempts": 3},
}
QUOTE = {
    "plan": [PLAN],
    "sizing": "2 vCPU, 4096 MiB: 12 runs of this data set took at most 2910 MiB; a margin of 25 % is added.",
    "quote": {
        "low_usd": "0.0123",
        "likely_usd": "0.04",
        "high_usd": "1.236",
        "currency": "USD",
        "as_of": "2026-02-01",
        "region": "us-east-1",
        "source": "AWS Price List API",
        "why": "1 h 30 min at most, three attempts.",
    },
    "expected_wait_seconds": 130,
    "refusals": [],
}


@pytest.fixture
def api(monkeypatch, tmp_path):
    with connected(monkeypatch, tmp_path) as api:
        monkeypatch.delenv("PULSE_API_URL")
        api.quote, api.outputs = QUOTE, {"ApiUrl": api.url, "DataBucket": "pulse-data"}
        yield api


def typed(*words):
    return CliRunner().invoke(app, words)


def test_should_find_the_api_by_the_outputs_of_the_stack(api):
    assert typed("submit").exit_code == 0
    assert [call.path for call in api.calls] == ["/jobs"]


@pytest.mark.parametrize("name", ["PULSE_API_URL", "PULSE_DATA_BUCKET"])
def test_a_stack_that_a_flag_names_counts_more_than_what_variables_say(api, monkeypatch, name):
    monkeypatch.setenv(name, "http://127.0.0.1:9" if name == "PULSE_API_URL" else "somebody-elses")

    ended = typed("submit", "--stack-prefix", "Pulse", "--s3-data-bucket", "pulse-data")

    assert ended.exit_code == 0, ended.stderr
    assert [call.path for call in api.calls] == ["/jobs"]


def test_a_variable_counts_where_no_flag_names_another_place(api, monkeypatch):
    monkeypatch.setenv("PULSE_DATA_BUCKET", "somebody-elses")

    ended = typed("submit", "--s3-data-bucket", "pulse-data")

    assert ended.exit_code == 4
    assert "somebody-elses" in ended.stderr


def test_should_say_what_to_do_where_nothing_is_deployed(api):
    api.outputs = {}

    ended = typed("submit", "--stack-prefix", "Other", "--aws-region", "eu-west-1")

    assert ended.exit_code == 1
    for words in ("OtherJobs in eu-west-1", "--stack-prefix", "PULSE_API_URL", "pulse local up"):
        assert words in ended.stderr


def test_should_refuse_another_bucket_than_the_stack_has(api):
    ended = typed("quote", "--s3-data-bucket", "pulse-retrodiction-data-poc")

    assert ended.exit_code == 4
    assert "pulse-data" in ended.stderr
    assert api.calls == []


@pytest.mark.parametrize("url", ["pulse", "ftp://pulse", "https://", "http://[::1"])
def test_should_refuse_an_address_that_is_none(api, url):
    ended = typed("submit", "--api-url", url)

    assert ended.exit_code == 2
    assert "--api-url" in ended.stderr


@pytest.mark.parametrize("words", [["quote"], ["submit", "--dry-run"], ["rerun", JOB, "--dry-run"]])
def test_should_tell_cost_wait_and_resources_and_submit_nothing(api, words):
    ended = typed(*words)

    assert ended.exit_code == 0, ended.stderr
    assert api.calls[0].path.endswith("?dry_run=true")
    assert api.calls[0].key is None
    for told in (
        *("$0.0123 low, $0.0400 likely, $1.24 high", "2026-02-01", "AWS Price List API", "2 min 10 s"),
        *("2 vCPU, 4096 MiB, at most 1 h 30 min an attempt, 3 attempts", "pulse-retrodiction-job-queue"),
        "12 runs of this data set",
    ):
        assert told in " ".join(ended.stdout.split())
    assert "jobDefinition" not in ended.stdout
    assert api.jobs == {}


def test_should_print_the_parameters_when_asked_to(api):
    assert "job-definition/pulse-retrodiction-training:7" in typed("quote", "--verbose").stdout
    assert json.loads(typed("quote", "--json").stdout) == QUOTE


def test_should_quote_what_it_does_not_know_as_not_known(api):
    nothing = {"low_usd": None, "likely_usd": None, "high_usd": None, "why": "EC2 has no list price here."}
    api.quote = {"plan": [PLAN, PLAN], "sizing": None, "quote": nothing, "expected_wait_seconds": None}

    told = " ".join(typed("quote").stdout.split())

    for words in ("cost not known", "EC2 has no list price here.", "wait not known", "puts their results"):
        assert words in told


def test_should_exit_as_refused_when_the_request_would_be(api):
    refusal = {"field": "max_cost_usd", "allowed": "at most 1.00", "found": "1.24 at most"}
    api.quote = QUOTE | {"refusals": [refusal]}

    ended = typed("quote", "--max-cost", "1.00")

    assert ended.exit_code == 4
    assert api.calls[0].body == {"max_cost_usd": "1.00"}
    for words in ("It would be refused", *refusal.values()):
        assert words in ended.stderr


def test_should_cancel_with_a_reason(api):
    ended = typed("cancel", JOB, "--reason", "wrong data")

    assert ended.exit_code == 0
    assert (api.calls[0].path, api.calls[0].body) == (f"/jobs/{JOB}/cancel", {"reason": "wrong data"})
    assert "wrong data" in ended.stdout


def test_should_be_refused_at_once_when_the_job_has_ended_already(api):
    api.answers = [(409, {"title": "The job has ended", "detail": "It SUCCEEDED."})]

    ended = typed("cancel", JOB)

    assert ended.exit_code == 4
    assert "It SUCCEEDED." in ended.stderr
    assert len(api.calls) == 1


def test_should_run_a_job_again_with_changes_over_its_request(api, tmp_path):
    (tmp_path / "over.json").write_text('{"memory_mib": 1024, "profile": "small"}')

    ended = typed(
        *("rerun", JOB, "--request", str(tmp_path / "over.json"), "--set", "memory_mib=32768"),
        *("--set", "vcpus=auto", "--set", 'variables=["spx_close"]', "--set", "end_date=null"),
    )

    assert ended.exit_code == 0, ended.stderr
    assert api.calls[0].path == f"/jobs/{JOB}/rerun"
    assert api.calls[0].key
    assert api.calls[0].body == {
        "memory_mib": 32768,
        "profile": "small",
        "vcpus": "auto",
        "variables": ["spx_close"],
        "end_date": None,
    }
    assert JOB in ended.stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["--set", "memory_mib=1024", "--set", "memory_mib=2048"],
            "memory_mib is given twice: 1024 and 2048",
        ),
        (
            ["--set", 'tags={"Team": "a", "Team": "b"}'],
            "Team: allowed is each field once; found 'a' and then",
        ),
    ],
)
def test_should_send_nothing_when_a_field_is_set_twice(api, words, told):
    ended = typed("rerun", JOB, *words)

    assert ended.exit_code == 2
    assert told in " ".join(re.sub("[│╭╮╰╯─]", " ", ended.stderr).split())
    assert api.calls == []


def test_should_say_why_it_asks_again(api):
    api.answers = [(409, {"title": "The job is still being submitted"}, {"Retry-After": "0"})]

    ended = typed("cancel", JOB)

    assert ended.exit_code == 0
    assert "409, The job is still being submitted; asking again" in ended.stderr


@pytest.mark.parametrize("verb", ["cancel", "rerun", "status"])
@pytest.mark.parametrize("job_id", ["../jobs", "a/b", "?", "a%2fb", ""])
def test_should_call_nothing_for_what_is_no_job_id(api, verb, job_id):
    assert typed(verb, job_id).exit_code == 2
    assert api.calls == []


def test_should_tell_a_jobs_state_and_by_the_exit_code_that_it_failed(api):
    api.states = ["FAILED", "RUNNING"]

    failed, running = typed("status", JOB), typed("status", JOB, "--json")

    assert failed.exit_code == 5
    for words in (JOB, "FAILED", "Essential container", "4 min"):
        assert words in failed.stdout
    assert (running.exit_code, json.loads(running.stdout)["status"]) == (0, "RUNNING")


def test_should_end_quietly_when_it_is_interrupted_while_it_is_imported(api, tmp_path):
    (tmp_path / "typer.py").write_text("import signal\nsignal.raise_signal(signal.SIGINT)\n")

    ended = subprocess.run(
        [sys.executable, "-m", "pulse.cli", "list"], capture_output=True, text=True, check=False, timeout=60,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
    )  # fmt: skip

    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "")


def test_should_move_dead_letters_back_to_the_queue_they_belong_to(api):
    api.outputs |= {
        "DropsDeadLetters": "arn:aws:sqs:us-east-1:123456789012:drops",
        "EventsDeadLetters": "arn:aws:sqs:us-east-1:123456789012:events",
    }
    api.dead_letters = {"drops": 3}

    counted = typed("queue", "redrive", "--dry-run", "--json")
    moved, again = typed("queue", "redrive"), typed("queue", "redrive")

    assert json.loads(counted.stdout) == [
        {"holds": "dropped objects", "queue": "drops", "messages": 3, "outcome": "would be moved back"},
        {"holds": "job events", "queue": "events", "messages": 0, "outcome": "empty"},
    ]
    assert (moved.exit_code, again.exit_code) == (0, 0)
    assert "moving back" in moved.stdout
    assert "moving back already" in again.stdout
    assert api.moves == [
        {
            "SourceArn": "arn:aws:sqs:us-east-1:123456789012:drops",
            "DestinationArn": "arn:aws:sqs:us-east-1:123456789012:drops-source",
        }
    ]


def test_should_say_that_the_stack_names_no_dead_letters(api):
    ended = typed("queue", "redrive")

    assert ended.exit_code == 1
    assert "DropsDeadLetters" in ended.stderr
