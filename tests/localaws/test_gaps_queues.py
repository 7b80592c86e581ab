"""Dead-letter queues that are emptied into their sources, and what it takes to send in batches."""

import json
import uuid

import pytest
from botocore.exceptions import ClientError

ARN = "arn:aws:sqs:us-east-1:000000000000:"


@pytest.fixture
def sqs(aws):
    return aws.client("sqs")


@pytest.fixture
def queues(sqs):
    """A queue whose messages are dead after one try, and its dead-letter queue: their names."""
    source, dead = (f"{kind}-{uuid.uuid4().hex[:8]}" for kind in ("source", "dead"))
    sqs.create_queue(QueueName=dead)
    redrive = json.dumps({"deadLetterTargetArn": ARN + dead, "maxReceiveCount": 1})
    sqs.create_queue(QueueName=source, Attributes={"RedrivePolicy": redrive, "VisibilityTimeout": "0"})
    return source, dead


def url(sqs, name):
    return sqs.get_queue_url(QueueName=name)["QueueUrl"]


def fail(sqs, queues, count):
    """Sends that many messages, and receives them until all are dead."""
    source, dead = queues
    for number in range(count):
        sqs.send_message(
            QueueUrl=url(sqs, source),
            MessageBody=f"message {number}",
            MessageAttributes={"number": {"DataType": "Number", "StringValue": str(number)}},
        )
    while sqs.receive_message(QueueUrl=url(sqs, source), MaxNumberOfMessages=10).get("Messages"):
        pass
    assert (waiting(sqs, source), waiting(sqs, dead)) == (0, count)


def waiting(sqs, name):
    name_of_count = "ApproximateNumberOfMessages"
    found = sqs.get_queue_attributes(QueueUrl=url(sqs, name), AttributeNames=[name_of_count])
    return int(found["Attributes"][name_of_count])


def task(sqs, name):
    return sqs.list_message_move_tasks(SourceArn=ARN + name)["Results"][0]


def refused(call):
    with pytest.raises(ClientError) as refusal:
        call()
    return refusal.value.response["Error"]


def test_dead_messages_go_back_to_their_source_as_new_ones(sqs, queues, eventually):
    source, dead = queues
    fail(sqs, queues, 25)
    sqs.start_message_move_task(SourceArn=ARN + dead)
    assert eventually(lambda: task(sqs, dead)["Status"] == "COMPLETED")
    found = task(sqs, dead)
    assert found["ApproximateNumberOfMessagesMoved"] == found["ApproximateNumberOfMessagesToMove"] == 25
    assert "TaskHandle" not in found
    assert (waiting(sqs, source), waiting(sqs, dead)) == (25, 0)
    [message] = sqs.receive_message(
        QueueUrl=url(sqs, source),
        MessageAttributeNames=["All"],
        AttributeNames=["ApproximateReceiveCount", "DeadLetterQueueSourceArn"],
    )["Messages"]
    assert message["Attributes"] == {"ApproximateReceiveCount": "1"}
    assert message["Body"] == f"message {message['MessageAttributes']['number']['StringValue']}"


def test_the_pace_is_kept_and_a_task_can_be_cancelled(sqs, queues):
    source, dead = queues
    fail(sqs, queues, 5)
    started = sqs.start_message_move_task(SourceArn=ARN + dead, MaxNumberOfMessagesPerSecond=2)
    again = refused(lambda: sqs.start_message_move_task(SourceArn=ARN + dead))
    assert again["Code"] == "AWS.SimpleQueueService.UnsupportedOperation"
    assert task(sqs, dead)["TaskHandle"] == started["TaskHandle"]
    moved = sqs.cancel_message_move_task(TaskHandle=started["TaskHandle"])["ApproximateNumberOfMessagesMoved"]
    assert moved < 5
    assert task(sqs, dead)["Status"] == "CANCELLED"
    assert waiting(sqs, source) + waiting(sqs, dead) == 5


def test_another_destination_may_be_named(sqs, queues, eventually):
    _, dead = queues
    fail(sqs, queues, 2)
    sqs.create_queue(QueueName=f"{dead}-elsewhere")
    sqs.start_message_move_task(SourceArn=ARN + dead, DestinationArn=f"{ARN}{dead}-elsewhere")
    assert eventually(lambda: waiting(sqs, f"{dead}-elsewhere") == 2)


def test_a_message_that_was_never_elsewhere_cannot_go_back(sqs, queues, eventually):
    _, dead = queues
    sqs.send_message(QueueUrl=url(sqs, dead), MessageBody="put here by hand")
    sqs.start_message_move_task(SourceArn=ARN + dead)
    assert eventually(lambda: task(sqs, dead)["Status"] == "FAILED")
    assert task(sqs, dead)["FailureReason"] == "CouldNotDetermineMessageSource"
    assert waiting(sqs, dead) == 1


def test_a_dead_letter_queue_tells_which_queues_it_serves(sqs, queues):
    source, dead = queues
    assert sqs.list_dead_letter_source_queues(QueueUrl=url(sqs, dead))["queueUrls"] == [url(sqs, source)]
    assert sqs.list_dead_letter_source_queues(QueueUrl=url(sqs, source))["queueUrls"] == []


def test_only_a_dead_letter_queue_is_emptied_so(sqs, queues):
    source, _ = queues
    wrong = refused(lambda: sqs.start_message_move_task(SourceArn=ARN + source))
    assert (wrong["Code"], "Dead Letter Queue" in wrong["Message"]) == ("InvalidParameterValue", True)
    assert refused(lambda: sqs.start_message_move_task(SourceArn=f"{ARN}absent"))["Code"] == (
        "ResourceNotFoundException"
    )


def test_a_redrive_needs_the_permissions_that_aws_lists(sqs, queues, as_role):
    source, dead = queues
    on_dead = [f"sqs:{name}" for name in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")]
    needed = {
        **dict.fromkeys(["sqs:StartMessageMoveTask", "sqs:ListMessageMoveTasks", *on_dead], ARN + dead),
        "sqs:SendMessage": ARN + source,
    }
    for missing in needed:
        role = as_role(
            "sqs", *({"Action": name, "Resource": arn} for name, arn in needed.items() if name != missing)
        )
        call = role.list_message_move_tasks if "List" in missing else role.start_message_move_task
        refusal = refused(lambda call=call: call(SourceArn=ARN + dead))
        assert (refusal["Code"], missing in refusal["Message"]) == ("AccessDenied", True)
    role = as_role("sqs", *({"Action": name, "Resource": arn} for name, arn in needed.items()))
    role.start_message_move_task(SourceArn=ARN + dead)
    assert len(role.list_message_move_tasks(SourceArn=ARN + dead)["Results"]) == 1


def test_a_batch_needs_the_permission_for_one_message_on_its_queue(sqs, queues, as_role):
    source, dead = queues
    sender = as_role("sqs", {"Action": "sqs:SendMessage", "Resource": ARN + source})
    entries = [{"Id": "1", "MessageBody": "x"}]
    assert len(sender.send_message_batch(QueueUrl=url(sqs, source), Entries=entries)["Successful"]) == 1
    denied = refused(lambda: sender.send_message_batch(QueueUrl=url(sqs, dead), Entries=entries))
    assert (denied["Code"], "sqs:SendMessage " in denied["Message"]) == ("AccessDenied", True)
    assert refused(lambda: sender.receive_message(QueueUrl=url(sqs, source)))["Code"] == "AccessDenied"
