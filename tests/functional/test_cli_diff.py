"""`pulse diff`, and what every help offers."""

import json

import pytest
from typer.testing import CliRunner

from pulse.cli.main import app
from tests.functional.cli_server import JOB_ID, connected

ONE, OTHER = JOB_ID.format(1), JOB_ID.format(2)


@pytest.fixture
def api(monkeypatch, tmp_path):
    with connected(monkeypatch, tmp_path) as api:
        yield api


def job(job_id, request, **fields):
    known = {"job_id": job_id, "status": "SUCCEEDED", "created_at": "2026-03-02T09:30:00Z"}
    return 200, known | {"request": request} | fields


def typed(*words):
    return CliRunner().invoke(app, words)


def test_should_show_only_the_settings_that_differ_and_what_each_found(api):
    found = [{"name": "trust", "value": 0.75}], [{"name": "trust", "value": 0.5}]
    api.answers = [
        job(ONE, {"variables": ["a", "b"], "batch_size_days": 30}, headline=found[0], cost_usd="0.01"),
        job(OTHER, {"variables": ["a"], "batch_size_days": 30}, headline=found[1], memory_mib=2048),
    ]

    rows = [line.split() for line in typed("diff", ONE, OTHER).stdout.splitlines()]

    assert ["variables", "a,", "b", "a"] in rows
    assert ["memory_mib", "-", "2048"] in rows
    assert ["trust", "0.75", "0.5"] in rows
    assert not [row for row in rows if row and row[0] == "batch_size_days"]


def test_should_say_so_where_nothing_differs(api):
    api.answers = [job(ONE, {"variables": ["a"]}), job(OTHER, {"variables": ["a"]})]

    assert typed("diff", ONE, OTHER).stdout.startswith("Both jobs have the same request")


def test_should_give_programs_both_values(api):
    api.answers = [job(ONE, {"vcpus": 2}), job(OTHER, {})]

    told = json.loads(typed("diff", ONE, OTHER, "--json").stdout)

    assert told["jobs"] == [ONE, OTHER]
    assert told["settings"] == {"vcpus": [2, None]}


@pytest.mark.parametrize("words", [(), ("status",), ("queue", "redrive"), ("local", "up")])
def test_should_help_with_h_as_with_help(words):
    short, long = typed(*words, "-h"), typed(*words, "--help")

    assert short.exit_code == 0
    assert short.stdout == long.stdout


def test_should_tell_its_version():
    assert typed("--version").stdout.startswith("pulse 0.")
