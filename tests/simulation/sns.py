"""Amazon SNS: topics, their subscriptions and their client.

A subscriber may get a message more than once, and gets only those that pass its filter policy:
https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.simulation.account import ACCOUNT, REGION
from tests.simulation.faults import client_error
from tests.simulation.kernel import Kernel
from tests.simulation.mishaps import delay_seconds, happens
from tests.simulation.sqs_queue import Attributes, Queue

FilterPolicy = Mapping[str, Sequence[Any]]
"""By attribute, what it may be: texts, or {"exists": bool}."""

TWICE_SHARE = 0.002
MOST_BYTES = 262_144
MOST_SUBJECT = 100
_EMAIL_SECONDS, _LATE_EMAIL_SECONDS = 5.0, 300.0
_QUEUE_SECONDS, _LATE_QUEUE_SECONDS = 0.2, 30.0


@dataclass(frozen=True)
class Email:
    """One delivery. `at`: seconds since the start. `attributes` are the message's, which nobody sees in an
    e-mail.
    """

    at: float
    message_id: str
    subject: str
    text: str
    attributes: Mapping[str, str]


@dataclass(frozen=True)
class Published:
    """What was published."""

    id: str
    subject: str
    renderings: Mapping[str, str]
    attributes: Attributes

    def text(self, protocol: str) -> str:
        return self.renderings.get(protocol, self.renderings["default"])


@dataclass(frozen=True)
class _Subscription:
    name: str
    filter_policy: FilterPolicy
    deliver: Callable[[Published], None]
    seconds: tuple[float, float]


class Topic:
    def __init__(self, kernel: Kernel, name: str) -> None:
        self.name = name
        self.arn = f"arn:aws:sns:{REGION}:{ACCOUNT}:{name}"
        self._kernel = kernel
        self.watchers: list[Callable[[Published], None]] = []
        """Called with each message that the topic took."""
        self._subscriptions: list[_Subscription] = []

    def feed(self, queue: Queue, filter_policy: FilterPolicy | None = None) -> None:
        """Subscribes a queue, with raw message delivery."""

        def put(message: Published) -> None:
            queue.put(message.text("sqs"), attributes=message.attributes)

        self._subscribe(f"sqs {queue.name}", filter_policy, put, (_QUEUE_SECONDS, _LATE_QUEUE_SECONDS))

    def email(self, inbox: list[Email], filter_policy: FilterPolicy | None = None) -> None:
        """Subscribes a person; what they get is appended to the inbox."""

        def send(message: Published) -> None:
            plain = {name: one["StringValue"] for name, one in message.attributes.items()}
            inbox.append(Email(self._kernel.now, message.id, message.subject, message.text("email"), plain))

        number = len(self._subscriptions)
        self._subscribe(f"email {number}", filter_policy, send, (_EMAIL_SECONDS, _LATE_EMAIL_SECONDS))

    def _subscribe(
        self,
        name: str,
        filter_policy: FilterPolicy | None,
        deliver: Callable[[Published], None],
        seconds: tuple[float, float],
    ) -> None:
        self._subscriptions.append(_Subscription(name, filter_policy or {}, deliver, seconds))

    def send(self, message: Published) -> None:
        """Has it delivered to all subscribers whose filter policy lets it pass."""
        for watcher in self.watchers:
            watcher(message)
        for one in self._subscriptions:
            if passes(message.attributes, one.filter_policy):
                self._send_to(one, message)

    def _send_to(self, one: _Subscription, message: Published) -> None:
        kernel, named = self._kernel, (self.name, one.name, message.id)
        times = 2 if happens(kernel, TWICE_SHARE, "published twice", *named) else 1
        for time in range(times):
            kernel.after(
                delay_seconds(kernel, *one.seconds, "published", *named, time), lambda: one.deliver(message)
            )


class SNS:
    """The client of these topics, for a caller that tries once."""

    def __init__(self, kernel: Kernel, topics: Iterable[Topic]) -> None:
        self._kernel = kernel
        self._topics = {topic.arn: topic for topic in topics}
        self._published: Counter[int] = Counter()

    def add(self, topic: Topic) -> None:
        """Makes a topic known."""
        self._topics[topic.arn] = topic

    def publish(
        self,
        *,
        TopicArn: str,  # noqa: N803 - boto3's names
        Message: str,  # noqa: N803
        Subject: str = "",  # noqa: N803
        MessageStructure: str = "",  # noqa: N803
        MessageAttributes: Attributes | None = None,  # noqa: N803
    ) -> dict[str, Any]:
        def publish() -> dict[str, Any]:
            topic = self._topics.get(TopicArn)
            if topic is None:
                raise client_error("Publish", "NotFound", 404, "Topic does not exist")
            attributes = MessageAttributes or {}
            if fault := _fault(Subject, Message, attributes):
                raise client_error("Publish", "InvalidParameter", 400, f"Invalid parameter: {fault}")
            id_ = self._id(TopicArn, Message)
            topic.send(Published(id_, Subject, _renderings(Message, MessageStructure), attributes))
            return {"MessageId": id_}

        return self._kernel.call("sns", "Publish", publish, once=True)

    def _id(self, topic_arn: str, text: str) -> str:
        bits = self._kernel.drawn("published", topic_arn, text)
        self._published[bits] += 1
        return f"{self._kernel.drawn('published', bits, self._published[bits]):016x}"


def passes(attributes: Attributes, policy: FilterPolicy) -> bool:
    """Says whether a message with these attributes passes a filter policy. Raises ValueError for a condition
    that is not known here.
    """
    return all(_allows(attributes.get(name), allowed) for name, allowed in policy.items())


def _allows(attribute: Mapping[str, str] | None, allowed: Sequence[Any]) -> bool:
    for one in allowed:
        if isinstance(one, str):
            if attribute is not None and attribute["StringValue"] == one:
                return True
        elif set(one) == {"exists"}:
            if (attribute is not None) == one["exists"]:
                return True
        else:
            raise ValueError(f"Not known here: {one}")
    return False


def _renderings(message: str, structure: str) -> Mapping[str, str]:
    if structure != "json":
        return {"default": message}
    try:
        found: Any = json.loads(message)
    except ValueError:
        found = None
    if not isinstance(found, dict) or "default" not in found:
        said = "Invalid parameter: Message Structure - No default entry in JSON message body"
        raise client_error("Publish", "InvalidParameter", 400, said)
    return found


def _fault(subject: str, message: str, attributes: Attributes) -> str:
    if len(subject) > MOST_SUBJECT or not subject.isascii() or (subject and not subject.isprintable()):
        return "Subject"
    if not message:
        return "Empty message"
    if len(message.encode()) > MOST_BYTES:
        return "Message too long"
    if any(not one.get("StringValue") for one in attributes.values()):
        return "MessageAttributes"
    return ""
