"""Which jobs are looked up in AWS Batch, and when what it says counts as drift."""

from datetime import timedelta

import pytest
from msgspec import structs

from pulse.domain.job import event as job_event
from pulse.domain.job.changes import advanced
from pulse.domain.job.child import Child
from pulse.domain.job.drift import (
    END_UNKNOWN,
    Patience,
    happened_at,
    has_drifted,
    is_forgotten,
    unchanged_since,
    unheard_children,
    unknown_end,
)
from pulse.domain.job.event_subject import is_about
from pulse.domain.job.record import Change
from pulse.domain.job.usual import Usual

USUAL = Usual(
    runs=5,
    ran_median_seconds=100,
    ran_p95_seconds=200,
    waited_median_seconds=1,
    waited_p95_seconds=2,
)


def since(record, status, seconds, now):
    return structs.replace(
        record, status=status, changes=(Change(status, 0, now - timedelta(seconds=seconds)),)
    )


@pytest.mark.parametrize(
    ("status", "seconds"),
    [("SUBMITTED", 300), ("PENDING", 3600), ("RUNNABLE", 900), ("STARTING", 900), ("RUNNING", 3600)],
)
def test_should_leave_a_job_alone_for_as_long_as_its_state_usually_lasts(record, now, status, seconds):
    assert not Patience().is_over(since(record, status, seconds, now), status, now)
    assert Patience().is_over(since(record, status, seconds + 1, now), status, now)


@pytest.mark.parametrize(
    ("known", "seconds"),
    [
        ({"expected_seconds": 7200.0}, 7200),
        ({"usual": USUAL}, 200),
        ({"expected_seconds": 60.0, "usual": USUAL}, 60),
    ],
)
def test_should_leave_a_job_running_for_as_long_as_it_should(record, now, known, seconds):
    runs = structs.replace(since(record, "RUNNING", seconds, now), **known)
    assert not Patience().is_over(runs, "RUNNING", now)
    assert Patience().is_over(runs, "RUNNING", now + timedelta(seconds=1))


def test_should_be_as_patient_as_the_configuration_says(record, now):
    patience = Patience(unchanged_seconds={"STARTING": 10})
    assert patience.is_over(since(record, "STARTING", 11, now), "STARTING", now)
    assert not patience.is_over(since(record, "RUNNABLE", 11, now), "RUNNABLE", now)


def test_should_count_from_the_newest_change_and_else_from_the_request(record, now):
    assert unchanged_since(structs.replace(record, changes=())) == record.created_at
    changes = (Change("RUNNABLE", 0, now), Change("RUNNING", 0, now + timedelta(seconds=9)))
    assert unchanged_since(structs.replace(record, changes=changes)) == now + timedelta(seconds=9)


def test_should_find_drift_only_where_aws_batch_has_got_further(record, happened):
    running = advanced(record, happened("running"))
    assert has_drifted(running, happened("succeeded"))
    assert has_drifted(running, happened("retried_runnable"))
    assert not has_drifted(running, happened("running"))
    assert not has_drifted(running, happened("runnable"))


def test_should_wait_for_an_event_that_may_still_come(now):
    patience = Patience(late_seconds=120)
    assert not patience.is_late(now - timedelta(seconds=120), now)
    assert patience.is_late(now - timedelta(seconds=121), now)
    assert patience.is_late(None, now)


def test_should_know_when_a_job_came_into_its_state(happened):
    succeeded, running = happened("succeeded"), happened("running")
    assert happened_at(succeeded) == succeeded.stopped_at is not None
    assert happened_at(running) == running.started_at is not None
    assert happened_at(happened("runnable")) is None


def test_should_end_a_job_that_aws_batch_has_forgotten_with_that_reason(record, now):
    old = since(record, "RUNNING", 7 * 86_400 + 1, now)
    assert is_forgotten(old, now)
    assert not is_forgotten(since(record, "RUNNING", 7 * 86_400, now), now)
    event = job_event.parse(unknown_end(old, "arn:fifo"))
    ended = advanced(old, event)
    assert (ended.status, ended.status_reason) == ("FAILED", END_UNKNOWN)
    assert event.named_job_id == old.job_id
    assert is_about(old, event, queue=old.queue)


def test_should_miss_the_children_that_nobody_heard_of(record):
    parent = structs.replace(record, batch_job_id="aws-1", array_size=4)
    noted = [Child(index=index, status="SUCCEEDED") for index in (0, 2)]
    assert unheard_children(parent, noted) == ["aws-1:1", "aws-1:3"]
    assert unheard_children(structs.replace(parent, array_size=None), []) == []
