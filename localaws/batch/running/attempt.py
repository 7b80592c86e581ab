"""One attempt of a job, from pulling its image to its exit code, in a scratch folder of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

from localaws.batch import iam
from localaws.batch.memory.destination import Destination, destination
from localaws.batch.ports import Aws, Credentials, Image, LogsRefusedError, RoleNotAssumableError, Settings
from localaws.batch.running import sandbox
from localaws.batch.running.logs import LogWriter
from localaws.batch.running.processes import Bounds, Ending, Process, exit_code
from localaws.batch.scheduling.endings import EXITED, NOT_STARTED, OUT_OF_MEMORY, TIMED_OUT
from localaws.batch.scheduling.retries import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from localaws.batch.memory.state import Job
    from localaws.batch.model import Document
    from localaws.batch.running.faults import Struck

GRACE_SECONDS = 30.0
COMMAND_NOT_FOUND = 127
LONGEST_OVERRIDES = 8192
"""Characters of JSON: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html."""


class CannotStartError(Exception):
    """Raised when the task cannot start; `status_reason` is the task's, the text is the container's.
    `final`: it is refused before it is an attempt of AWS Batch, whose retry rules are not asked.
    """

    def __init__(
        self,
        reason: str,
        *,
        status_reason: str = NOT_STARTED,
        exit_code: int | None = None,
        final: bool = False,
    ) -> None:
        super().__init__(reason)
        self.status_reason = status_reason
        self.exit_code = exit_code
        self.final = final


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
        """The outcome, whatever happens; cancelling kills the process and leaves no outcome."""
        try:
            self._check_overrides()
            with self._role("executionRoleArn") as execution, self._role("jobRoleArn") as role:
                image = self._pull(execution)
                log = self._open_log(execution)
                return await self._in_scratch(image, role, log)
        except CannotStartError as error:
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
        """AWS Batch hands command and environment to Amazon ECS as overrides, with its own variables. Raises
        CannotStartError above what Amazon ECS takes.
        """
        overrides = {name: self.job.container.get(name, []) for name in ("command", "environment")}
        if len(json.dumps(overrides)) > LONGEST_OVERRIDES:
            text = f"Container Overrides length must be at most {LONGEST_OVERRIDES}"
            raise CannotStartError("", status_reason=text, final=True)

    @contextlib.contextmanager
    def _role(self, member: str) -> Iterator[Credentials | None]:
        arn = self.job.container.get(member)
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

    def _pull(self, execution: Credentials | None) -> Image:
        uri = self.job.container["image"]
        if execution:
            for needed in iam.pull_permissions(uri):
                denial = self.aws.denial(self.job.scope, execution, needed.action, needed.resource)
                if denial:
                    raise CannotStartError(f"CannotPullContainerError: AccessDeniedException: {denial}")
        if self.struck and self.struck.fault.cause == "pull":
            status_reason, reason = self.struck.fault.words(self.job)
            raise CannotStartError(reason or "", status_reason=status_reason)
        image = self.settings.find_image(uri)
        if image is None:
            raise CannotStartError(
                "CannotPullContainerError: pull image manifest has been retried 1 time(s): "
                f"failed to resolve ref {uri}: not found"
            )
        return image

    def _open_log(self, execution: Credentials | None) -> Destination | None:
        found = destination(self.job, self.task_id)
        if found is None:
            return None
        for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
            if execution and (denial := self.aws.denial(found.scope, execution, action, found.arn)):
                raise self._no_log(f"AccessDeniedException: {denial}")
        try:
            self.aws.create_log_stream(
                found.scope, found.group, found.stream, create_group=found.create_group
            )
        except LogsRefusedError as error:
            raise self._no_log(str(error)) from error
        return found

    @staticmethod
    def _no_log(why: str) -> CannotStartError:
        text = (
            "ResourceInitializationError: failed to validate logger args: "
            "create stream has been retried 1 times: failed to create Cloudwatch log stream: "
            f"{why} : exit status 1"
        )
        return CannotStartError(text, status_reason=text)

    async def _in_scratch(self, image: Image, role: Credentials | None, log: Destination | None) -> Outcome:
        scratch = sandbox.Scratch(self.settings.jobs_folder / self.task_id)
        writer = LogWriter(lambda events: self._send(log, events), self.settings.now_ms)
        try:
            try:
                await asyncio.to_thread(scratch.fill, image)
            except OSError as error:
                raise CannotStartError(f"CannotCreateContainerError: {error}") from error
            if self.stop.is_set():
                raise CannotStartError(self._stop_reason)
            process = await self._start(image, role, scratch, writer)
            started = self.settings.now_ms()
            self.on_running()
            ending = await process.supervise(self._bounds(), self.stop)
            return self._outcome(ending, started)
        finally:
            writer.flush()
            await asyncio.to_thread(scratch.remove)

    def _send(self, log: Destination | None, events: list[Document]) -> None:
        if log is not None:
            self.aws.put_log_events(log.scope, log.group, log.stream, events)

    async def _start(
        self, image: Image, role: Credentials | None, scratch: sandbox.Scratch, writer: LogWriter
    ) -> Process:
        command = sandbox.command(self.job, image)
        variables = sandbox.environment(
            self.job,
            image,
            scratch,
            endpoint_url=self.aws.endpoint_url,
            credentials=role.environment() if role else {},
        )
        try:
            if not command:
                raise FileNotFoundError("no command specified")
            process = await Process.start(
                command, folder=scratch.work, environment=variables, on_line=writer.add
            )
        except (OSError, ValueError) as error:
            raise CannotStartError(
                "CannotStartContainerError: failed to create task for container: failed to create shim task: "
                "OCI runtime create failed: unable to start container process: "
                f"exec: {command[:1]}: {error}",
                exit_code=COMMAND_NOT_FOUND,
            ) from error
        with contextlib.suppress(psutil.Error):
            created = psutil.Process(process.pid).create_time()
            scratch.process_file.write_text(json.dumps({"pid": process.pid, "created": created}))
        return process

    def _bounds(self) -> Bounds:
        scale = self.settings.scale(self.job.container)
        seconds = self.job.detail.get("timeout", {}).get("attemptDurationSeconds")
        return Bounds(
            timeout_seconds=None if seconds is None else seconds * scale,
            grace_seconds=GRACE_SECONDS * scale,
            memory_mib=self.job.memory_mib,
            fate=self.struck.fate if self.struck else None,
        )

    def _outcome(self, ending: Ending, started: int) -> Outcome:
        status_reason, reason = self._words(ending)
        return Outcome(
            exit_code=exit_code(ending),
            status_reason=status_reason,
            reason=reason,
            started_at_ms=started,
            stopped_at_ms=self.settings.now_ms(),
            final=ending.cause in {"timeout", "stopped"},
        )

    def _words(self, ending: Ending) -> tuple[str, str | None]:
        """The attempt's statusReason and its container's reason."""
        if self.struck and ending.cause == self.struck.fault.cause:
            return self.struck.fault.words(self.job)
        return {
            "memory": (EXITED, OUT_OF_MEMORY),
            "timeout": (TIMED_OUT, None),
            "stopped": (self._stop_reason, None),
        }.get(ending.cause, (EXITED, None))
