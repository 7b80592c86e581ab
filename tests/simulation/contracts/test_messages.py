"""Messages, Reruns and Visibility over SQS."""

import json
from datetime import UTC, datetime

import pytest

from pulse.aws.sqs.messages import Messages
from pulse.aws.sqs.reruns import Reruns
from pulse.aws.sqs.visibility import Visibility
from pulse.domain.envelope import RERUN_REQUESTED, SOURCE
from pulse.domain.errors import Misconfigured


@pytest.fixture
def sqs(place):
    return place.client("sqs")


@pytest.fixture
def visibility(sqs):
    return Visibility(lambda: sqs)


@pytest.fixture
def put_off(queue, visibility):
    return lambda message, seconds: visibility.put_off(queue.arn, message["ReceiptHandle"], seconds)


def count(message):
    return int(message["Attributes"]["ApproximateReceiveCount"])


def test_should_put_an_event_with_its_time_into_the_queue(sqs, queue, received):
    at = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    Messages(lambda: sqs, queue.url).send("Job Waits", {"job_id": "a", "text": "Überlänge"}, time=at)
    [message] = received()
    assert json.loads(message["Body"]) == {
        "source": SOURCE,
        "detail-type": "Job Waits",
        "detail": {"job_id": "a", "text": "Überlänge"},
        "time": "2026-03-02T09:30:00Z",
    }
    assert count(message) == 1


def test_should_take_the_same_event_twice_as_two_messages(sqs, queue, received):
    for _ in range(2):
        Messages(lambda: sqs, queue.url).send("Job Waits", {"job_id": "a"})
    first, second = received(2)
    assert first["Body"] == second["Body"]
    assert first["MessageId"] != second["MessageId"]


def test_should_ask_for_a_job_to_be_submitted_again(sqs, queue, received):
    Reruns(lambda: sqs, queue.url).enqueue("job-1", "memory")
    [message] = received()
    event = {
        "source": SOURCE,
        "detail-type": RERUN_REQUESTED,
        "detail": {"job_id": "job-1", "because": "memory"},
    }
    assert json.loads(message["Body"]) == event


def test_should_not_want_reruns_without_a_queue(sqs, queue):
    assert Reruns(lambda: sqs, queue.url).wanted
    assert not Reruns(lambda: sqs, "").wanted


def test_should_blame_the_settings_when_there_is_no_such_queue(sqs, queue, visibility):
    with pytest.raises(Misconfigured):
        Messages(lambda: sqs, f"{queue.url}-none").send("Job Waits", {})
    with pytest.raises(Misconfigured):
        visibility.put_off(f"{queue.arn}-none", "AQEB", 1)


def test_should_bring_a_message_again_when_it_was_put_off_to(sqs, queue, received, put_off):
    Reruns(lambda: sqs, queue.url).enqueue("job-1", "memory")
    [first] = received()
    put_off(first, 1)
    assert not sqs.receive_message(QueueUrl=queue.url).get("Messages")
    [second] = received()
    assert second["MessageId"] == first["MessageId"]
    assert count(second) == 2


def test_should_bring_a_message_again_at_once_when_it_is_put_off_by_nothing(sqs, queue, received, put_off):
    Reruns(lambda: sqs, queue.url).enqueue("job-1", "memory")
    put_off(received()[0], 0)
    assert [count(message) for message in received()] == [2]


def test_should_put_off_for_half_a_day_at_most(sqs, queue, received, put_off):
    Reruns(lambda: sqs, queue.url).enqueue("job-1", "memory")
    put_off(received()[0], 10**6)
    assert not sqs.receive_message(QueueUrl=queue.url).get("Messages")


def test_should_refuse_to_put_off_what_is_deleted(sqs, queue, received, put_off):
    Reruns(lambda: sqs, queue.url).enqueue("job-1", "memory")
    [message] = received()
    sqs.delete_message(QueueUrl=queue.url, ReceiptHandle=message["ReceiptHandle"])
    with pytest.raises(Misconfigured):
        put_off(message, 1)


def test_should_refuse_to_put_off_what_was_never_received(queue, visibility):
    with pytest.raises(Misconfigured):
        visibility.put_off(queue.arn, "AQEB", 1)
