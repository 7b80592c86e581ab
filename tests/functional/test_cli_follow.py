"""`pulse list`, `status`, `logs` and `watch`, and the replaced script's door to them, against the API."""

import json
import os
import subprocess
import sys
from io import StringIO

import pytest
from recursive_training.aws_batch_submit_status import known_as
from rich.console import Console
from typer.testing import CliRunner

from pulse.cli import output
from pulse.cli.client import follow
from pulse.cli.commands.list import COLUMNS
from pulse.cli.main import app
from tests.functional.cli_server import JOB_ID, connected
from tests.own_packages import with_own_packages

JOB = JOB_ID.format(7)
NO_LOG = (404, {"title": "There is no such job", "detail": f"Job {JOB} has no log here: it is RUNNABLE."})

OLD_DOOR = ["-m", "recursive_training.aws_batch_submit_status"]


def run(words, folder):
    return subprocess.run(
        [sys.executable, *words],
        env=with_own_packages(os.environ),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def told(status, **more):
    return 200, {"job_id": JOB, "status": status, "created_at": "2026-03-02T09:30:00Z"} | more


def change(status, minute, attempts=0):
    return {"status": status, "attempts": attempts, "at": f"2026-03-02T09:{minute}:00Z"}


def page(*texts, then=None):
    return 200, {"lines": [{"at": "2026-03-02T09:31:05Z", "text": text} for text in texts], "next": then}


RUNNABLE = [change("SUBMITTED", 30), change("RUNNABLE", 31)]
FAILED = [*RUNNABLE, change("RUNNING", 33), change("FAILED", 38, 2)]
ENDED = told(
    "FAILED",
    changes=FAILED,
    attempts=2,
    started_at="2026-03-02T09:33:00Z",
    waited_seconds=180.0,
    ran_seconds=300.0,
    cost_usd="0.0123",
    vcpus=2,
    memory_mib=4096,
    exit_code=137,
    attempts_log=[
        {"reason": "Host EC2 (instance i-1) terminated."},
        {"exit_code": 137, "ran_seconds": 120.0},
    ],
    diagnosis={
        "cause": "out-of-memory",
        "explanation": "It needed more memory than it had.",
        "advice": "Give it more memory.",
        "retry_helps": False,
    },
    links={"job": "https://console.example/job"},
)


@pytest.fixture
def api(monkeypatch, tmp_path):
    monkeypatch.setattr(follow, "SHORTEST_PAUSE_SECONDS", 0.01)
    with connected(monkeypatch, tmp_path) as api:
        yield api


def typed(*words):
    return CliRunner().invoke(app, words)


def test_should_list_jobs_as_a_table(api):
    job = told("SUCCEEDED", profile="small", dataset="datasets/\u202ea.csv", ran_seconds=125)[1]
    api.answers = [(200, {"jobs": [job], "next": "abc"})]

    ended = typed("list", "--status", "SUCCEEDED", "--limit", "1")

    assert ended.exit_code == 0, ended.stderr
    assert api.calls[0].path == "/jobs?status=SUCCEEDED&limit=1"
    assert "\u202e" not in ended.stdout
    assert "There are more" in ended.stderr


def test_should_list_jobs_as_the_apis_json(api):
    content = {"jobs": [told("RUNNING")[1]], "next": None}
    api.answers = [(200, content)]
    assert json.loads(typed("list", "--dataset", "datasets/a b.csv", "--json").stdout) == content
    assert api.calls[0].path == "/jobs?dataset=datasets%2Fa%20b.csv&limit=20"


def test_should_list_as_many_jobs_as_asked_for_page_by_page(api):
    pages = [{"jobs": [told("RUNNING")[1]] * count, "next": then} for count, then in ((100, "a"), (50, "b"))]
    api.answers = [(200, page) for page in pages]

    ended = typed("list", "--day", "2026-03-02", "--limit", "150", "--json")

    assert [call.path.partition("?")[2] for call in api.calls] == [
        "day=2026-03-02&limit=100",
        "day=2026-03-02&limit=50&next=a",
    ]
    assert json.loads(ended.stdout) == {"jobs": pages[0]["jobs"] + pages[1]["jobs"], "next": "b"}


@pytest.mark.parametrize(
    ("width", "shown", "gone"),
    [
        (80, "2026-03-02 09:30 $0.0123", {"result", "ran", "profile", "data set"}),
        (100, "2026-03-02 09:30 4 min $0.0123 small", {"result", "data set"}),
        (140, "2026-03-02 09:30 4 min $0.0123 small datasets/market_daily.csv", set()),
    ],
)
def test_should_drop_columns_rather_than_cut_them_in_a_narrow_terminal(api, monkeypatch, width, shown, gone):
    foreign = "4c7599ae-0a82-49aa-ba5a-4727fcce14a8"
    facts = {"ran_seconds": 240.0, "cost_usd": "0.0123", "profile": "small"}
    job = told("SUCCEEDED", job_id=foreign, foreign=True, dataset="datasets/market_daily.csv", **facts)[1]
    api.answers = [(200, {"jobs": [job], "next": None})]
    screen = StringIO()
    console = Console(file=screen, force_terminal=True, width=width, color_system=None)
    monkeypatch.setattr(output, "data", console)

    ended = typed("list")

    assert ended.exit_code == 0
    hidden = ", ".join(column for column in COLUMNS if column in gone - {"result"})
    assert (f"No room for {hidden}:" in ended.stderr) == bool(hidden)
    lines = screen.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    words = screen.getvalue().split()
    words.remove("foreign")
    assert " ".join(words).endswith(f"{foreign} SUCCEEDED, {shown}")
    assert {column for column in COLUMNS if column not in lines[0]} == gone


def test_should_tell_what_the_api_refuses_in_a_list(api):
    fault = {"field": "day", "allowed": "a day", "found": "'soon'"}
    api.answers = [(400, {"title": "The call cannot be read", "errors": [fault]})]

    ended = typed("list", "--day", "soon")

    assert ended.exit_code == 4
    assert "'soon'" in ended.stderr


def test_should_tell_the_story_of_a_failed_job(api):
    api.answers = [ENDED]

    ended = typed("status", JOB)

    assert ended.exit_code == 5
    for words in (
        *("out of memory", "It needed more memory than it had.", "Give it more memory.", "2 vCPU, 4096 MiB"),
        *("$0.0123", "waited", "3 min", "2026-03-02T09:33:00Z", "RUNNABLE", "Host EC2", "2 min"),
        "https://console.example/job",
    ):
        assert words in ended.stdout


def test_should_print_a_whole_log(api):
    api.answers = [page("one", then="a"), page("[red]two", then="b"), page()]

    ended = typed("logs", JOB)

    assert ended.exit_code == 0, ended.stderr
    assert ended.stdout == "2026-03-02T09:31:05Z  one\n2026-03-02T09:31:05Z  [red]two\n"
    assert [call.path.partition("?")[2] for call in api.calls] == ["", "next=a", "next=b"]


def test_should_print_a_log_as_an_object_a_line(api):
    api.answers = [page("one", "two")]
    lines = typed("logs", JOB, "--json").stdout.splitlines()
    assert [json.loads(line)["text"] for line in lines] == ["one", "two"]


def test_should_say_that_there_is_no_log(api):
    api.answers = [NO_LOG]
    ended = typed("logs", JOB)
    assert ended.exit_code == 3
    assert "it is RUNNABLE" in ended.stderr


def test_should_follow_a_log_from_before_its_beginning_to_the_jobs_end(api):
    api.answers = [
        *(told("RUNNABLE"), NO_LOG),
        *(told("RUNNING"), page("one", then="a"), page()),
        *(told("RUNNING"), page("two", then="b"), page()),
        *(told("SUCCEEDED"), page("three")),
    ]

    ended = typed("logs", JOB, "--follow")

    assert ended.exit_code == 0, ended.stderr
    assert [line.split()[-1] for line in ended.stdout.splitlines()] == ["one", "two", "three"]
    assert api.calls[-1].path.endswith("/logs?next=b")


def test_should_watch_each_state_and_line_once_and_exit_by_the_outcome(api):
    api.answers = [
        *(told("RUNNABLE", changes=RUNNABLE), NO_LOG),
        *(told("RUNNABLE", changes=RUNNABLE), NO_LOG),
        *(told("RUNNING", changes=FAILED[:-1]), page("one", then="a"), page()),
        *(ENDED, page("two")),
    ]

    ended = typed("watch", JOB)

    assert ended.exit_code == 5
    states = [line.split()[1] for line in ended.stderr.splitlines()]
    assert states == ["SUBMITTED", "RUNNABLE", "RUNNING", "FAILED"]
    assert (ended.stdout.count("  one\n"), ended.stdout.count("  two\n")) == (1, 1)
    assert "Give it more memory." in ended.stdout


@pytest.mark.parametrize(
    "words",
    [
        ["-m", "pulse.cli", "watch", JOB, "--no-log"],
        ["-m", "pulse.cli", "status", JOB],
        [*OLD_DOOR, "--job-id", JOB, "--monitor"],
        [*OLD_DOOR, "--job-id", JOB],
    ],
)
def test_should_exit_as_failed_when_the_results_of_an_array_could_not_be_put_together(api, tmp_path, words):
    merge = JOB_ID.format(8)
    why = {"cause": "exit-code", "explanation": "A shard was missing."}
    api.answers = [
        told("SUCCEEDED", follower=merge, results="s3://pulse-results/x/"),
        told("FAILED", job_id=merge, diagnosis=why),
    ]

    ended = run(words, tmp_path)

    assert ended.returncode == 5, ended.stderr
    assert [call.path for call in api.calls] == [f"/jobs/{JOB}", f"/jobs/{merge}"]
    assert f"{merge} FAILED" in ended.stdout
    assert "A shard was missing." in ended.stdout
    assert "s3://" not in ended.stdout


WARNED = {"warnings": ["price: -999 stands\u202e 24 times.", "[red]volume is bad."], "warnings_count": 37}


@pytest.mark.parametrize("verb", ["status", "watch"])
@pytest.mark.parametrize("follower", ["", JOB_ID.format(8)])
def test_should_tell_first_what_a_run_says_must_be_read_first(api, verb, follower):
    last = [told("SUCCEEDED", job_id=follower, **WARNED)] if follower else []
    api.answers = [told("SUCCEEDED", **({"follower": follower} if follower else WARNED)), *last]

    ended = typed(verb, JOB, *(["--no-log"] if verb == "watch" else []))

    assert ended.exit_code == 0, ended.stderr
    assert [line.split(maxsplit=3) for line in ended.stdout.splitlines()[:1]] == [
        [JOB, "SUCCEEDED,", "37", "warnings"]
    ]
    assert [" ".join(line.split()) for line in ended.stdout.splitlines()[1:4]] == [
        r"read this first price: -999 stands\u202e 24 times.",
        "[red]volume is bad.",
        "and 35 more in the report",
    ]


FOUND = [{"name": "trust", "value": 0.75, "before": 0.5}, {"name": "skill", "value": -0.25}]


@pytest.mark.parametrize("verb", ["status", "watch"])
def test_should_tell_what_a_run_found(api, verb):
    api.answers = [told("SUCCEEDED", headline=FOUND)]

    ended = typed(verb, JOB, *(["--no-log"] if verb == "watch" else []))

    assert "result trust 0.75 (+0.25), skill -0.25" in [
        " ".join(line.split()) for line in ended.stdout.splitlines()
    ]


def test_should_tell_that_the_results_of_an_array_are_still_put_together(api):
    merge = JOB_ID.format(8)
    api.answers = [told("SUCCEEDED", follower=merge), told("RUNNING", job_id=merge)]

    ended = typed("status", JOB)

    assert ended.exit_code == 0
    assert f"{merge} RUNNING" in ended.stdout


def test_should_print_the_log_of_an_arrays_child(api):
    api.answers = [page("one", then="a"), page()]

    ended = typed("logs", JOB, "--child", "3")

    assert ended.stdout.endswith("  one\n")
    assert [call.path.partition("?")[2] for call in api.calls] == ["child=3", "child=3&next=a"]


def test_should_exit_well_when_the_watched_job_ended_well(api):
    assert typed("watch", JOB, "--no-log").exit_code == 0
    assert [call.path for call in api.calls] == [f"/jobs/{JOB}"]


@pytest.mark.parametrize("verb", ["watch", "logs"])
def test_should_end_when_there_is_no_such_job(api, verb):
    api.answers = [(404, {"title": "There is no such job"})]
    assert typed(verb, JOB).exit_code == 3


@pytest.mark.parametrize(
    ("words", "paths"),
    [
        ([], [""]),
        (["--show-logs"], ["", "/logs"]),
        (["--monitor"], [""]),
        (["--monitor", "--show-logs"], ["", "/logs"]),
    ],
)
def test_should_open_the_replaced_scripts_door(api, tmp_path, words, paths):
    api.answers = [ENDED, page("one")]
    ended = run([*OLD_DOOR, "--job-id", JOB, *words], tmp_path)

    assert ended.returncode == 5, ended.stderr
    assert [call.path for call in api.calls] == [f"/jobs/{JOB}{path}" for path in paths]
    assert ("  one\n" in ended.stdout) is ("--show-logs" in words)


@pytest.mark.parametrize(
    ("file", "asked"),
    [
        ({"job_id": "4c7599ae", "pulse_job_id": JOB}, JOB),
        ({"job_id": "another", "pulse_job_id": JOB}, "4c7599ae"),
        ({"job_id": "4c7599ae"}, "4c7599ae"),
        (["4c7599ae"], "4c7599ae"),
    ],
)
def test_should_know_the_job_by_the_details_that_the_submission_left(tmp_path, file, asked):
    (tmp_path / "batch_job_20260302093000.json").write_text(json.dumps(file))
    (tmp_path / "batch_job_20260302093001.json").write_text("{")
    assert known_as("4c7599ae", tmp_path) == asked
