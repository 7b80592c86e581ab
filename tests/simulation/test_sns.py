"""The simulation's SNS."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.simulation.kernel import Kernel
from tests.simulation.sns import SNS, Topic, passes
from tests.simulation.sqs_queue import Queue

TEXTS = {"default": "d", "email": "e", "sqs": "s"}


def attributes(**values):
    return {name: {"DataType": "String", "StringValue": value} for name, value in values.items()}


@pytest.fixture
def kernel():
    kernel = Kernel(7, {})
    kernel.faulty = False
    return kernel


@pytest.fixture
def inbox():
    return []


@pytest.fixture
def queue(kernel):
    return Queue(kernel, "alerts")


@pytest.fixture
def topic(kernel, queue, inbox):
    topic = Topic(kernel, "alerts")
    topic.feed(queue, {"skip_slack": [{"exists": False}]})
    topic.email(inbox, {"skip_email": [{"exists": False}]})
    return topic


@pytest.fixture
def publish(kernel, topic):
    sns = SNS(kernel, [topic])

    def published(**more):
        request = {"Subject": "It failed", "Message": json.dumps(TEXTS), "MessageStructure": "json"} | more
        answer = sns.publish(TopicArn=topic.arn, **request)
        kernel.run(kernel.now + 1000)
        return answer["MessageId"]

    return published


def test_should_give_each_subscriber_its_own_text(publish, queue, inbox):
    id_ = publish(MessageAttributes=attributes(kind="FAILED"))
    [email] = inbox
    assert (email.message_id, email.subject, email.text) == (id_, "It failed", "e")
    assert email.attributes == {"kind": "FAILED"}
    assert [message.body for message in queue.receive(9)] == ["s"]


def test_should_leave_out_whom_a_filter_leaves_out(publish, queue, inbox):
    publish(MessageAttributes=attributes(skip_email="true"))
    assert inbox == []
    assert len(queue.messages) == 1
    publish(MessageAttributes=attributes(skip_slack="true"))
    assert len(inbox) == 1
    assert len(queue.messages) == 1


def test_should_send_a_plain_message_to_all(publish, queue, inbox):
    publish(Message="plain", MessageStructure="")
    assert [email.text for email in inbox] == ["plain"]
    assert [message.body for message in queue.receive(9)] == ["plain"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"Subject": "x" * 101},
        {"Subject": "two\nlines"},
        {"Subject": "ünlikely"},
        {"Message": ""},
        {"Message": "{}"},
        {"Message": "no JSON"},
        {"Message": json.dumps({"default": "x" * 262_144})},
        {"MessageAttributes": attributes(kind="")},
    ],
)
def test_should_refuse_what_sns_refuses(publish, inbox, wrong):
    with pytest.raises(ClientError, match="InvalidParameter"):
        publish(**wrong)
    assert inbox == []


def test_should_deliver_some_messages_twice_while_faulty(kernel, publish, inbox):
    kernel.faulty = True
    for number in range(3000):
        publish(Message=str(number), MessageStructure="")
    assert {email.text for email in inbox} == set(map(str, range(3000)))
    assert 3000 < len(inbox) < 3030


def test_should_know_the_filters_that_it_knows():
    assert passes(attributes(kind="FAILED"), {"kind": ["FAILED", "BLOCKED"]})
    assert not passes(attributes(kind="STARTED"), {"kind": ["FAILED", "BLOCKED"]})
    assert passes(attributes(kind="STARTED"), {"kind": [{"exists": True}]})
    with pytest.raises(ValueError, match="prefix"):
        passes(attributes(kind="STARTED"), {"kind": [{"prefix": "F"}]})
