"""Where the contracts are tried: the simulation, and what answers boto3: moto, the AWS on this machine, an
account.
"""

import contextlib
import json
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from botocore.exceptions import ClientError

from pulse.domain.schedule_target import ScheduleTarget
from tests.simulation.kernel import Kernel
from tests.simulation.logs import Logs
from tests.simulation.s3 import S3
from tests.simulation.s3_bucket import Bucket
from tests.simulation.scheduler import Scheduler
from tests.simulation.secretsmanager import SecretsManager
from tests.simulation.sns import SNS, Topic
from tests.simulation.sqs import SQS
from tests.simulation.sqs_queue import Queue

VISIBILITY_SECONDS = 30
PATIENCE_SECONDS = 20.0
MUTED = {"skip_slack": [{"exists": False}]}
"""The filter policy of send_alert's queue."""


@dataclass(frozen=True)
class QueueAddress:
    arn: str
    url: str


class Place(Protocol):
    """Makes what a contract needs, and the clients to reach it."""

    is_moto: bool
    """Whether this is moto, whose schedules never fire and are hardly checked."""

    def client(self, service: str) -> Any: ...

    def queue(self) -> QueueAddress: ...

    def topic(self, queue: QueueAddress) -> str:
        """A topic that feeds a queue as it does send_alert's; its ARN."""

    def bucket(self, *, versioned: bool) -> str: ...

    def secret(self, text: str) -> str:
        """A secret's id."""

    def rotate(self, secret: str, text: str) -> None: ...

    def log(self, lines: Sequence[str]) -> tuple[str, str]:
        """A log stream with these lines: its group and its name."""

    def target(self, queue: QueueAddress) -> ScheduleTarget:
        """A schedule group whose schedules may send to a queue."""

    def eventually(self, question: Callable[[], Any], seconds: float | None = None) -> Any:
        """Asks until the answer is true, or the time is over, and returns it."""

    def now(self) -> datetime:
        """The time there, UTC."""


class Simulated:
    """The simulation's clients, without faults. Whoever waits lets its time pass."""

    is_moto = False

    def __init__(self) -> None:
        self.kernel = Kernel(1, {})
        self.kernel.faulty = False
        self._sqs, self._sns = SQS(self.kernel, []), SNS(self.kernel, [])
        self._s3, self._logs = S3(self.kernel, []), Logs(self.kernel)
        self._scheduler = Scheduler(self.kernel, [], ["due"])
        self._secrets = SecretsManager(self.kernel)
        self._queues: dict[str, Queue] = {}

    def client(self, service: str) -> Any:
        return {
            "sqs": self._sqs,
            "sns": self._sns,
            "s3": self._s3,
            "logs": self._logs,
            "scheduler": self._scheduler,
            "secretsmanager": self._secrets,
        }[service]

    def queue(self) -> QueueAddress:
        queue = Queue(self.kernel, f"queue-{len(self._queues)}", visibility_seconds=VISIBILITY_SECONDS)
        self._sqs.add(queue)
        self._scheduler.add(queue)
        self._queues[queue.arn] = queue
        return QueueAddress(queue.arn, queue.url)

    def topic(self, queue: QueueAddress) -> str:
        topic = Topic(self.kernel, "alerts")
        topic.feed(self._queues[queue.arn], MUTED)
        self._sns.add(topic)
        return topic.arn

    def bucket(self, *, versioned: bool) -> str:
        self._s3.add(Bucket(self.kernel, "bucket", versioned=versioned))
        return "bucket"

    def secret(self, text: str) -> str:
        self._secrets.texts["slack"] = text
        return "slack"

    def rotate(self, secret: str, text: str) -> None:
        self._secrets.texts[secret] = text

    def log(self, lines: Sequence[str]) -> tuple[str, str]:
        self._logs.write("/pulse/training", "stream", *lines)
        return "/pulse/training", "stream"

    def target(self, queue: QueueAddress) -> ScheduleTarget:
        return ScheduleTarget(
            group="due",
            queue_arn=queue.arn,
            dead_letters_arn=queue.arn,
            role_arn="arn:aws:iam::123456789012:role/schedules",
        )

    def eventually(self, question: Callable[[], Any], seconds: float | None = None) -> Any:
        until = self.kernel.now + (PATIENCE_SECONDS if seconds is None else seconds)
        while not (answer := question()) and self.kernel.now < until:
            self.kernel.after(0.1, lambda: None)
            self.kernel.run(self.kernel.now + 0.1)
        return answer

    def now(self) -> datetime:
        return self.kernel.time()


class Boto:
    """What is made here has a name of its own and is deleted in the end. `make` makes clients."""

    def __init__(
        self, make: Callable[[str], Any], *, is_moto: bool = False, patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        self.is_moto = is_moto
        self._make = make
        self._patience = patience_seconds
        self._undo: list[Callable[[], object]] = []

    def client(self, service: str) -> Any:
        return self._make(service)

    def queue(self) -> QueueAddress:
        sqs = self._make("sqs")
        more = {"Attributes": {"VisibilityTimeout": str(VISIBILITY_SECONDS)}}
        url = sqs.create_queue(QueueName=_name(), **more)["QueueUrl"]
        self._undo.append(lambda: sqs.delete_queue(QueueUrl=url))
        answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return QueueAddress(answer["Attributes"]["QueueArn"], url)

    def topic(self, queue: QueueAddress) -> str:
        sns = self._make("sns")
        arn: str = sns.create_topic(Name=_name())["TopicArn"]
        self._undo.append(lambda: sns.delete_topic(TopicArn=arn))
        self._let_in(queue, "sns.amazonaws.com")
        attributes = {"RawMessageDelivery": "true", "FilterPolicy": json.dumps(MUTED)}
        sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue.arn, Attributes=attributes)
        return arn

    def bucket(self, *, versioned: bool) -> str:
        s3, name = self._make("s3"), _name()
        s3.create_bucket(Bucket=name)
        self._undo.append(lambda: _delete_bucket(s3, name))
        if versioned:
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return name

    def secret(self, text: str) -> str:
        secrets, name = self._make("secretsmanager"), _name()
        secrets.create_secret(Name=name, SecretString=text)
        self._undo.append(lambda: secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True))
        return name

    def rotate(self, secret: str, text: str) -> None:
        self._make("secretsmanager").put_secret_value(SecretId=secret, SecretString=text)

    def log(self, lines: Sequence[str]) -> tuple[str, str]:
        logs, name = self._make("logs"), _name()
        logs.create_log_group(logGroupName=name)
        self._undo.append(lambda: logs.delete_log_group(logGroupName=name))
        logs.create_log_stream(logGroupName=name, logStreamName="stream")
        at = int(time.time() * 1000)
        events = [{"timestamp": at, "message": line} for line in lines]
        logs.put_log_events(logGroupName=name, logStreamName="stream", logEvents=events)
        whole = {"logGroupName": name, "logStreamName": "stream", "startFromHead": True}
        self.eventually(lambda: len(logs.get_log_events(**whole)["events"]) == len(lines))
        return name, "stream"

    def target(self, queue: QueueAddress) -> ScheduleTarget:
        scheduler, group = self._make("scheduler"), _name()
        scheduler.create_schedule_group(Name=group)
        self._undo.append(lambda: scheduler.delete_schedule_group(Name=group))
        role = self._role(queue)
        return ScheduleTarget(group=group, queue_arn=queue.arn, dead_letters_arn=queue.arn, role_arn=role)

    def eventually(self, question: Callable[[], Any], seconds: float | None = None) -> Any:
        deadline = time.monotonic() + (self._patience if seconds is None else seconds)
        while not (answer := question()) and time.monotonic() < deadline:
            time.sleep(0.05)
        return answer

    def now(self) -> datetime:
        return datetime.now(UTC)

    def close(self) -> None:
        for undo in reversed(self._undo):
            with contextlib.suppress(ClientError):
                undo()

    def _role(self, queue: QueueAddress) -> str:
        iam, name = self._make("iam"), _name()
        trust = _policy(Action="sts:AssumeRole", Principal={"Service": "scheduler.amazonaws.com"})
        arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        self._undo.append(lambda: iam.delete_role(RoleName=name))
        may = _policy(Action="sqs:SendMessage", Resource=queue.arn)
        iam.put_role_policy(RoleName=name, PolicyName="send", PolicyDocument=may)
        self._undo.append(lambda: iam.delete_role_policy(RoleName=name, PolicyName="send"))
        if self._patience > PATIENCE_SECONDS:
            time.sleep(10)  # an account does not know a new role everywhere at once
        return arn

    def _let_in(self, queue: QueueAddress, service: str) -> None:
        policy = _policy(Action="sqs:SendMessage", Principal={"Service": service}, Resource=queue.arn)
        self._make("sqs").set_queue_attributes(QueueUrl=queue.url, Attributes={"Policy": policy})


def _name() -> str:
    return f"contract-{uuid.uuid4().hex[:12]}"


def _policy(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


def _delete_bucket(s3: Any, name: str) -> None:
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
        for one in _versions(page):
            s3.delete_object(Bucket=name, Key=one["Key"], VersionId=one["VersionId"])
    s3.delete_bucket(Bucket=name)


def _versions(page: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from page.get("Versions", ())
    yield from page.get("DeleteMarkers", ())
