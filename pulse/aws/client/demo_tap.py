"""What `pulse demo` listens with: an SQS queue of its own behind a rule for AWS Batch's events and a
subscription to the alerts. Each of its parts says how it is made and removed, and the command for that.
"""

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from pulse.aws.errors import as_domain_errors
from pulse.domain.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

TARGET = "tap"
KEPT_SECONDS = "3600"
"""Messages that nobody takes are gone after it, should the queue be left behind."""
READY_SECONDS = 180
_STATE_CHANGE = "Batch Job State Change"
_PROBE = "pulse.demo"
"""The source of events that only tell whether the rule works."""
_PATTERN = {"source": ["aws.batch", _PROBE], "detail-type": [_STATE_CHANGE]}


class Part(NamedTuple):
    """`make` and `remove` raise Unavailable, Misconfigured; to remove what is not there does nothing.
    `command`: for a shell, when it could not be removed.
    """

    what: str
    make: Callable[[], Any]
    remove: Callable[[], Any]
    command: str


class Message(NamedTuple):
    """`body`: an event in its envelope, or SNS's envelope of an alert."""

    arrived_at: datetime
    body: dict[str, Any]


class DemoTap:
    """Needs `sqs:CreateQueue`, `ReceiveMessage`, `DeleteMessage`, `GetQueueUrl` and `DeleteQueue`,
    `events:PutRule`, `PutTargets`, `PutEvents`, `RemoveTargets` and `DeleteRule`, and `sns:Subscribe`,
    `ListSubscriptionsByTopic` and `Unsubscribe`. `client` makes a boto3 client by its service's name;
    `name`: of the queue and of the rule.
    """

    def __init__(self, client: Callable[[str], Any], topic_arn: str, name: str) -> None:
        _, partition, _, region, account, _ = topic_arn.split(":", 5)
        self._topic, self._name = topic_arn, name
        self._queue_arn = f"arn:{partition}:sqs:{region}:{account}:{name}"
        self._rule_arn = f"arn:{partition}:events:{region}:{account}:rule/{name}"
        self._region = f"--region {region}"
        with as_domain_errors("Connecting to SQS, EventBridge and SNS"):
            self._sqs: SQSClient = client("sqs")
            self._events: EventBridgeClient = client("events")
            self._sns: SNSClient = client("sns")

    def parts(self) -> list[Part]:
        """In the order in which they are made."""
        name, region, queue_arn = self._name, self._region, self._queue_arn
        url = f'"$(aws sqs get-queue-url --queue-name {name} --query QueueUrl --output text {region})"'
        query = f"\"Subscriptions[?Endpoint=='{queue_arn}'].SubscriptionArn\""
        return [
            _part(
                f"the SQS queue {name}",
                self._make_queue,
                self._delete_queue,
                f"aws sqs delete-queue --queue-url {url} {region}",
            ),
            _part(
                f"the EventBridge rule {name}",
                lambda: self._events.put_rule(Name=name, EventPattern=json.dumps(_PATTERN)),
                lambda: self._events.delete_rule(Name=name),
                f"aws events delete-rule --name {name} {region}",
            ),
            _part(
                f"the target of the EventBridge rule {name}",
                lambda: self._events.put_targets(Rule=name, Targets=[{"Id": TARGET, "Arn": queue_arn}]),
                self._remove_target,
                f"aws events remove-targets --rule {name} --ids {TARGET} {region}",
            ),
            _part(
                f"the subscription of {name} to the alerts",
                lambda: self._sns.subscribe(TopicArn=self._topic, Protocol="sqs", Endpoint=queue_arn),
                self._unsubscribe,
                f"aws sns list-subscriptions-by-topic --topic-arn {self._topic} --query {query} "
                f"--output text {region} | xargs -n 1 aws sns unsubscribe {region} --subscription-arn",
            ),
        ]

    def wait(self) -> None:
        """Until an event comes through: a rule may need minutes to take effect, and what it misses is lost.
        Raises Unavailable, Misconfigured.
        """
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            with as_domain_errors("Trying the EventBridge rule"):
                self._events.put_events(
                    Entries=[{"Source": _PROBE, "DetailType": _STATE_CHANGE, "Detail": "{}"}]
                )
            if any(_is_probe(message.body) for message in self._receive()):
                return
        raise Unavailable(f"The EventBridge rule {self._name} let no event through in {READY_SECONDS} s.")

    def until(self, enough: Callable[[], bool], seconds: float) -> Iterator[Message]:
        """Messages until `enough()` or until no more time is left. Raises Unavailable, Misconfigured."""
        deadline = time.monotonic() + seconds
        while not enough() and time.monotonic() < deadline:
            yield from (message for message in self._receive() if not _is_probe(message.body))

    def _receive(self) -> list[Message]:
        with as_domain_errors(f"Receiving from the SQS queue {self._name}"):
            url = self._url()
            found = self._sqs.receive_message(
                QueueUrl=url,
                WaitTimeSeconds=1,
                MaxNumberOfMessages=10,
                MessageSystemAttributeNames=["SentTimestamp"],
            ).get("Messages", [])
            for message in found:
                self._sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return [_read(message) for message in found]

    def _url(self) -> str:
        return self._sqs.get_queue_url(QueueName=self._name)["QueueUrl"]

    def _make_queue(self) -> None:
        policy = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": f"{service}.amazonaws.com"},
                    "Action": "sqs:SendMessage",
                    "Resource": self._queue_arn,
                    "Condition": {"ArnEquals": {"aws:SourceArn": source}},
                }
                for service, source in (("events", self._rule_arn), ("sns", self._topic))
            ],
        }
        self._sqs.create_queue(
            QueueName=self._name,
            Attributes={"Policy": json.dumps(policy), "MessageRetentionPeriod": KEPT_SECONDS},
        )

    def _delete_queue(self) -> None:
        try:
            self._sqs.delete_queue(QueueUrl=self._url())
        except self._sqs.exceptions.QueueDoesNotExist:
            return

    def _remove_target(self) -> None:
        try:
            self._events.remove_targets(Rule=self._name, Ids=[TARGET])
        except self._events.exceptions.ResourceNotFoundException:
            return

    def _unsubscribe(self) -> None:
        """Looked for, because the answer to Subscribe may have been lost."""
        pages = self._sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=self._topic)
        found = [one for page in pages for one in page["Subscriptions"] if one["Endpoint"] == self._queue_arn]
        for one in found:
            self._sns.unsubscribe(SubscriptionArn=one["SubscriptionArn"])


def _read(message: "MessageTypeDef") -> Message:
    sent = int(message["Attributes"]["SentTimestamp"]) / 1000
    return Message(datetime.fromtimestamp(sent, UTC), json.loads(message["Body"]))


def _is_probe(body: dict[str, Any]) -> bool:
    return body.get("source") == _PROBE


def _part(what: str, make: Callable[[], Any], remove: Callable[[], Any], command: str) -> Part:
    def translating(doing: str, call: Callable[[], Any]) -> None:
        with as_domain_errors(f"{doing} {what}"):
            call()

    return Part(what, partial(translating, "Making", make), partial(translating, "Removing", remove), command)
