"""The simulation's EventBridge Scheduler."""

from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from tests.simulation.kernel import START, Kernel
from tests.simulation.scheduler import Scheduler
from tests.simulation.sqs_queue import Queue

DUE = 1000


@pytest.fixture
def kernel():
    kernel = Kernel(7, {})
    kernel.faulty = False
    return kernel


@pytest.fixture
def queue(kernel):
    return Queue(kernel, "events")


@pytest.fixture
def scheduler(kernel, queue):
    return Scheduler(kernel, [queue], ["due"])


@pytest.fixture
def create(scheduler, queue):
    def created(name="job-1", at=DUE, **more):
        expression = f"at({START + timedelta(seconds=at):%Y-%m-%dT%H:%M:%S})"
        request = {
            "Name": name,
            "GroupName": "due",
            "ScheduleExpression": expression,
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "ActionAfterCompletion": "DELETE",
            "Target": {"Arn": queue.arn, "RoleArn": "arn:aws:iam::123456789012:role/r", "Input": name},
        }
        scheduler.create_schedule(**request | more)

    return created


def sent(queue):
    return {message.body: message.sent_at for message in queue.receive(9999)}


def test_should_fire_within_a_minute_and_be_gone_soon(kernel, scheduler, queue, create):
    for number in range(50):
        create(f"job-{number}")
    kernel.run(DUE)
    assert sent(queue) == {}
    kernel.run(DUE + 200)
    times = sent(queue).values()
    assert len(times) == 50
    assert DUE <= min(times) < DUE + 10
    assert DUE + 50 < max(times) < DUE + 62
    assert scheduler.schedules == {}


def test_should_stay_when_it_does_not_delete_itself(kernel, scheduler, create):
    create(ActionAfterCompletion="NONE")
    kernel.run(DUE + 500)
    assert list(scheduler.schedules) == [("due", "job-1")]


def test_should_fire_soon_when_its_time_is_over(kernel, queue, create):
    create(at=-100)
    kernel.run(70)
    assert list(sent(queue)) == ["job-1"]


def test_should_not_fire_when_it_was_deleted_in_time(kernel, scheduler, queue, create):
    create()
    kernel.run(DUE - 1)
    scheduler.delete_schedule(GroupName="due", Name="job-1")
    kernel.run(DUE + 500)
    assert sent(queue) == {}


def test_should_fire_at_its_new_time_when_it_was_made_anew(kernel, scheduler, queue, create):
    create()
    scheduler.delete_schedule(GroupName="due", Name="job-1")
    create(at=2 * DUE)
    kernel.run(5 * DUE)
    assert 2 * DUE <= sent(queue)["job-1"] <= 2 * DUE + 61


def test_should_sometimes_fire_twice_or_though_it_was_just_deleted(kernel, scheduler, queue, create):
    kernel.faulty = True
    for number in range(2000):
        create(f"job-{number}")

    def delete_all():
        for group, name in list(scheduler.schedules):
            scheduler.delete_schedule(GroupName=group, Name=name)

    kernel.after(DUE + 30, delete_all)
    kernel.run(2 * DUE)
    times = [message.sent_at for message in queue.messages.values()]
    bodies = {message.body for message in queue.messages.values()}
    assert 900 < len(bodies) < 1100
    assert 0 < len(times) - len(bodies) < 30
    assert 0 < sum(at > DUE + 30 for at in times) < 100


def errors(call):
    with pytest.raises(ClientError) as caught:
        call()
    return caught.value.response["Error"]["Code"]


def test_should_refuse_what_scheduler_refuses(scheduler, create):
    create()
    assert errors(create) == "ConflictException"
    assert errors(lambda: create("job-2", GroupName="none")) == "ResourceNotFoundException"
    gone = {"GroupName": "due", "Name": "job-2"}
    assert errors(lambda: scheduler.delete_schedule(**gone)) == "ResourceNotFoundException"
    for wrong in (
        {"ScheduleExpression": "at(tomorrow)"},
        {"ScheduleExpression": "at(2026-02-30T00:00:00)"},
        {"Name": "job 2"},
        {"Name": "x" * 65},
        {"Target": {"Arn": "arn:aws:sqs:us-east-1:123456789012:none", "RoleArn": "r"}},
    ):
        assert errors(lambda wrong=wrong: create("job-2", **wrong)) == "ValidationException"


def test_should_take_what_one_call_sends_twice_as_one(create, scheduler):
    kernel = scheduler._kernel
    outcomes = []

    def work():
        create()
        scheduler.delete_schedule(GroupName="due", Name="job-1")

    doubling = Kernel(1, {"doubled": 1.0})
    scheduler._kernel = doubling
    doubling.start("invocation", work, outcomes.append)
    doubling.run(100)
    assert outcomes[0].error is None
    assert [fault.kind for fault in doubling.happened] == ["doubled", "doubled"]
    assert kernel.happened == []
