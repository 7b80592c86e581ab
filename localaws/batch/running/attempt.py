"""One attempt of a job, from pulling its images to its end, in a scratch folder of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import psutil

from localaws.batch.memory import containers, resources
from localaws.batch.ports import Aws, Credentials, Image, RoleNotAssumableError, Settings
from localaws.batch.running import sandbox
from localaws.batch.running.errors import CannotStartError
from localaws.batch.running.logs import LogWriter
from localaws.batch.running.processes import Bounds, Process
from localaws.batch.running.pull import Agent
from localaws.batch.running.task import Container, Task
from localaws.batch.scheduling import lifecycle
from localaws.batch.scheduling.endings import EXITED, NOT_STARTED, TIMED_OUT
from localaws.batch.scheduling.retries import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from localaws.batch.memory.destination import Destination
    from localaws.batch.memory.state import Job
    from localaws.batch.model import Document
    from localaws.batch.running.faults import Struck

COMMAND_NOT_FOUND = 127
LONGEST_OVERRIDES = 8192
"""Characters of JSON: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html."""


@dataclass(frozen=True)
class _Ready:
    """A container whose image and log are there, with its folder and what sends its lines."""

    document: Document
    image: Image
    scratch: sandbox.Scratch
    writer: LogWriter


@dataclass
class Attempt:
    job: Job
    task_id: str
    aws: Aws
    settings: Settings
    stop: asyncio.Event
    on_running: Callable[[], None]
    struck: Struck | None = None

    async def run(self) -> Outcome:
        """The outcome, whatever happens; cancelling kills the processes and leaves no outcome."""
        try:
            self._check_overrides()
            roles = self.job.task.get("executionRoleArn"), containers.task_role(self.job.detail)
            with self._role(roles[0]) as execution, self._role(roles[1]) as role:
                return await self._in_scratch(self._ready(execution), role)
        except CannotStartError as error:
            container = error.container or self.job.containers[0]
            lifecycle.end_container(container, error.exit_code, str(error), self.settings.now_ms())
            stopped = self.stop.is_set()
            return Outcome(
                exit_code=error.exit_code,
                status_reason=self._stop_reason if stopped else error.status_reason,
                reason=str(error),
                stopped_at_ms=self.settings.now_ms(),
                final=stopped or error.final,
            )

    @property
    def _stop_reason(self) -> str:
        return self.job.stop_reason or "Job was terminated"

    def _check_overrides(self) -> None:
        """AWS Batch hands commands and environments to Amazon ECS as overrides, with its own variables.

        Raises CannotStartError above what Amazon ECS takes.
        """
        overrides = [
            {name: container.get(name, []) for name in ("command", "environment")}
            for container in self.job.containers
        ]
        if sum(len(json.dumps(one)) for one in overrides) > LONGEST_OVERRIDES:
            text = f"Container Overrides length must be at most {LONGEST_OVERRIDES}"
            raise CannotStartError("", status_reason=text, final=True)

    @contextlib.contextmanager
    def _role(self, arn: str | None) -> Iterator[Credentials | None]:
        if arn is None:
            yield None
            return
        try:
            credentials = self.aws.assume(self.job.scope, arn, self.task_id)
        except RoleNotAssumableError as error:
            raise CannotStartError(str(error), status_reason=str(error)) from error
        try:
            yield credentials
        finally:
            self.aws.forget(credentials)

    def _ready(self, execution: Credentials | None) -> list[_Ready]:
        """All images are pulled before a container starts. Raises CannotStartError."""
        agent = Agent(self.job, self.aws, self.settings, execution)
        images = [agent.pull(one, self.struck) for one in self.job.containers]
        logs = [agent.open_log(one) for one in self.job.containers]
        folder = self.settings.jobs_folder / self.task_id
        return [
            _Ready(
                document,
                image,
                sandbox.Scratch(folder, containers.name(document)),
                LogWriter(partial(self._send, log), self.settings.now_ms),
            )
            for document, image, log in zip(self.job.containers, images, logs, strict=True)
        ]

    async def _in_scratch(self, ready: Sequence[_Ready], role: Credentials | None) -> Outcome:
        try:
            try:
                for one in ready:
                    await asyncio.to_thread(one.scratch.fill, one.image, self.job.task)
            except OSError as error:
                raise CannotStartError(f"CannotCreateContainerError: {error}") from error
            if self.stop.is_set():
                raise CannotStartError(self._stop_reason)
            task = self._task(ready, role)
            await task.run(self.stop)
            return self._outcome(task)
        finally:
            for one in ready:
                one.writer.flush()
            await asyncio.to_thread(ready[0].scratch.remove)

    def _send(self, log: Destination | None, events: list[Document]) -> None:
        if log is not None:
            self.aws.put_log_events(log.scope, log.group, log.stream, events)

    def _task(self, ready: Sequence[_Ready], role: Credentials | None) -> Task:
        scale = self.settings.scale(self.job.containers)
        seconds = self.job.detail.get("timeout", {}).get("attemptDurationSeconds")
        return Task(
            self.job,
            {containers.name(one.document): self._container(one, role, scale) for one in ready},
            now_ms=self.settings.now_ms,
            on_running=self.on_running,
            timeout_seconds=None if seconds is None else seconds * scale,
            struck=self.struck,
        )

    def _container(self, ready: _Ready, role: Credentials | None, scale: float) -> Container:
        wait = ready.document.get("startTimeout")
        return Container(
            ready.document,
            start=partial(self._start, ready, role),
            bounds=Bounds(
                grace_seconds=containers.stop_seconds(ready.document) * scale,
                memory_mib=resources.of_container(ready.document).memory_mib,
            ),
            start_seconds=None if wait is None else wait * scale,
        )

    async def _start(self, ready: _Ready, role: Credentials | None) -> Process:
        view = sandbox.View(self.job, ready.document, ready.image, ready.scratch)
        command = view.command()
        variables = view.environment(
            endpoint_url=self.aws.endpoint_url, credentials=role.environment() if role else {}
        )
        try:
            if not command:
                raise FileNotFoundError("no command specified")
            process = await Process.start(
                command, folder=ready.scratch.work, environment=variables, on_line=ready.writer.add
            )
        except (OSError, ValueError) as error:
            raise CannotStartError(
                "CannotStartContainerError: failed to create task for container: failed to create shim task: "
                "OCI runtime create failed: unable to start container process: "
                f"exec: {command[:1]}: {error}",
                exit_code=COMMAND_NOT_FOUND,
            ) from error
        with contextlib.suppress(psutil.Error, OSError):
            created = psutil.Process(process.pid).create_time()
            ready.scratch.process_file.write_text(json.dumps({"pid": process.pid, "created": created}))
        return process

    def _outcome(self, task: Task) -> Outcome:
        deciding: Document = task.deciding.document if task.deciding else {}
        return Outcome(
            exit_code=deciding.get("exitCode"),
            status_reason=self._status_reason(task),
            reason=deciding.get("reason"),
            started_at_ms=self.job.detail.get("startedAt"),
            stopped_at_ms=self.settings.now_ms(),
            final=task.cause in {"timeout", "stopped"},
        )

    def _status_reason(self, task: Task) -> str:
        if self.struck and task.cause == self.struck.fault.cause:
            return self.struck.fault.words(self.job)[0]
        return {
            "timeout": TIMED_OUT,
            "stopped": self._stop_reason,
            "unstarted": NOT_STARTED,
        }.get(task.cause or "", EXITED)
