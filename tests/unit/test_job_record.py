import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from pulse.domain.job import event as job_event
from pulse.domain.job.changes import advanced, foreign
from pulse.domain.job.event import Attempt, JobEvent
from pulse.domain.job.event_subject import record_ids
from pulse.domain.job.record import JobRecord
from pulse.domain.job.status import position
from pulse.domain.plan.claim import standing
from pulse.domain.validation import InvalidInput

EVENTS = Path(__file__).parent.parent / "events"


def test_should_order_states_by_attempts_and_then_by_rank():
    life = [
        ("CLAIMED", 0),
        ("SUBMITTED", 0),
        ("PENDING", 0),
        ("RUNNABLE", 0),
        ("STARTING", 0),
        ("RUNNING", 0),
        ("RUNNABLE", 1),
        ("RUNNING", 1),
        ("RUNNABLE", 9),
        ("FAILED", 0),
    ]
    positions = [position(status, attempts) for status, attempts in life]
    assert positions == sorted(set(positions))


def test_should_hold_the_two_ends_equal_so_that_the_first_stays():
    assert position("SUCCEEDED", 1) == position("FAILED", 10)


def test_should_take_times_attempts_and_reasons_from_an_event(record, happened):
    ended = advanced(record, happened("failed_out_of_memory"))
    assert (ended.status, ended.attempts, ended.exit_code) == ("FAILED", 1, 137)
    assert ended.reason == "OutOfMemoryError: Container killed due to memory usage"
    assert ended.status_reason == "Essential container in task exited"
    assert (ended.waited_seconds, ended.ran_seconds) == (42, 185)
    assert ended.log_group == "/pulse/training"


def test_should_add_up_what_all_attempts_ran(record, happened):
    assert advanced(record, happened("failed_spot_reclaimed")).ran_seconds == 3 * 185


def test_should_change_nothing_when_an_event_is_late_or_repeated(record, happened):
    running = advanced(record, happened("running"))
    assert advanced(running, happened("running")) is None
    assert advanced(running, happened("runnable")) is None
    ended = advanced(running, happened("succeeded"))
    for name in ("runnable", "running", "retried_runnable", "failed_exit_code", "succeeded"):
        assert advanced(ended, happened(name)) is None


def test_should_forget_the_last_attempts_exit_code_when_it_is_tried_again(record, happened):
    again = advanced(record, happened("retried_runnable"))
    assert (again.status, again.attempts) == ("RUNNABLE", 1)
    assert again.exit_code is None


def _event(status, attempts):
    return JobEvent(
        batch_job_id="b",
        job_name="n",
        queue_arn="q",
        status=status,
        attempts=(Attempt(exit_code=1),) * attempts,
    )


LIFE = (
    [_event(status, tries) for tries in range(3) for status in ("RUNNABLE", "STARTING", "RUNNING")]
    + [_event("FAILED", 3)]
)  # fmt: skip


@given(st.lists(st.sampled_from(LIFE), max_size=30))
def test_should_end_where_the_furthest_event_is_whatever_the_order_and_the_losses(events):
    record = JobRecord(job_id="j", status="SUBMITTED", created_at=_NOW, batch_job_id="b")
    positions = [record.position]
    for event in events:
        record = advanced(record, event) or record
        positions.append(record.position)
    assert positions == sorted(positions)
    assert record.position == max([positions[0], *(position(e.status, len(e.attempts)) for e in events)])


_NOW = job_event.parse({"jobId": "x", "status": "RUNNING", "createdAt": 1772443800000}).created_at


@pytest.mark.parametrize(
    ("status", "seconds", "expected"),
    [
        ("CLAIMED", 89, "in flight"),
        ("CLAIMED", 91, "unsettled"),
        ("RELEASED", 0, "released"),
        ("SUBMITTED", 0, "submitted"),
        ("FAILED", 0, "submitted"),
    ],
)
def test_should_tell_how_far_the_job_of_a_claim_is(record, now, status, seconds, expected):
    claimed = structs.replace(record, status=status, lease_until=now + timedelta(seconds=90))
    assert standing(claimed, now + timedelta(seconds=seconds)) == expected


def test_should_record_a_foreign_job_where_its_results_lie(happened, now):
    event = happened("succeeded_old_shape")
    assert record_ids(event) == ["batch-20260302092959-feedbeef", event.batch_job_id]
    record = foreign(event, job_id="batch-20260302092959-feedbeef", queue="fifo", now=now)
    assert record.results_bucket == "pulse-results"
    assert (record.vcpus, record.memory_mib, record.variables) == ("4", 16384, ("spx_close", "us_10y_yield"))
    elsewhere = foreign(event, job_id=event.batch_job_id, queue="fifo", now=now)
    assert elsewhere.results_bucket == ""


@pytest.mark.parametrize(
    ("options", "bucket"),
    [
        ((), "environment"),
        (("--s3-results-bucket", "mine"), "mine"),
        (("--s3-results-bucket=mine",), "mine"),
        (("--s3-results-bucket", "first", "--s3-results-bucket=last"), "last"),
        (("--s3-results-prefix", "p/"), "environment"),
        (("--s3-results-bucket",), ""),
    ],
)
def test_should_look_for_results_in_the_bucket_that_the_container_takes(happened, now, options, bucket):
    event = structs.replace(
        happened("succeeded_old_shape"),
        command=("python", *options),
        environment={"S3_RESULTS_BUCKET": "environment"},
    )
    assert foreign(event, job_id=event.batch_job_id, queue="fifo", now=now).results_bucket == bucket


def test_should_read_an_event_that_says_almost_nothing():
    event = job_event.parse(
        {"jobId": "j", "status": "FAILED", "container": {}, "attempts": [{}], "new": {"x": 1}}
    )
    assert event.attempts == (Attempt(),)
    assert event.ran_seconds is None
    assert not event.is_array_child


def test_should_know_the_child_of_an_array(happened):
    assert happened("failed_array_child").is_array_child
    assert not happened("succeeded").is_array_child


@pytest.mark.parametrize("detail", [{}, {"jobId": "j"}, {"jobId": "j", "status": "LOST"}, None, [], "x"])
def test_should_refuse_what_is_no_state_change(detail):
    with pytest.raises(InvalidInput, match="Batch Job State Change"):
        job_event.parse(detail)


STORY = ("runnable", "running", "retried_runnable", "succeeded")


@given(order=st.permutations(range(4)), doubled=st.sets(st.integers(0, 3)))
def test_should_know_the_same_story_in_whatever_order_its_events_come(order, doubled):
    story = [
        structs.replace(
            job_event.parse(json.loads((EVENTS / f"batch_{name}.json").read_text())["detail"]),
            at=datetime(2026, 3, 2, 9, 30, number, tzinfo=UTC),
        )
        for number, name in enumerate(STORY)
    ]
    story[3] = structs.replace(story[3], attempts=story[2].attempts + story[3].attempts)
    begun = JobRecord(
        job_id="batch-1", status="SUBMITTED", created_at=story[0].at, batch_job_id=story[0].batch_job_id
    )

    def told(events):
        record = begun
        for event in events:
            record = advanced(record, event) or record
        return structs.replace(record, revision=0)

    in_order = told(story)
    assert told([story[i] for i in (*order, *sorted(doubled))]) == in_order
    assert [change.status for change in in_order.changes] == ["RUNNABLE", "RUNNING", "RUNNABLE", "SUCCEEDED"]
    assert len(in_order.tries) == in_order.attempts


def test_should_forget_why_it_was_blocked_with_the_next_state(record, happened):
    waiting = structs.replace(advanced(record, happened("runnable")), blocked_reason="ACTION_REQUIRED - x")
    assert advanced(waiting, happened("runnable")) is None
    assert advanced(waiting, happened("running")).blocked_reason == ""


def test_should_have_started_with_its_first_attempt(record, happened):
    lives = {name: advanced(record, happened(name)) for name in ("runnable", "running", "retried_runnable")}
    assert {name: found.has_started for name, found in lives.items()} == {
        "runnable": False,
        "running": True,
        "retried_runnable": True,
    }


def test_should_know_the_timeout_of_an_attempt(happened):
    assert happened("running").timeout_seconds == 3600
    assert happened("succeeded_old_shape").timeout_seconds is None
