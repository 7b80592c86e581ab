"""A job's output on its way to CloudWatch Logs: where it goes, and lines collected into batches."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from localaws.batch.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Callable

    from localaws.batch.memory.state import Job
    from localaws.batch.model import Document

DEFAULT_GROUP = "/aws/batch/job"
FLUSH_SECONDS = 0.25
# Half of what one PutLogEvents call takes.
MOST_EVENTS = 5_000


@dataclass(frozen=True)
class Destination:
    scope: Scope
    group: str
    stream: str
    create_group: bool

    @property
    def arn(self) -> str:
        group = f"arn:aws:logs:{self.scope.region}:{self.scope.account}:log-group:{self.group}"
        return f"{group}:log-stream:{self.stream}"


def destination(job: Job, task_id: str) -> Destination | None:
    """The group of the definition's logConfiguration and the stream `<prefix>/default/<task id>`.

    None when the definition asks for another driver than awslogs: its output goes nowhere on this machine.
    """
    configuration = job.container.get("logConfiguration", {})
    if configuration.get("logDriver", "awslogs") != "awslogs":
        return None
    options = configuration.get("options", {})
    definition = job.detail["jobDefinition"].rpartition("/")[2].partition(":")[0]
    group = options.get("awslogs-group", DEFAULT_GROUP)
    return Destination(
        Scope(job.scope.account, options.get("awslogs-region", job.scope.region)),
        group,
        f"{options.get('awslogs-stream-prefix', definition)}/default/{task_id}",
        # Batch makes its own default group; any other has to exist, unless the driver is told to make it.
        group == DEFAULT_GROUP or options.get("awslogs-create-group") == "true",
    )


class LogWriter:
    """Collects lines and sends them every quarter of a second, and at the close."""

    def __init__(self, send: Callable[[list[Document]], None], now_ms: Callable[[], int]) -> None:
        self._send = send
        self._now_ms = now_ms
        self._waiting: list[Document] = []
        self._timer: asyncio.TimerHandle | None = None

    def add(self, line: str) -> None:
        self._waiting.append({"timestamp": self._now_ms(), "message": line})
        if len(self._waiting) >= MOST_EVENTS:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_SECONDS, self.flush)

    def flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._waiting:
            events, self._waiting = self._waiting, []
            self._send(events)
