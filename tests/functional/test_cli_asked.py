"""`pulse cost`, `queue` and `explain`, against the API on loopback."""

import json

import msgspec
import pytest
from typer.testing import CliRunner

from pulse.cli.main import app
from pulse.domain.diagnosis.children import Failures
from tests.functional.cli_server import JOB_ID, connected

JOB, OTHER = JOB_ID.format(7), JOB_ID.format(8)
COSTS = {
    "month": "2026-03",
    "by": "profile",
    "spent_usd": "8.2",
    "jobs": 1201,
    "reserved_usd": "1.5",
    "budget_usd": "10",
    "percent": 82.0,
    "groups": [
        {"name": "sm\u202eall", "usd": "6.15", "jobs": 1200},
        {"name": "", "usd": "2.05", "jobs": 1},
    ],
    "others": None,
}
USUAL = {
    "runs": 12,
    "ran_median_seconds": 240.0,
    "ran_p95_seconds": 600.0,
    "waited_median_seconds": 20.0,
    "waited_p95_seconds": 62.0,
    "cost_median_usd": "0.01",
}
QUEUE = {
    "name": "fifo",
    "jobs": {"RUNNABLE": 2, "RUNNING": 1},
    "front": [
        {"position": 1, "since": "2026-03-02T09:31:00Z", "batch_job_id": "aws-8:3"},
        {
            "position": 2,
            "since": "2026-03-02T09:31:00Z",
            "batch_job_id": "aws-7:2",
            "job_id": JOB,
            "profile": "small",
            "created_at": "2026-03-02T09:30:00Z",
            "blocked_reason": "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - too large",
        },
    ],
    "in_use": [
        {"unit": "VCPU", "quantity": 6.0},
        {"unit": "VCPU", "quantity": 4.5, "share": "team1"},
    ],
    "usual": {"small": USUAL},
}


@pytest.fixture
def api(monkeypatch, tmp_path):
    with connected(monkeypatch, tmp_path) as api:
        yield api


def typed(*words):
    return CliRunner().invoke(app, words)


def job(status, **more):
    return 200, {
        "job_id": JOB,
        "status": status,
        "created_at": "2026-03-02T09:30:00Z",
        "queue": "fifo",
        "profile": "small",
    } | more


def said(ended):
    assert ended.exit_code == 0, ended.stderr
    return " ".join(ended.stdout.split())


def test_should_show_costs_with_bars_and_the_budget(api):
    api.answers = [(200, COSTS)]
    told = said(typed("cost"))
    assert api.calls[0].path == "/costs?by=profile"
    assert "\u202e" not in told
    for words in (
        *("1,200 $6.15 ███████████████ none 1 $2.05 █████ ",),
        "2026-03: $8.20 for 1,201 jobs, 82.0 % of the budget of $10.00",
        "may cost up to $1.50 more",
    ):
        assert words in told


def test_should_ask_for_a_month_and_a_tag(api):
    api.answers = [(200, COSTS | {"groups": [], "budget_usd": None, "percent": None, "reserved_usd": "0"})]
    ended = typed("cost", "--month", "2026-02", "--by", "tag:Cost Centre")
    assert api.calls[0].path == "/costs?by=tag%3ACost%20Centre&month=2026-02"
    assert "no budget" in said(ended)
    assert "up to" not in ended.stdout
    assert "No job that was asked for in 2026-03" in ended.stderr


def test_should_print_costs_as_the_apis_json(api):
    api.answers = [(200, COSTS)]
    assert json.loads(typed("cost", "--json").stdout) == COSTS


def test_should_show_the_queues_and_who_is_next(api):
    api.answers = [(200, {"queues": [QUEUE]})]
    told = said(typed("queue"))
    assert api.calls[0].path == "/queue"
    for words in (
        *("2 RUNNABLE, 1 RUNNING", "6 vCPU (team1 4.5 vCPU)", "aws-8:3", f"{JOB}:2"),
        "small 20 s; 95 of 100 jobs at most 1 min 2 s (12 runs)",
        "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT",
    ):
        assert words in told


@pytest.mark.parametrize(("in_use", "words"), [(None, "not known"), ([], "nothing")])
def test_should_tell_what_is_not_known_from_nothing(api, in_use, words):
    api.answers = [(200, {"queues": [QUEUE | {"in_use": in_use}]})]
    assert words in said(typed("queue"))


@pytest.mark.parametrize("words", [["fifo"], ["show", "fifo"], ["fifo", "--json"], ["--json", "fifo"]])
def test_should_show_the_queue_that_is_named(api, words):
    api.answers = [(200, {"queues": [QUEUE]})]
    assert typed("queue", *words).exit_code == 0
    assert api.calls[0].path == "/queue?queue=fifo"


def test_should_show_no_more_of_the_front_than_asked_for(api):
    api.answers = [(200, {"queues": [QUEUE]})]
    ended = typed("queue", "--limit", "1")
    assert JOB not in ended.stdout
    assert "1 more" in ended.stderr


def test_should_tell_of_a_queue_that_is_none(api):
    fault = {"field": "queue", "allowed": "one of fair, fifo", "found": "'x'"}
    api.answers = [(400, {"title": "The call cannot be read", "errors": [fault]})]
    ended = typed("queue", "x")
    assert ended.exit_code == 4
    assert "one of fair, fifo" in ended.stderr


def test_should_name_the_commands_in_the_help_of_queue(api):
    told = said(typed("queue", "--help"))
    assert "redrive" in told
    assert "show" in told
    assert api.calls == []


def test_should_explain_why_a_job_waits(api):
    api.answers = [job("RUNNABLE"), (200, {"queues": [QUEUE]})]
    told = said(typed("explain", JOB))
    assert [call.path for call in api.calls] == [f"/jobs/{JOB}", "/queue?queue=fifo"]
    for words in (
        "has been number 2 in the queue fifo for",
        "Jobs of the profile small usually wait 20 s; 95 of 100 jobs at most 1 min 2 s (12 runs).",
        "Nothing has to be done. It starts when jobs that run now end.",
    ):
        assert words in told


def test_should_explain_what_blocks_a_job_and_what_helps(api):
    blocked = {"cause": "too-large", "explanation": "No place is so large.", "advice": "Ask for less."}
    api.answers = [job("RUNNABLE", blocked=blocked), (200, {"queues": [QUEUE]})]
    told = said(typed("explain", JOB))
    assert "No place is so large. What helps Ask for less." in told
    assert "Nothing has to be done" not in told


@pytest.mark.parametrize(
    ("front", "expected"),
    [
        ([], "does not list it"),
        ([{"position": n, "since": "2026-03-02T09:31:00Z", "batch_job_id": str(n)} for n in range(1, 101)],
         "not among the next 100"),
    ],
)  # fmt: skip
def test_should_explain_a_position_that_is_not_known(api, front, expected):
    api.answers = [job("RUNNABLE"), (200, {"queues": [QUEUE | {"front": front}]})]
    assert expected in said(typed("explain", JOB))


@pytest.mark.parametrize("position", [2, 101])
def test_should_explain_that_the_head_of_the_queue_is_blocked(api, position):
    head = {"position": 1, "since": "2026-03-02T09:31:00Z", "batch_job_id": "aws-8", "job_id": OTHER}
    blocked = head | {"blocked_reason": "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - too large"}
    front = [blocked, *(QUEUE["front"][1:] if position == 2 else [head] * 99)]
    api.answers = [job("RUNNABLE"), (200, {"queues": [QUEUE | {"front": front}]})]
    told = said(typed("explain", JOB))
    assert f"It stands behind job {OTHER}, which AWS Batch cannot start." in told
    assert f"pulse explain {OTHER}" in told
    assert "Nothing has to be done" not in told


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"foreign": True}, "Only the client that submitted it knows its request."),
        ({"follows": OTHER}, f"may end well: pulse rerun {OTHER}"),
        ({}, f"may end well: pulse rerun {JOB}"),
    ],
)
def test_should_offer_the_rerun_that_is_possible(api, more, expected):
    api.answers = [job("FAILED", diagnosis={"retry_helps": True}, **more)]
    if "follows" in more:
        api.answers.append((200, {"job_id": OTHER, "status": "SUCCEEDED"}))
    told = said(typed("explain", JOB))
    assert expected in told
    assert told.count("pulse rerun") == ("foreign" not in more)


def test_should_name_the_rerun_of_a_job_that_ran_out_of_memory(api):
    diagnosis = {"explanation": "It needed more memory.", "advice": "Submit it again with more memory_mib."}
    api.answers = [job("FAILED", rerun=OTHER, diagnosis=diagnosis)] * 2
    told = said(typed("explain", JOB))
    assert f"Pulse has submitted it again, with what it lacked: pulse status {OTHER}" in told
    story = typed("status", JOB).stdout
    assert f"again as {OTHER}" in " ".join(story.split())
    assert "Submit it again" not in told + story


FAILURES = {"count": 2, "of": 5, "indexes": [1, 3], "cause": "out-of-memory", "with_cause": 2}


@pytest.mark.parametrize("verb", ["explain", "status"])
@pytest.mark.parametrize("status", ["FAILED", "PENDING"])
def test_should_tell_which_children_of_an_array_failed_and_why(api, verb, status):
    api.answers = [job(status, array_size=5, children={"FAILED": 2}, failures=FAILURES)]
    told = " ".join(typed(verb, JOB).stdout.split())
    assert str(msgspec.convert(FAILURES, Failures)) in told
    if verb == "status" or status == "FAILED":
        assert f"pulse logs {JOB} --child 1" in told


def test_should_explain_that_the_results_of_an_array_could_not_be_put_together(api):
    diagnosis = {"explanation": "A shard was missing.", "retry_helps": True, "log_lines": ["no such key"]}
    api.answers = [
        job("SUCCEEDED", array_size=5, follower=OTHER),
        (200, {"job_id": OTHER, "status": "FAILED", "follows": JOB, "diagnosis": diagnosis}),
    ]
    told = said(typed("explain", JOB))
    for words in (
        f"Job {OTHER}, which puts its results together, is FAILED. A shard was missing.",
        *(f"may end well: pulse rerun {JOB}", "no such key"),
    ):
        assert words in told


def test_should_explain_what_a_run_says_must_be_read_first(api):
    warned = {"warnings": ["price is bad.", "volume is bad."], "warnings_count": 2}
    api.answers = [job("SUCCEEDED", **warned)]
    assert "Read this first: price is bad. volume is bad." in said(typed("explain", JOB))


def test_should_say_that_another_client_submitted_a_job(api):
    api.answers = [
        job("RUNNING", foreign=True),
        (200, {"jobs": [job("RUNNING", foreign=True)[1]], "next": None}),
    ]
    assert "submitted by another client" in said(typed("status", JOB))
    assert "RUNNING, foreign" in said(typed("list"))


def test_should_explain_which_jobs_are_waited_for(api):
    request = {"depends_on": [OTHER, {"type": "SEQUENTIAL"}, {"type": "N_TO_N", "job_id": "gone"}]}
    api.answers = [
        job("PENDING", request=request),
        (200, {"job_id": OTHER, "status": "RUNNING"}),
        (404, {"title": "There is no such job"}),
    ]
    told = said(typed("explain", JOB))
    assert f"waits for the end of job {OTHER}, which is RUNNING" in told
    assert "job gone, unknown to the ledger" in told


def test_should_explain_an_array_by_its_children(api):
    api.answers = [job("PENDING", array_size=5, children={"RUNNABLE": 3, "RUNNING": 2})]
    assert "its children: 3 RUNNABLE, 2 RUNNING." in said(typed("explain", JOB))


def test_should_explain_a_failure_with_its_log_and_whether_again_helps(api):
    diagnosis = {
        "cause": "spot-reclaimed",
        "explanation": "AWS took the capacity back.",
        "advice": "Nothing.",
        "retry_helps": True,
        "log_lines": ["training", "[red]\u202egone"],
    }
    api.answers = [job("FAILED", diagnosis=diagnosis)]
    ended = typed("explain", JOB)
    told = said(ended)
    for words in ("AWS took the capacity back.", f"may end well: pulse rerun {JOB}", "training", "[red]"):
        assert words in told
    assert "\u202e" not in told


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("RELEASED", "AWS Batch did not take it"),
        ("CLAIMED", "being submitted"),
        ("SUBMITTED", "takes seconds"),
        ("STARTING", "pulls its image"),
        ("RUNNING", "Earlier runs like it usually run 4 min"),
        ("SUCCEEDED", "ended well"),
        ("NEW_WORD", "Nothing more is known"),
    ],
)
def test_should_have_words_for_every_state(api, status, expected):
    api.answers = [job(status, usual=USUAL, started_at="2026-03-02T09:31:00Z")]
    assert expected in said(typed("explain", JOB))


def test_should_explain_as_json(api):
    api.answers = [job("RUNNING", due_at="2026-03-02T10:00:00Z")]
    told = json.loads(typed("explain", JOB, "--json").stdout)
    assert (told["job_id"], told["status"]) == (JOB, "RUNNING")
    assert "It is overdue." in told["why"]
    assert told["helps"] == [f"See what it logs: pulse logs {JOB} --follow"]


def test_should_say_that_there_is_no_such_job(api):
    api.answers = [(404, {"title": "There is no such job"})]
    assert typed("explain", JOB).exit_code == 3


def test_should_tell_what_is_usual_what_was_quoted_and_what_blocks_a_job_in_its_story(api):
    blocked = {"cause": "too-large", "explanation": "No place is so large.", "advice": "Ask for less."}
    story = job(
        "RUNNABLE", usual=USUAL, quoted_usd="0.02", cost_usd="0.01", ran_seconds=300.0, blocked=blocked
    )
    api.answers = [story]
    told = said(typed("status", JOB))
    for words in (
        *("blocked by too large", "Ask for less.", "$0.0100, quoted $0.0200"),
        "ran 5 min; usually 4 min; 95 of 100 jobs at most 10 min (12 runs)",
    ):
        assert words in told


def test_should_list_by_tag_and_mark_what_is_blocked(api):
    api.answers = [(200, {"jobs": [job("RUNNABLE", blocked_reason="CAPACITY:X")[1]], "next": None})]
    told = said(typed("list", "--tag", "Team=a b"))
    assert api.calls[0].path == "/jobs?tag=Team%3Da%20b&limit=20"
    assert "RUNNABLE, blocked" in told
