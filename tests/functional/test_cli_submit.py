"""`pulse submit` as a person types it, against the API on loopback."""

import json
import os
import re
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from pulse.cli.main import app
from tests.functional.cli_server import JOB_ID, connected
from tests.own_packages import with_own_packages

FIRST = JOB_ID.format(1)
REFUSED = {
    "title": "The job request is not valid",
    "status": 422,
    "detail": "2 values are not valid.",
    "errors": [
        {"field": "vcpus", "allowed": "one of 0.25, 0.5, 1, 2, 4, 8, 16 on Fargate", "found": "3"},
        {"field": "profile", "allowed": "one of default, [bold]large", "found": "'\x1b[31mhuge'"},
    ],
}


@pytest.fixture
def api(monkeypatch, tmp_path):
    with connected(monkeypatch, tmp_path) as api:
        yield api


def typed(*words):
    return CliRunner().invoke(app, ["submit", *words])


def pending(tmp_path):
    return list((tmp_path / "cache").rglob("*.json"))


def test_should_submit_only_what_was_given_and_tell_the_job(api, tmp_path):
    ended = typed("--variables", "spx_close", "us_10y_yield", "--memory", "auto", "--tag", "Team=a=b")

    assert ended.exit_code == 0, ended.stderr
    (call,) = api.calls
    assert (call.method, call.path) == ("POST", "/jobs")
    assert call.body == {
        "variables": ["spx_close", "us_10y_yield"],
        "memory_mib": "auto",
        "tags": {"Team": "a=b"},
    }
    for words in (
        FIRST,
        "aws-1",
        f"s3://pulse-results/results/{FIRST}/",
        f"pulse status {FIRST}",
        "auto MiB",
    ):
        assert words in ended.stdout
    assert ended.stderr == ""
    assert pending(tmp_path) == []


def test_should_print_nothing_but_the_answer_for_programs(api):
    ended = typed("--json", "--profile", "small")

    assert json.loads(ended.stdout) == api.jobs[api.calls[0].key]
    assert ended.stderr == ""


def test_should_lay_options_over_the_request_file(api, tmp_path):
    (tmp_path / "request.yaml").write_text(
        "dataset: datasets/a.csv\nstart_date: 2018-01-01\nprofile: small\ntags: {Team: a, Run: b}\n"
    )

    typed("--request", "request.yaml", "--profile", "large", "--tag", "Run=c")

    assert api.calls[0].body == {
        "dataset": "datasets/a.csv",
        "start_date": "2018-01-01",
        "profile": "large",
        "tags": {"Team": "a", "Run": "c"},
    }


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
@pytest.mark.parametrize(
    ("name", "text"), [("a.json", '{"profile": "small"}'), ("a.yml", "profile: small\n")]
)
def test_should_read_a_request_file_in_any_unicode_encoding(api, tmp_path, encoding, name, text):
    (tmp_path / name).write_text(text, encoding=encoding)

    typed("--request", name)

    assert api.calls[0].body == {"profile": "small"}


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        (
            "a.json",
            '{"profile": "small",\n"profile": "large"}',
            "profile: allowed is each field once; found 'small' on line 1 and 'large' on line 2",
        ),
        (
            "a.yaml",
            "tags:\n  Team: a\n  Team: b\n",
            "tags.Team: allowed is each field once; found a on line 2 and b on line 3",
        ),
        (
            "a.yaml",
            "attempts: 010\n",
            "attempts: allowed is a number in decimal digits, or a text in quotes; found 010 on line 1",
        ),
        ("a.json", '{"tags":\n{"Team": "caf\xe9"}}', "line 2 is not UTF-8 text"),
        ("a.yaml", "tags:\n  Team: caf\xe9\n", "line 2 is not UTF-8 text"),
        ("a.json", '{"profile": "small",}', "line 1, column 21: Expecting property name"),
    ],
)
def test_should_name_the_line_that_is_wrong_in_a_request_file(api, tmp_path, name, text, told):
    (tmp_path / name).write_text(text, encoding="latin-1")

    ended = typed("--request", name)

    assert ended.exit_code == 2
    assert told in " ".join(re.sub("[│╭╮╰╯─]", " ", ended.stderr).split())
    assert api.calls == []


def test_should_send_how_the_data_is_to_be_read(api):
    typed("--missing-values", "-999", "NA", "--id-columns", "store", "item", "--dataset", "datasets/a.csv")

    assert api.calls[0].body == {
        "dataset": "datasets/a.csv",
        "missing_values": [-999, "NA"],
        "id_columns": ["store", "item"],
    }


@pytest.mark.parametrize("content", ["[1]", "{", "\xff", ""])
def test_should_send_nothing_when_the_request_file_is_none(api, tmp_path, content):
    (tmp_path / "request.json").write_text(content, encoding="latin-1")

    ended = typed("--request", "request.json")

    assert ended.exit_code == 2
    assert "request.json" in ended.stderr
    assert api.calls == []


def test_should_tell_every_fault_of_a_refused_request(api, tmp_path):
    api.answers = [(422, REFUSED)]

    ended = typed("--vcpus", "3")

    assert ended.exit_code == 4
    assert ended.stdout == ""
    for words in ("The job request is not valid", "vcpus", "profile", "[bold]large", "\\x1b[31mhuge"):
        assert words in ended.stderr
    assert "\x1b" not in ended.stderr
    assert pending(tmp_path) == []


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        ((403, {"message": "Forbidden"}), 4, "execute-api:Invoke"),
        ((404, {"title": "No such job"}), 3, "No such job"),
        ((413, {"title": "The body is too large"}), 4, "too large"),
        ((500, b"<html>"), 1, "finds the submission"),
        ((202, b"[]"), 1, "202"),
    ],
)
def test_should_say_by_its_exit_code_how_it_ended(api, answer, code, words):
    api.answers = [answer]

    ended = typed("--profile", "small")

    assert (ended.exit_code, ended.stdout) == (code, "")
    assert words in ended.stderr


def test_should_wait_for_the_end_and_tell_each_state_once(api):
    api.states = ["SUBMITTED", "RUNNING", "RUNNING", "FAILED"]

    ended = typed("--profile", "small", "--monitor", "--poll-interval", "0.1")

    assert ended.exit_code == 5
    assert re.findall("SUBMITTED|RUNNING|FAILED", ended.stderr) == ["SUBMITTED", "RUNNING", "FAILED"]
    assert "2026-03-02T09:31:00Z" in ended.stderr
    assert "Essential container in task exited" in ended.stdout


def test_should_wait_for_the_job_behind_an_array(api):
    array = {"job_id": FIRST, "batch_job_id": "aws-1", "follower": {"job_id": JOB_ID.format(2)}}
    api.answers = [
        (202, array),
        (200, {"job_id": FIRST, "status": "SUCCEEDED", "follower": JOB_ID.format(2)}),
    ]

    ended = typed("--shards", "4", "--monitor", "--json", "--poll-interval", "0.1")

    assert ended.exit_code == 0
    assert json.loads(ended.stdout)["job_id"] == JOB_ID.format(2)
    assert [call.path for call in api.calls[1:]] == [f"/jobs/{FIRST}", f"/jobs/{JOB_ID.format(2)}"]


def test_should_tell_first_what_the_run_it_waited_for_says_must_be_read_first(api):
    api.answers = [
        (202, {"job_id": FIRST, "batch_job_id": "aws-1"}),
        (200, {"job_id": FIRST, "status": "SUCCEEDED", "warnings": ["price is bad."], "warnings_count": 1}),
    ]

    ended = typed("--monitor", "--poll-interval", "0.1")

    assert ended.exit_code == 0
    _, told = ended.stdout.split(f"{FIRST} SUCCEEDED, 1 warning\n")
    assert " ".join(told.splitlines()[0].split()) == "read this first price is bad."


def test_should_write_the_file_of_the_replaced_script_when_asked_to(api, tmp_path):
    typed("--job-details-file", "job.json")

    details = json.loads((tmp_path / "job.json").read_text())
    assert details["job_id"] == "aws-1"
    assert details["job_name"].startswith("pulse-retrodiction-")
    assert details["submission_time"] == "2026-03-02T09:30:00Z"
    assert details["pulse_job_id"] == FIRST


@pytest.mark.parametrize(
    ("option", "same"),
    [
        ("--job-definition", "pulse-retrodiction-training"),
        ("--s3-data-bucket", "pulse-data"),
        ("--s3-results-bucket", "pulse-results"),
    ],
)
def test_should_take_what_the_deployment_decides_only_where_it_agrees(api, monkeypatch, option, same):
    unknown = typed(option, "x")
    for name, value in (("JOB_DEFINITION", "pulse-retrodiction-training"), ("DATA_BUCKET", "pulse-data"),
                        ("RESULTS_BUCKET", "pulse-results")):  # fmt: skip
        monkeypatch.setenv(f"PULSE_{name}", value)

    assert unknown.exit_code == 0
    assert "cannot be compared" in unknown.stderr
    assert typed(option, same).stderr == ""
    other = typed(option, "other")
    assert other.exit_code == 4
    assert same in other.stderr
    assert len(api.jobs) == 2


def test_should_open_the_old_door_with_the_old_defaults(api, tmp_path):
    api.states = ["FAILED"]
    command = [sys.executable, "-m", "recursive_training.aws_batch_submit", "--monitor", "--vcpus", "2"]

    ended = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=tmp_path, timeout=60,
        env=with_own_packages(os.environ) | {"LOG_LEVEL": "DEBUG"},
    )  # fmt: skip

    assert ended.returncode == 5, ended.stderr
    assert api.calls[0].body == {
        "variables": ["spx_close", "us_10y_yield"],
        "batch_size_days": 30,
        "start_date": "2022-01-01",
        "queue": "pulse-retrodiction-job-queue",
        "job_name_prefix": "pulse-retrodiction",
        "vcpus": 2,
        "memory_mib": 16384,
        "timeout_seconds": 86400,
        "dask_threads": 2,
        "log_level": "DEBUG",
    }
    (written,) = tmp_path.glob("batch_job_" + "[0-9]" * 14 + ".json")
    assert json.loads(written.read_text())["job_id"] == "aws-1"
