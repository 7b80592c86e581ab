"""Amazon SQS: standard queues.

A message may come more than once and in any order: it is delivered again after its visibility timeout, now
and then although it was deleted, and now and then while somebody still works on it.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/standard-queues-at-least-once-delivery.html
"""

import heapq
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import md5
from typing import Literal

from tests.simulation.account import ACCOUNT, REGION
from tests.simulation.kernel import START, Kernel
from tests.simulation.mishaps import happens

Attributes = Mapping[str, Mapping[str, str]]
"""Message attributes by name, as SendMessage takes them."""

TWICE_SHARE, UNDELETED_SHARE = 0.005, 0.005
"""Of the deliveries, those that come a second time at once; of the deletions, those that one of SQS's servers
misses.
"""
TWICE_SECONDS, UNDELETED_SECONDS = 5.0, 300.0
"""Within how many seconds they come again."""
_SENDING_SECONDS = 0.25
_SHUFFLED_SECONDS = 3.0
"""Of two visible messages, the one that became visible so much later may come first."""
_START_MILLISECONDS = START.timestamp() * 1000


@dataclass(eq=False, slots=True)
class Message:
    """`receives`: how often it was taken. `taken_by`: the invocations that Lambda gave it to. Times are
    seconds since the start.
    """

    id: str
    body: str
    sent_at: float
    attributes: Attributes = field(default_factory=dict)
    state: Literal["hidden", "visible", "taken", "deleted"] = "hidden"
    receives: int = 0
    first_received_at: float = 0.0
    received_at: float = 0.0
    visible_at: float = 0.0
    taken_by: list[str] = field(default_factory=list)

    @property
    def receipt_handle(self) -> str:
        """The handle of its last delivery."""
        return f"{self.id}:{self.receives}"

    def system_attributes(self) -> dict[str, str]:
        """What SQS says of it, as ReceiveMessage and Lambda's events do."""
        return {
            "ApproximateReceiveCount": str(self.receives),
            "SentTimestamp": _milliseconds(self.sent_at),
            "SenderId": f"AROAEXAMPLE:{ACCOUNT}",
            "ApproximateFirstReceiveTimestamp": _milliseconds(self.first_received_at),
        }


class Queue:
    """A standard queue. `max_receives`: deliveries after which a message goes to `dead_letters`."""

    def __init__(
        self,
        kernel: Kernel,
        name: str,
        *,
        visibility_seconds: float = 30.0,
        max_receives: int = 0,
        dead_letters: "Queue | None" = None,
    ) -> None:
        self.name = name
        self.visibility_seconds = visibility_seconds
        self.max_receives = max_receives
        self.dead_letters = dead_letters
        self.on_visible: Callable[[], None] | None = None
        """Called whenever a message becomes visible."""
        self.messages: dict[str, Message] = {}
        """All messages that are not deleted, by id."""
        self._kernel = kernel
        self._visible: list[tuple[float, str, int]] = []
        self._sent: Counter[int] = Counter()

    @cached_property
    def arn(self) -> str:
        return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{self.name}"

    @cached_property
    def url(self) -> str:
        return f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{self.name}"

    def put(self, body: str, *, attributes: Attributes | None = None, delay_seconds: float = 0.0) -> Message:
        """Takes a message in. Its id depends on its body, and on how often that body was sent before."""
        same = self._kernel.drawn("message", self.name, body)
        self._sent[same] += 1
        bits = self._kernel.drawn("message", same, self._sent[same])
        message = Message(f"{bits:016x}", body, self._kernel.now, attributes or {})
        self.messages[message.id] = message
        self._kernel.tell(self.name, f"takes in {message.id}: {body}")
        self._kernel.after(
            delay_seconds + _SENDING_SECONDS * (bits & 0xFFFF) / 2**16, lambda: self._show(message)
        )
        return message

    def peek(self) -> Message | None:
        """The message that would be taken next."""
        while self._visible:
            _, id_, receives = self._visible[0]
            message = self.messages.get(id_)
            if message and message.state == "visible" and message.receives == receives:
                if not self.max_receives or receives < self.max_receives:
                    return message
                self._bury(message)
            heapq.heappop(self._visible)
        return None

    def receive(self, most: int, *, visibility_seconds: float | None = None) -> list[Message]:
        """Takes up to `most` visible messages; what was taken too often goes to the dead-letter queue."""
        lasts = self.visibility_seconds if visibility_seconds is None else visibility_seconds
        taken: list[Message] = []
        while len(taken) < most and (message := self.peek()):
            heapq.heappop(self._visible)
            self._take(message, lasts)
            taken.append(message)
        return taken

    def delete(self, receipt_handle: str) -> None:
        """Deletes a message by the handle of its last delivery; an earlier handle deletes nothing."""
        message = self.messages.get(receipt_handle.partition(":")[0])
        if message is None or message.receipt_handle != receipt_handle:
            return
        self._remove(message)
        named = (self.name, message.id, message.receives)
        if happens(self._kernel, UNDELETED_SHARE, "undeleted", *named):
            seconds = UNDELETED_SECONDS * self._kernel.chance("undeleted after", *named)
            self._kernel.after(seconds, lambda: self._revive(message))

    def change_visibility(self, receipt_handle: str, seconds: float) -> None:
        """Has a message come again in so many seconds. A handle whose time is over changes nothing. Raises
        KeyError when the message is deleted.
        """
        message = self.messages[receipt_handle.partition(":")[0]]
        if message.receipt_handle == receipt_handle and message.state == "taken":
            self._hide(message, seconds)

    def move_all(self, to: "Queue") -> int:
        """Moves all messages to another queue, as a redrive does; how many."""
        moved = list(self.messages.values())
        for message in moved:
            self._remove(message)
            to.put(message.body, attributes=message.attributes)
        return len(moved)

    def count(self, *states: Literal["hidden", "visible", "taken"]) -> int:
        """How many messages are in one of these states."""
        return sum(message.state in states for message in self.messages.values())

    def _take(self, message: Message, lasts: float) -> None:
        now = self._kernel.now
        message.receives += 1
        message.received_at = now
        message.first_received_at = message.first_received_at or now
        message.state = "taken"
        self._hide(message, lasts)
        named = (self.name, message.id, message.receives)
        if happens(self._kernel, TWICE_SHARE, "twice", *named):
            receives = message.receives
            seconds = TWICE_SECONDS * self._kernel.chance("twice after", *named)
            self._kernel.after(seconds, lambda: self._show(message, receives))

    def _hide(self, message: Message, seconds: float) -> None:
        message.visible_at = self._kernel.now + seconds
        receives = message.receives

        def come_back() -> None:
            if message.visible_at <= self._kernel.now:
                self._show(message, receives)

        self._kernel.after(seconds, come_back)

    def _show(self, message: Message, receives: int = 0) -> None:
        """Makes a message visible, unless it was taken again or deleted meanwhile."""
        if message.state not in {"hidden", "taken"} or message.receives != receives:
            return
        message.state = "visible"
        now = self._kernel.now
        shuffled = _SHUFFLED_SECONDS * self._kernel.chance("order", message.id, receives)
        heapq.heappush(self._visible, (now + shuffled, message.id, receives))
        if self.on_visible:
            self.on_visible()

    def _revive(self, message: Message) -> None:
        message.state = "hidden"
        self.messages[message.id] = message
        self._show(message, message.receives)

    def _remove(self, message: Message) -> None:
        message.state = "deleted"
        self.messages.pop(message.id, None)

    def _bury(self, message: Message) -> None:
        self._remove(message)
        if self.dead_letters is not None:
            self.dead_letters._bring(message)

    def _bring(self, message: Message) -> None:
        """Takes in a dead letter, which keeps its id."""
        dead = Message(message.id, message.body, message.sent_at, message.attributes)
        dead.taken_by = message.taken_by
        self.messages[dead.id] = dead
        self._show(dead)


def digest(body: str) -> str:
    """The MD5 of a message's body, hexadecimal."""
    return md5(body.encode(), usedforsecurity=False).hexdigest()


def _milliseconds(at: float) -> str:
    return str(int(_START_MILLISECONDS + at * 1000))
