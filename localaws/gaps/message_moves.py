"""Moving messages from a dead-letter queue back to where they came from, and which queues it serves:
MiniStack knows neither.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html. Tasks
live as long as the server; the caller's role also needs what AWS lists for a redrive.
"""

import asyncio
import base64
import itertools
import json
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from localaws.ministack.patching import use, wrap
from localaws.protection.roles import denial

Document = dict[str, Any]
Queue = dict[str, Any]

MOST_PER_SECOND = 500
MOST_LISTED = 10
_ON_SOURCE = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
_ON_DESTINATION = ("sqs:SendMessage",)
_NO_SOURCE = "CouldNotDetermineMessageSource"


@dataclass
class Task:
    source_arn: str
    destination_arn: str | None
    per_second: int
    to_move: int
    status: str = "RUNNING"
    failure: str | None = None
    moved: int = 0
    started_ms: int = field(default_factory=lambda: int(time.time() * 1000))
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def handle(self) -> str:
        return base64.b64encode(
            json.dumps({"taskId": self.id, "sourceArn": self.source_arn}).encode()
        ).decode()

    def shown(self) -> Document:
        """As ListMessageMoveTasks answers it: the handle only while the task can be cancelled."""
        found: Document = {
            "TaskHandle": self.handle if self.status == "RUNNING" else None,
            "Status": self.status,
            "SourceArn": self.source_arn,
            "DestinationArn": self.destination_arn,
            "ApproximateNumberOfMessagesMoved": self.moved,
            "ApproximateNumberOfMessagesToMove": self.to_move,
            "FailureReason": self.failure,
            "StartedTimestamp": self.started_ms,
        }
        return {name: value for name, value in found.items() if value is not None}


_tasks: list[Task] = []
_under_way: set[asyncio.Task[None]] = set()


def install() -> None:
    handlers: dict[str, Callable[[Document, str], Document]] = use("services.sqs._HANDLERS")
    handlers.setdefault("StartMessageMoveTask", _start)
    handlers.setdefault("ListMessageMoveTasks", _list)
    handlers.setdefault("CancelMessageMoveTask", _cancel)
    handlers.setdefault("ListDeadLetterSourceQueues", _sources)
    wrap("core.iam_actions.extract_resource_arn", _source_queue)


def _start(data: Document, _url: str) -> Document:
    source = _queue(data.get("SourceArn", ""), "SourceArn")
    destination_arn = data.get("DestinationArn")
    if destination_arn:
        _queue(destination_arn, "DestinationArn")
    arn = source["attributes"]["QueueArn"]
    feeding = list(_fed_by(arn))
    if not feeding:
        raise _error("InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue.")
    if any(task.source_arn == arn and task.status == "RUNNING" for task in _tasks):
        raise _error("UnsupportedOperation", "There is already a task running.")
    per_second = int(data.get("MaxNumberOfMessagesPerSecond", MOST_PER_SECOND))
    if not 1 <= per_second <= MOST_PER_SECOND:
        allowed = f"must be between 1 and {MOST_PER_SECOND}, found {per_second}"
        raise _error("InvalidParameterValue", f"MaxNumberOfMessagesPerSecond {allowed}")
    _check_caller(arn, [destination_arn] if destination_arn else feeding)
    task = Task(arn, destination_arn, per_second, len(source["messages"]))
    _tasks.insert(0, task)
    running = asyncio.get_running_loop().create_task(_carry_out(task))
    _under_way.add(running)
    running.add_done_callback(_under_way.discard)
    return {"TaskHandle": task.handle}


def _list(data: Document, _url: str) -> Document:
    arn = _queue(data.get("SourceArn", ""), "SourceArn")["attributes"]["QueueArn"]
    most = min(int(data.get("MaxResults", 1)), MOST_LISTED)
    found = [task.shown() for task in _tasks if task.source_arn == arn]
    return {"Results": found[:most]}


def _cancel(data: Document, _url: str) -> Document:
    task = next((one for one in _tasks if one.handle == data.get("TaskHandle")), None)
    if task is None or task.status != "RUNNING":
        raise _error("ResourceNotFoundException", "Task does not exist or is not running.", 404)
    task.status = "CANCELLED"
    return {"ApproximateNumberOfMessagesMoved": task.moved}


def _sources(data: Document, url: str) -> Document:
    """All on one page. `queueUrls` has a small letter of its own, as AWS has it."""
    arn = use("services.sqs._get_q")(data.get("QueueUrl", url))["attributes"]["QueueArn"]
    urls = [source for source, queue in use("services.sqs._queues").items() if _dead_letters_of(queue) == arn]
    return {"queueUrls": urls}


async def _carry_out(task: Task) -> None:
    while task.status == "RUNNING":
        for _ in range(task.per_second):
            if not _move_one(task):
                return
        await asyncio.sleep(1)


def _move_one(task: Task) -> bool:
    """Moves the first visible message; ends the task when there is none, or none that can be moved."""
    source = use("services.sqs._queue_by_arn")(task.source_arn)
    visible = (one for one in source["messages"] if one["visible_at"] <= time.time()) if source else iter(())
    message = next(visible, None)
    if message is None:
        task.status = "COMPLETED"
        return False
    target_arn = task.destination_arn or message.get("sys", {}).get("DeadLetterQueueSourceArn", "")
    target = use("services.sqs._queue_by_arn")(target_arn)
    if target is None:
        task.status, task.failure = "FAILED", _NO_SOURCE
        return False
    source["messages"].remove(message)
    target["messages"].append(_as_new(message))
    task.moved += 1
    use("services.sqs.esm_wake").set()
    return True


def _as_new(message: Document) -> Document:
    """A message that is moved back counts as new: another id, another time, no receipt yet."""
    now = time.time()
    system = {
        name: value for name, value in message.get("sys", {}).items() if name != "DeadLetterQueueSourceArn"
    }
    return {
        **message,
        "id": str(uuid.uuid4()),
        "receipt_handle": None,
        "sent_at": now,
        "enqueued_at": now,
        "visible_at": now,
        "receive_count": 0,
        "first_receive_at": None,
        "sys": {**system, "SentTimestamp": str(int(now * 1000))},
    }


def _queue(arn: str, member: str) -> Queue:
    found: Queue | None = use("services.sqs._queue_by_arn")(arn)
    if found is None:
        missing = f"The resource that you specified for the {member} parameter doesn't exist."
        raise _error("ResourceNotFoundException", missing, 404)
    return found


def _fed_by(dlq_arn: str) -> Iterator[str]:
    """The ARNs of the queues whose messages end in this one."""
    for queue in list(use("services.sqs._queues").values()):
        if _dead_letters_of(queue) == dlq_arn:
            yield queue["attributes"]["QueueArn"]


def _dead_letters_of(queue: Queue) -> str | None:
    """The ARN of its dead-letter queue."""
    policy = queue["attributes"].get("RedrivePolicy")
    return json.loads(policy).get("deadLetterTargetArn") if policy else None


def _check_caller(source_arn: str, destination_arns: list[str]) -> None:
    """MiniStack has checked StartMessageMoveTask itself; users and root are not looked at further."""
    account, _, rest = use("core.iam_evaluator.caller_arn")().partition("::")[2].partition(":assumed-role/")
    if not rest or not use("app.AUTH"):
        return
    role, _, session = rest.partition("/")
    needed = itertools.chain(
        itertools.product(_ON_SOURCE, [source_arn]), itertools.product(_ON_DESTINATION, destination_arns)
    )
    for action, arn in needed:
        if refused := denial(f"arn:aws:iam::{account}:role/{role}", session, action, arn):
            raise _error("AccessDenied", f"User: {refused}", 403)


def _source_queue(  # noqa: PLR0913, PLR0917 - MiniStack's parameters
    original: Any,
    service: str,
    method: str,
    path: str,
    headers: dict[str, str],
    body: bytes,
    *rest: Any,
) -> Any:
    """The queue that a call about moves is checked on."""
    if service != "sqs" or not headers.get("x-amz-target", "").endswith(
        ("MessageMoveTask", "MessageMoveTasks")
    ):
        return original(service, method, path, headers, body, *rest)
    try:
        members = json.loads(body or b"{}")
        handle = json.loads(base64.b64decode(members.get("TaskHandle", "e30=")))
        return members.get("SourceArn") or handle.get("sourceArn") or "*"
    except (ValueError, AttributeError):
        return "*"


def _error(code: str, message: str, status: int = 400) -> Exception:
    made: Exception = use("services.sqs._Err")(code, message, status)
    return made
