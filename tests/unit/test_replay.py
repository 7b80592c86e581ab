import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import msgspec
import pytest

from pulse.api.answers.jobs import story
from pulse.cli.local import recording
from pulse.domain.console import Console
from pulse.domain.validation import InvalidInput

# ruff: noqa: S311 - to be repeatable is the point

RECORDING = (Path(__file__).parents[2] / "samples" / "events" / "jobs.jsonl").read_text()
QUEUE = "arn:aws:batch:us-east-1:123456789012:job-queue/q"
NOW = datetime(2026, 3, 2, tzinfo=UTC)
YEARS_LATER = datetime(2028, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)


@pytest.fixture
def events():
    return recording.renamed(recording.read(RECORDING), run="r", queue_arn=QUEUE)


def test_should_know_how_each_recorded_job_ended(events):
    jobs = recording.jobs(events, now=NOW)
    ends = sorted(job.in_order.record.status for job in jobs)
    assert ends == ["FAILED", *["SUCCEEDED"] * 6]
    assert sum(job.events for job in jobs) == len(events)


def test_should_find_no_difference_to_what_the_events_say_in_order(events):
    for job in recording.jobs(events, now=NOW):
        assert job.differences(told_of(job)) == {}


@pytest.mark.parametrize("field", ["exit_code", "changes", "attempts_log", "log_stream", "stopped_at"])
def test_should_name_what_differs(events, field):
    failed = next(job for job in recording.jobs(events, now=NOW) if job.in_order.record.status == "FAILED")
    told = told_of(failed)
    right = told.pop(field)
    assert failed.differences(told) == {field: (None, right)}


def test_should_know_which_children_of_an_array_failed(events):
    for event in events:
        if event["detail"]["jobId"].endswith(":1") and event["detail"]["status"] == "SUCCEEDED":
            event["detail"] |= {"status": "FAILED", "statusReason": "Host EC2 (instance i-1) terminated."}
        elif event["detail"].get("arrayProperties", {}).get("statusSummary", {}).get("SUCCEEDED"):
            event["detail"]["status"] = "FAILED"
            event["detail"]["arrayProperties"]["statusSummary"] = {"SUCCEEDED": 1, "FAILED": 1}
    array = next(job for job in recording.jobs(events, now=NOW) if job.in_order.record.array_size)
    assert array.in_order.failed.indexes == (1,)
    assert array.in_order.record.has_started
    assert set(array.differences(told_of(array) | {"failures": None})) == {"failures"}


def told_of(job):
    return msgspec.json.decode(msgspec.json.encode(story(job.in_order, Console(region="us-east-1"))))


def test_should_tell_each_job_under_a_new_name_in_our_queue(events):
    again = recording.renamed(recording.read(RECORDING), run="s", queue_arn=QUEUE)
    names = [{event["detail"]["jobId"].partition(":")[0] for event in told} for told in (events, again)]
    assert len(names[0]) == len(names[1]) == 7
    assert not names[0] & names[1]
    assert {event["detail"]["jobQueue"] for event in events} == {QUEUE}


def test_should_let_the_last_event_of_a_recording_happen_now():
    told = recording.read(RECORDING)
    age = recording.age(told, now=YEARS_LATER)
    events = recording.moved(told, age)
    assert age == timedelta(days=463, hours=7, minutes=55, seconds=18)
    assert [event["time"] for event in (events[0], events[-1])] == [
        "2028-03-01T11:59:42Z",
        "2028-03-01T11:59:59Z",
    ]
    assert timedelta() <= recording.age(events, now=YEARS_LATER) < timedelta(seconds=1)


def test_should_move_every_time_of_an_event_and_nothing_else():
    detail = {
        "jobId": "a",
        "status": "RUNNING",
        "createdAt": 1_795_493_064_368,
        "startedAt": 0,
        "isTerminated": False,
        "attempts": [{"startedAt": 1_795_493_064_400, "container": {"exitCode": 1, "reason": "at"}}],
        "arrayProperties": {"size": 2, "statusSummaryLastUpdatedAt": 1_795_493_064_500},
        "tags": {"createdAt": "1795493064368"},
        "timeout": {"attemptDurationSeconds": 3600},
    }
    (moved,) = recording.moved(
        [{"time": "2026-11-24T04:04:24Z", "detail": detail}], timedelta(days=1, seconds=2)
    )
    assert moved == {
        "time": "2026-11-25T04:04:26Z",
        "detail": detail
        | {
            "createdAt": 1_795_579_466_368,
            "attempts": [{"startedAt": 1_795_579_466_400, "container": {"exitCode": 1, "reason": "at"}}],
            "arrayProperties": {"size": 2, "statusSummaryLastUpdatedAt": 1_795_579_466_500},
        },
    }


@pytest.mark.parametrize("now", [NOW, YEARS_LATER], ids=["earlier", "later"])
def test_should_keep_all_differences_when_times_are_moved(now):
    told = recording.read(RECORDING)
    age = recording.age(told, now=now)
    moved = recording.moved(told, age)
    assert moved != told
    assert recording.moved(moved, -age) == told
    before, after = (
        [(job.in_order.record.waited_seconds, job.in_order.record.ran_seconds) for job in jobs]
        for jobs in (recording.jobs(events, now=now) for events in (told, moved))
    )
    assert before == after


def test_should_find_nothing_to_move_where_no_time_is_known():
    event = {"source": "aws.batch", "detail": {"jobId": "a", "status": "RUNNING"}}
    assert recording.age([event], now=NOW) == timedelta()
    assert recording.moved([event], timedelta(days=1)) == [event]


def test_should_lose_and_double_by_the_seed_and_say_of_which_job(events):
    one, same = (recording.delivery(events, Random(7), drop=0.2, double=0.2, shuffle=True) for _ in range(2))
    assert one == same
    assert 0 < one.lost.total() < len(events) / 2
    assert len(one.events) == len(events) - one.lost.total() + one.doubled
    whole = recording.delivery(events, Random(7), drop=0, double=0, shuffle=False)
    assert (list(whole.events), whole.lost.total(), whole.doubled) == (events, 0, 0)


def test_should_read_a_list_as_well_as_lines_and_leave_other_events_out():
    lines = [json.loads(line) for line in RECORDING.splitlines()]
    other = {"source": "aws.s3", "detail-type": "Object Created", "detail": {}}
    assert recording.read(json.dumps([other, *lines])) == recording.read(RECORDING)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"source": "aws.s3"}', '[1, "two"]'])
def test_should_say_what_a_recording_is_when_there_is_none(text):
    with pytest.raises(InvalidInput, match=r"the recording is not valid"):
        recording.read(text)
