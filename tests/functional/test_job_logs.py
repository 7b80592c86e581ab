"""GET /jobs/{id}/logs: what the training logged, in pages and without secrets."""

from datetime import UTC, datetime, timedelta

import boto3
import pytest

from pulse.domain.job.child import Child
from pulse.domain.job.event import Attempt
from pulse.domain.job.record import JobRecord
from tests.functional.api import Api
from tests.functional.conftest import START

GROUP = "/pulse/training"
AT = datetime.now(UTC).replace(microsecond=0)
"""CloudWatch takes nothing that is older than 14 days."""


@pytest.fixture
def api(deployed, context) -> Api:
    return Api(context)


@pytest.fixture
def written(aws):
    """Writes lines, a second apart, to a stream of the training's log group."""
    logs = boto3.client("logs")
    logs.create_log_group(logGroupName=GROUP)

    def write(stream, *lines, first=0):
        if not first:
            logs.create_log_stream(logGroupName=GROUP, logStreamName=stream)
        events = [
            {"timestamp": 1000 * (int(AT.timestamp()) + number), "message": line}
            for number, line in enumerate(lines, first)
        ]
        logs.put_log_events(logGroupName=GROUP, logStreamName=stream, logEvents=events)

    return write


@pytest.fixture
def known(ledger, table):
    def write(job_id="a", **more):
        fields = {"status": "RUNNING", "log_group": GROUP, "log_stream": "training/1"} | more
        assert ledger.create(JobRecord(job_id=job_id, created_at=START, **fields))

    return write


def texts(answer):
    assert answer.status == 200, answer.content
    return [line["text"] for line in answer.content["lines"]]


def all_of(api, **query):
    """Every line, by following `next`, and the last token."""
    found, last = [], None
    while True:
        answer = api("GET /jobs/a/logs", **query, **({"next": last} if last else {}))
        found += texts(answer)
        if answer.content["next"] is None:
            return found, last
        last = answer.content["next"]


def test_should_tell_the_lines_with_their_times(api, known, written):
    known()
    written("training/1", "reading", "done")
    assert api("GET /jobs/a/logs").content["lines"] == [
        {"at": f"{AT:%Y-%m-%dT%H:%M:%SZ}", "text": "reading"},
        {"at": f"{AT + timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}", "text": "done"},
    ]


@pytest.mark.parametrize("limit", ["1", "3", "1000"])
def test_should_tell_each_line_once_whatever_a_page_holds(api, known, written, limit):
    known()
    lines = [f"line {number}" for number in range(7)]
    written("training/1", *lines)
    assert all_of(api, limit=limit)[0] == lines


def test_should_tell_what_was_written_after_the_end_was_reached(api, known, written):
    known()
    written("training/1", "first")
    found, last = all_of(api)
    written("training/1", "second", first=1)
    assert found == ["first"]
    assert texts(api("GET /jobs/a/logs", next=last)) == ["second"]


def test_should_tell_the_attempts_one_after_the_other(api, known, written):
    known(tries=(Attempt(log_stream="training/gone"), Attempt(log_stream="training/0")))
    written("training/0", "reclaimed")
    written("training/1", "again")
    assert all_of(api)[0] == ["reclaimed", "again"]


def test_should_tell_no_secret_and_nothing_that_is_not_printable(api, known, written):
    known()
    written("training/1", "password=hunter2", "\u202eevil\x1b[2J", "a word " * 500)
    password, evil, long = texts(api("GET /jobs/a/logs"))
    assert "hunter2" not in password
    assert evil.isprintable()
    assert len(long) == 2000


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"status": "RUNNABLE", "log_stream": ""}, "RUNNABLE"),
        ({}, "not written yet"),
        (
            {"log_group": "/aws/lambda/secret"},
            "--log-group-name /aws/lambda/secret --log-stream-name training/1",
        ),
        ({"log_group": "/aws/batch/job"}, "which Pulse may not read"),
        ({"log_group": ""}, "no event said to which log group it writes"),
        ({"log_group": "", "log_stream": "", "tries": (Attempt(log_stream="training/1"),)}, "no event said"),
    ],
)
def test_should_say_why_there_is_no_log(api, known, written, more, why):
    if "log_group" in more:
        written("training/1", "of another job, in a stream of the same name")
    known(**more)
    status, problem, _ = api("GET /jobs/a/logs")
    assert status == 404
    assert why in problem["detail"]


def test_should_answer_not_found_for_a_job_that_is_none(api):
    assert api("GET /jobs/a/logs").status == 404


def test_should_refuse_a_token_of_another_jobs_log(api, known, written):
    known()
    known("b", log_stream="training/2")
    written("training/1", "mine", "mine")
    written("training/2", "theirs", "theirs")
    theirs = api("GET /jobs/b/logs", limit="1").content["next"]
    status, problem, _ = api("GET /jobs/a/logs", next=theirs)
    assert (status, problem["errors"][0]["field"]) == (400, "next")


def test_should_tell_the_log_of_an_arrays_child(api, ledger, known, written):
    known(array_size=3, status="PENDING", log_stream="")
    ledger.note_child("a", Child(index=2, status="FAILED", log_stream="training/2"), now=START)
    written("training/2", "one", "two")
    first = api("GET /jobs/a/logs", child="2", limit="1")
    assert texts(first) == ["one"]
    assert texts(api("GET /jobs/a/logs", child="2", next=first.content["next"])) == ["two"]


@pytest.mark.parametrize(
    ("child", "more", "why"),
    [
        ("1", {"array_size": 3}, "of its 3 children none with the index 1 has ended"),
        ("2", {"array_size": 3}, "its child 2 never started"),
        ("2", {}, "it is no array"),
        (None, {"array_size": 3}, "pulse logs a --child INDEX"),
    ],
)
@pytest.mark.usefixtures("written")
def test_should_say_why_an_array_or_its_child_has_no_log(api, ledger, child, more, why):
    ledger.create(JobRecord(job_id="a", created_at=START, status="RUNNING", **more))
    ledger.note_child("a", Child(index=2, status="FAILED"), now=START)
    status, problem, _ = api("GET /jobs/a/logs", **({"child": child} if child else {}))
    assert status == 404
    assert why in problem["detail"]


@pytest.mark.parametrize(
    "query",
    [
        {"child": "x"},
        {"child": "10000"},
        {"child": ""},
        {"limit": "1001"},
        {"limit": "x"},
        {"next": "x"},
        {"next": ""},
    ],
)
def test_should_refuse_what_is_not_allowed(api, known, query):
    known()
    status, problem, _ = api("GET /jobs/a/logs", **query)
    assert (status, [error["field"] for error in problem["errors"]]) == (400, list(query))
