"""Topic over SNS."""

import msgspec
import pytest
from msgspec import structs

from pulse.aws.sns import Topic
from pulse.domain.alerts.alert import Alert
from pulse.domain.errors import Misconfigured

ALERT = Alert(
    kind="FAILED",
    severity="error",
    about="job-1",
    headline="Retrodiction of market failed: ünlikely",
    reason="It ran out of memory.",
    next_step="Nothing.",
    profile="small",
)


@pytest.fixture
def topic_arn(place, queue):
    return place.topic(queue)


@pytest.fixture
def topic(place, topic_arn):
    sns = place.client("sns")
    return Topic(lambda: sns, topic_arn)


def test_should_bring_an_alert_as_data_into_the_queue(topic, received):
    topic.publish(ALERT)
    [message] = received()
    assert msgspec.json.decode(message["Body"], type=Alert) == ALERT


def test_should_leave_out_a_channel_that_is_muted(topic, received):
    topic.publish(structs.replace(ALERT, about="muted", muted=("slack",)))
    topic.publish(structs.replace(ALERT, muted=("email",)))
    assert [msgspec.json.decode(one["Body"], type=Alert).about for one in received(2, seconds=1)] == ["job-1"]


def test_should_send_the_attributes_along(place, queue, topic):
    topic.publish(ALERT)
    sqs, found = place.client("sqs"), []

    def came():
        answer = sqs.receive_message(QueueUrl=queue.url, MessageAttributeNames=["All"])
        found.extend(answer.get("Messages", ()))
        return found

    place.eventually(came)
    attributes = found[0]["MessageAttributes"]
    assert {name: one["StringValue"] for name, one in attributes.items()} == ALERT.attributes


def test_should_blame_the_settings_when_there_is_no_such_topic(place, topic_arn):
    sns = place.client("sns")
    with pytest.raises(Misconfigured):
        Topic(lambda: sns, f"{topic_arn}-none").publish(ALERT)
