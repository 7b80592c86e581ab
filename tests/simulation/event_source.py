"""AWS Lambda's event source mapping: takes batches of messages from a queue to a function.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html: what an invocation reports in
batchItemFailures comes again after its visibility timeout; of one that raised, died or answered nonsense,
the whole batch.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.simulation.account import REGION
from tests.simulation.kernel import Invocation, Kernel
from tests.simulation.mishaps import delay_seconds, happens
from tests.simulation.sqs_queue import Message, Queue, digest

Handle = Callable[[dict[str, Any]], object]
"""What an invocation does with its event; it returns the function's answer."""

DELETION_LOST_SHARE = 0.005
"""Of the messages of a finished batch, those that Lambda fails to delete."""
_USUAL_SECONDS, _LONGEST_SECONDS = 0.05, 2.0
"""Until Lambda has taken a batch, and until the function has started."""


class EventSource:
    """Feeds a function. `lives`: the function's timeout in seconds. `skew`: how many seconds the clock of the
    invocation of this name is ahead. `watch` sees every invocation that has ended, in whatever way.
    """

    def __init__(  # noqa: PLR0913 - its settings
        self,
        kernel: Kernel,
        queue: Queue,
        *,
        function: str,
        handle: Handle,
        batch_size: int,
        max_concurrency: int,
        lives: float,
        skew: Callable[[str], float] = lambda _: 0.0,
        watch: Callable[[Invocation], None] = lambda _: None,
    ) -> None:
        self.running = 0
        self._kernel = kernel
        self._queue = queue
        self._function = function
        self._handle = handle
        self._batch_size = batch_size
        self._most = max_concurrency
        self._lives = lives
        self._skew = skew
        self._watch = watch
        self._is_coming = False
        queue.on_visible = self._wake
        self._wake()

    def _wake(self) -> None:
        if self._is_coming or self.running >= self._most:
            return
        if (first := self._queue.peek()) is None:
            return
        self._is_coming = True
        named = ("taken", self._function, first.id, first.receives)
        self._kernel.after(delay_seconds(self._kernel, _USUAL_SECONDS, _LONGEST_SECONDS, *named), self._take)

    def _take(self) -> None:
        self._is_coming = False
        while self.running < self._most and (first := self._queue.peek()):
            bits = self._kernel.drawn("batch", self._function, first.id, first.receives)
            self._invoke(self._queue.receive(1 + bits % self._batch_size))

    def _invoke(self, batch: Sequence[Message]) -> None:
        self.running += 1
        first = batch[0]
        name = f"{self._function}/{first.id}.{first.receives}"
        event = sqs_event(self._queue.arn, batch)
        for message in batch:
            message.taken_by.append(name)
        handles = {message.id: message.receipt_handle for message in batch}
        self._kernel.tell(name, f"gets {' '.join(handles.values())}")
        self._kernel.start(
            name,
            lambda: self._handle(event),
            lambda invocation: self._end(invocation, handles),
            after=delay_seconds(self._kernel, _USUAL_SECONDS, _LONGEST_SECONDS, "started", name),
            skew=self._skew(name),
            lives=self._lives,
        )

    def _end(self, invocation: Invocation, handles: Mapping[str, str]) -> None:
        self.running -= 1
        if not invocation.has_died and invocation.error is None:
            failed = failures(invocation.answer, handles)
            for id_, handle in handles.items():
                if id_ not in failed and not happens(
                    self._kernel, DELETION_LOST_SHARE, "deletion lost", self._function, handle
                ):
                    self._queue.delete(handle)
        self._watch(invocation)
        self._wake()


def sqs_event(queue_arn: str, batch: Sequence[Message]) -> dict[str, Any]:
    """The event of a batch: https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html."""
    return {
        "Records": [
            {
                "messageId": message.id,
                "receiptHandle": message.receipt_handle,
                "body": message.body,
                "attributes": message.system_attributes(),
                "messageAttributes": {
                    name: {
                        "stringValue": one["StringValue"],
                        "dataType": one["DataType"],
                        "stringListValues": [],
                        "binaryListValues": [],
                    }
                    for name, one in message.attributes.items()
                },
                "md5OfBody": digest(message.body),
                "eventSource": "aws:sqs",
                "eventSourceARN": queue_arn,
                "awsRegion": REGION,
            }
            for message in batch
        ]
    }


def failures(answer: object, sent: Mapping[str, str]) -> frozenset[str]:
    """The ids of the messages that failed, by a function's answer. All did when the answer is not one that
    Lambda understands, or names a message that was not in the batch.
    """
    if not answer:
        return frozenset()
    everything = frozenset(sent)
    if not isinstance(answer, Mapping):
        return everything
    listed = answer.get("batchItemFailures") or ()
    try:
        named = frozenset(one["itemIdentifier"] for one in listed)
    except (TypeError, KeyError):
        return everything
    return everything if named - everything else named
