"""Schedules over EventBridge Scheduler."""

import json
from datetime import timedelta

import pytest
from msgspec import structs

from pulse.aws.schedules import Schedules
from pulse.domain.envelope import JOB_OVERDUE, SOURCE
from pulse.domain.errors import Misconfigured

FIRING_SECONDS = 90
"""A schedule fires within a minute after its time."""


@pytest.fixture
def target(place, queue):
    return place.target(queue)


@pytest.fixture
def scheduler(place):
    return place.client("scheduler")


@pytest.fixture
def schedules(scheduler, target):
    return Schedules(lambda: scheduler, target)


def test_should_tell_once_of_a_job_that_is_due_and_forget_it(place, scheduler, schedules, target, received):
    if place.is_moto:
        pytest.skip("moto's schedules never fire")
    schedules.set("job-1", place.now() + timedelta(seconds=1))
    [message] = received(seconds=FIRING_SECONDS)
    event = {"source": SOURCE, "detail-type": JOB_OVERDUE, "detail": {"job_id": "job-1"}}
    assert json.loads(message["Body"]) == event
    schedules.delete("job-1")
    assert received(seconds=1) == []


def test_should_keep_the_first_time_when_a_job_is_scheduled_again(place, schedules):
    for hours in (1, 2):
        schedules.set("job-1", place.now() + timedelta(hours=hours))


def test_should_not_tell_of_a_job_whose_schedule_was_deleted(place, schedules, received):
    schedules.set("job-1", place.now() + timedelta(seconds=2))
    schedules.delete("job-1")
    schedules.delete("job-1")
    assert received(seconds=3) == []


def test_should_schedule_a_job_anew_after_it_was_deleted(place, schedules):
    for _ in range(2):
        schedules.set("job-1", place.now() + timedelta(hours=1))
        schedules.delete("job-1")


def test_should_not_mind_that_there_is_nothing_to_delete(schedules):
    schedules.delete("job-none")


def test_should_blame_the_settings_when_there_is_no_such_group(place, scheduler, target):
    if place.is_moto:
        pytest.skip("moto breaks down over a group that is not there")
    elsewhere = Schedules(lambda: scheduler, structs.replace(target, group="none"))
    with pytest.raises(Misconfigured):
        elsewhere.set("job-1", place.now() + timedelta(hours=1))


def test_should_refuse_a_name_that_no_schedule_may_have(place, schedules):
    if place.is_moto:
        pytest.skip("moto takes any name")
    with pytest.raises(Misconfigured):
        schedules.set("job 1", place.now() + timedelta(hours=1))
