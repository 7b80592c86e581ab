"""The containers of one task as processes: each starts when those it depends on let it, and an essential one
that ends stops the others.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDependency.html
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from localaws.batch.memory import containers
from localaws.batch.running.errors import CannotStartError
from localaws.batch.running.processes import Bounds, Cause, Process, exit_code
from localaws.batch.scheduling import lifecycle
from localaws.batch.scheduling.endings import OUT_OF_MEMORY

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from localaws.batch.memory.state import Job
    from localaws.batch.model import Document
    from localaws.batch.running.faults import Struck


def _future() -> asyncio.Future[Any]:
    return asyncio.get_running_loop().create_future()


@dataclass(eq=False)
class Container:
    """`start_seconds` is how long those that wait for its end do so, None for ever. `started` says whether it
    did, once that is sure, `ended` its exit code, `stop` why it is to stop.
    """

    document: Document
    start: Callable[[], Awaitable[Process]]
    bounds: Bounds
    start_seconds: float | None = None
    started: asyncio.Future[bool] = field(default_factory=_future)
    ended: asyncio.Future[int | None] = field(default_factory=_future)
    stop: asyncio.Future[Cause] = field(default_factory=_future)

    @property
    def name(self) -> str:
        return containers.name(self.document)

    @property
    def is_essential(self) -> bool:
        return containers.is_essential(self.document)

    @property
    def depends_on(self) -> dict[str, str]:
        """Conditions by the name of the container."""
        return {one["containerName"]: one["condition"] for one in self.document.get("dependsOn", ())}

    @property
    def has_failed(self) -> bool:
        """Of one that has ended. Without an exit code its host was lost, or it could not start."""
        return self.document.get("exitCode") != 0 or "reason" in self.document


@dataclass
class Task:
    """`on_running` is called once all containers have started, as Amazon ECS takes a task for RUNNING: the
    time-out and what the task is struck by count from there. After `run`, `cause` says why the task stopped,
    and `deciding` is the container whose end is the task's: of the essential ones the first to fail, or else
    to end, unless a container waited in vain.
    """

    job: Job
    containers: dict[str, Container]
    now_ms: Callable[[], int]
    on_running: Callable[[], None]
    timeout_seconds: float | None = None
    struck: Struck | None = None
    cause: Cause | None = None
    deciding: Container | None = None
    _is_running: bool = False
    _alarms: list[asyncio.TimerHandle] = field(default_factory=list)

    async def run(self, stop: asyncio.Event) -> None:
        """Returns when every container has ended. `stop` ends them; cancelling kills them."""
        watch = asyncio.create_task(self._stop_when_told(stop))
        try:
            async with asyncio.TaskGroup() as group:
                for container in self.containers.values():
                    group.create_task(self._run(container))
        finally:
            watch.cancel()
            for alarm in self._alarms:
                alarm.cancel()

    async def _run(self, container: Container) -> None:
        try:
            if await self._may_start(container):
                await self._from_start_to_end(container)
        finally:
            _settle(container.started, value=False)
            _settle(container.ended, value=container.document.get("exitCode"))
            self._pass_on()

    async def _from_start_to_end(self, container: Container) -> None:
        try:
            process = await container.start()
        except CannotStartError as error:
            self._end(container, error.exit_code, str(error))
            _settle(container.started, value=False)
            if container.is_essential:
                self._stop("unstarted")
            self._note_running()
            return
        try:
            lifecycle.start_container(self.job, container.document, self.now_ms())
            _settle(container.started, value=True)
            await asyncio.wait([one.started for one in self.containers.values() if self._is_first(one)])
            self._note_running()
        except BaseException:
            process.kill()
            raise
        ending = await process.supervise(container.bounds, container.stop)
        self._end(container, exit_code(ending), OUT_OF_MEMORY if ending.cause == "memory" else None)
        if container.is_essential:
            self._stop("essential")

    def _end(self, container: Container, code: int | None, reason: str | None) -> None:
        lifecycle.end_container(container.document, code, reason, self.now_ms())
        if container.is_essential and (self.deciding is None or not self.deciding.has_failed):
            self.deciding = container if container.has_failed else self.deciding or container

    async def _may_start(self, container: Container) -> bool:
        """False when the task stops first, or stops now because a dependency cannot be met any more."""
        waits = [
            asyncio.create_task(_unmet(self.containers[name], condition, container.stop))
            for name, condition in container.depends_on.items()
        ]
        try:
            for one in asyncio.as_completed(waits):
                if (why := await one) and self.cause is None:
                    self._give_up(container, why)
        finally:
            for wait in waits:
                wait.cancel()
        return not container.stop.done()

    def _give_up(self, container: Container, why: str) -> None:
        text = f"failed to resolve container ordering dependency for target [{container.name}]: {why}"
        lifecycle.end_container(container.document, None, text, self.now_ms())
        self.deciding = container
        self._stop("unstarted")
        _settle(container.stop, value="unstarted")

    def _is_first(self, container: Container) -> bool:
        """Whether it starts without anybody's end. Those that do all start, however soon one of them ends."""
        return all(
            condition == "START" and self._is_first(self.containers[name])
            for name, condition in container.depends_on.items()
        )

    def _note_running(self) -> None:
        if self._is_running or self.cause or not all(one.started.done() for one in self.containers.values()):
            return
        self._is_running = True
        loop = asyncio.get_running_loop()
        if self.timeout_seconds is not None:
            self._alarms.append(loop.call_later(self.timeout_seconds, self._stop, "timeout"))
        if self.struck:
            self._alarms.append(loop.call_later(self.struck.after_seconds, self._strike, self.struck))
        self.on_running()

    def _strike(self, struck: Struck) -> None:
        if struck.fault.cause == "memory":
            first = next(one for one in self.containers.values() if one.is_essential)
            _settle(first.stop, value="memory")
        elif struck.fault.cause != "pull":
            self._stop(struck.fault.cause)

    async def _stop_when_told(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._stop("stopped")

    def _stop(self, cause: Cause) -> None:
        if self.cause is None:
            self.cause = cause
            self._pass_on()

    def _pass_on(self) -> None:
        """Stops each container once those that depend on it have ended: "for container shutdown it is
        reversed", says Amazon ECS. Nothing waits for anything on a host that is lost.
        """
        if self.cause is None:
            return
        for container in self.containers.values():
            dependants = (one for one in self.containers.values() if container.name in one.depends_on)
            if self.cause == "lost" or all(one.ended.done() for one in dependants):
                _settle(container.stop, value=self.cause)


async def _unmet(container: Container, condition: str, stop: asyncio.Future[Cause]) -> str | None:
    """Why the condition cannot be met any more, None as soon as it is met; `stop` ends the waiting."""
    await _either(container.started, stop)
    if condition != "START" and not stop.done():
        await _either(container.ended, stop, seconds=container.start_seconds)
    if stop.done():
        return None
    if condition == "START":
        return None if container.started.result() else f"[{container.name}] will never start"
    if not container.ended.done():
        return f"[{container.name}] has timed out"
    if condition == "SUCCESS" and container.ended.result() != 0:
        return f"[{container.name}] did not exit successfully"
    return None


async def _either(*futures: asyncio.Future[Any], seconds: float | None = None) -> None:
    await asyncio.wait(futures, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)


def _settle(future: asyncio.Future[Any], *, value: object) -> None:
    if not future.done():
        future.set_result(value)
