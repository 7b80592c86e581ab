"""Amazon SQS: the client of the queues."""

from collections.abc import Collection, Iterable
from typing import Any

from botocore.exceptions import ClientError

from tests.simulation.account import ACCOUNT
from tests.simulation.faults import client_error
from tests.simulation.kernel import Kernel
from tests.simulation.sqs_queue import Attributes, Message, Queue, digest

MOST_BYTES = 1_048_576
LONGEST_VISIBILITY_SECONDS = 43_200


class SQS:
    """The client of these queues."""

    def __init__(self, kernel: Kernel, queues: Iterable[Queue]) -> None:
        self._kernel = kernel
        self._queues: dict[str, Queue] = {}
        self._names: dict[str, Queue] = {}
        self._arns: dict[str, Queue] = {}
        self._moves: dict[str, dict[str, Any]] = {}
        for queue in queues:
            self.add(queue)

    def add(self, queue: Queue) -> None:
        """Makes a queue known."""
        self._queues[queue.url] = self._names[queue.name] = self._arns[queue.arn] = queue

    def send_message(
        self,
        *,
        QueueUrl: str,  # noqa: N803 - boto3's names, here and below
        MessageBody: str,  # noqa: N803
        DelaySeconds: int = 0,  # noqa: N803
        MessageAttributes: Attributes | None = None,  # noqa: N803
    ) -> dict[str, Any]:
        def send() -> dict[str, Any]:
            queue = self._queue(QueueUrl, "SendMessage")
            if not MessageBody or len(MessageBody) > MOST_BYTES:
                raise _invalid(
                    "SendMessage", f"One or more parameters are invalid: {len(MessageBody)} bytes."
                )
            message = queue.put(MessageBody, attributes=MessageAttributes, delay_seconds=DelaySeconds)
            return {"MessageId": message.id, "MD5OfMessageBody": digest(MessageBody)}

        return self._kernel.call("sqs", "SendMessage", send)

    def get_queue_url(
        self,
        *,
        QueueName: str,  # noqa: N803
        QueueOwnerAWSAccountId: str = ACCOUNT,  # noqa: N803
    ) -> dict[str, Any]:
        def find() -> dict[str, Any]:
            if QueueName not in self._names or QueueOwnerAWSAccountId != ACCOUNT:
                raise _no_queue("GetQueueUrl")
            return {"QueueUrl": self._names[QueueName].url}

        return self._kernel.call("sqs", "GetQueueUrl", find)

    def change_message_visibility(
        self,
        *,
        QueueUrl: str,  # noqa: N803
        ReceiptHandle: str,  # noqa: N803
        VisibilityTimeout: int,  # noqa: N803
    ) -> dict[str, Any]:
        """Changes nothing for a handle whose time is over, which SQS does not call an error:
        https://github.com/localstack/localstack/pull/9632
        """

        def change() -> dict[str, Any]:
            operation = "ChangeMessageVisibility"
            queue = self._queue(QueueUrl, operation)
            id_, _, receives = ReceiptHandle.partition(":")
            if not receives:
                raise client_error(
                    operation, "ReceiptHandleIsInvalid", 404, "The input receipt handle is invalid."
                )
            message = queue.messages.get(id_)
            if message is None:
                said = "Message does not exist or is not available for visibility timeout change."
                raise _invalid(operation, said)
            hidden = self._kernel.now - message.received_at + VisibilityTimeout
            if VisibilityTimeout < 0 or hidden > LONGEST_VISIBILITY_SECONDS:
                raise _invalid(operation, "VisibilityTimeout is beyond the limit [43200 seconds].")
            queue.change_visibility(ReceiptHandle, VisibilityTimeout)
            return {}

        return self._kernel.call("sqs", "ChangeMessageVisibility", change)

    def receive_message(
        self,
        *,
        QueueUrl: str,  # noqa: N803
        MaxNumberOfMessages: int = 1,  # noqa: N803
        VisibilityTimeout: int | None = None,  # noqa: N803
        **_: Any,
    ) -> dict[str, Any]:
        def receive() -> dict[str, Any]:
            queue = self._queue(QueueUrl, "ReceiveMessage")
            taken = queue.receive(MaxNumberOfMessages, visibility_seconds=VisibilityTimeout)
            return {"Messages": [_received(message) for message in taken]} if taken else {}

        return self._kernel.call("sqs", "ReceiveMessage", receive)

    def delete_message(self, *, QueueUrl: str, ReceiptHandle: str) -> dict[str, Any]:  # noqa: N803
        def delete() -> dict[str, Any]:
            self._queue(QueueUrl, "DeleteMessage").delete(ReceiptHandle)
            return {}

        return self._kernel.call("sqs", "DeleteMessage", delete)

    def get_queue_attributes(
        self,
        *,
        QueueUrl: str,  # noqa: N803
        AttributeNames: Collection[str],  # noqa: N803
    ) -> dict[str, Any]:
        def describe() -> dict[str, Any]:
            queue = self._queue(QueueUrl, "GetQueueAttributes")
            known = {
                "QueueArn": queue.arn,
                "ApproximateNumberOfMessages": str(queue.count("visible")),
                "ApproximateNumberOfMessagesNotVisible": str(queue.count("taken")),
                "ApproximateNumberOfMessagesDelayed": str(queue.count("hidden")),
                "VisibilityTimeout": str(int(queue.visibility_seconds)),
            }
            wanted = {name: known[name] for name in known if {"All", name} & set(AttributeNames)}
            return {"Attributes": wanted}

        return self._kernel.call("sqs", "GetQueueAttributes", describe)

    def list_dead_letter_source_queues(self, *, QueueUrl: str) -> dict[str, Any]:  # noqa: N803
        def find() -> dict[str, Any]:
            dead = self._queue(QueueUrl, "ListDeadLetterSourceQueues")
            return {"queueUrls": [one.url for one in self._names.values() if one.dead_letters is dead]}

        return self._kernel.call("sqs", "ListDeadLetterSourceQueues", find)

    def list_message_move_tasks(self, *, SourceArn: str, MaxResults: int = 1) -> dict[str, Any]:  # noqa: N803
        def find() -> dict[str, Any]:
            last = self._moves.get(SourceArn)
            return {"Results": [last] if last and MaxResults else []}

        return self._kernel.call("sqs", "ListMessageMoveTasks", find)

    def start_message_move_task(self, *, SourceArn: str, DestinationArn: str) -> dict[str, Any]:  # noqa: N803
        """Moves everything at once: a task is never seen under way."""

        def move() -> dict[str, Any]:
            if SourceArn not in self._arns or DestinationArn not in self._arns:
                raise client_error("StartMessageMoveTask", "ResourceNotFoundException", 404)
            count = self._arns[SourceArn].move_all(self._arns[DestinationArn])
            self._moves[SourceArn] = {
                "Status": "COMPLETED",
                "SourceArn": SourceArn,
                "ApproximateNumberOfMessagesMoved": count,
            }
            return {"TaskHandle": f"{SourceArn}:{self._kernel.now}"}

        return self._kernel.call("sqs", "StartMessageMoveTask", move)

    def _queue(self, url: str, operation: str) -> Queue:
        try:
            return self._queues[url]
        except KeyError:
            raise _no_queue(operation) from None


def _received(message: Message) -> dict[str, Any]:
    more: dict[str, Any] = {"MessageAttributes": message.attributes} if message.attributes else {}
    return {
        "MessageId": message.id,
        "ReceiptHandle": message.receipt_handle,
        "Body": message.body,
        "MD5OfBody": digest(message.body),
        "Attributes": message.system_attributes(),
        **more,
    }


def _invalid(operation: str, said: str) -> ClientError:
    return client_error(operation, "InvalidParameterValue", 400, said)


def _no_queue(operation: str) -> ClientError:
    return client_error(
        operation, "AWS.SimpleQueueService.NonExistentQueue", 400, "The specified queue does not exist."
    )
