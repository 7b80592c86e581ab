"""One real process of a job, in a process group of its own: start, output, memory, stop, end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import psutil

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

MIB = 1024 * 1024
MEMORY_POLL_SECONDS = 0.2
# What CloudWatch Logs takes as one event; a longer line is cut into several.
LONGEST_LINE_BYTES = 256_000
_LAST_OUTPUT_SECONDS = 2.0


Cause = Literal["exited", "memory", "stopped", "timeout", "interrupted", "lost", "essential", "unstarted"]
"""Why a process ended: by itself, over its memory, by TerminateJob, at the job's time-out, because Spot takes
its capacity back, with its host, because an essential container of its task ended, or one cannot start.
"""
# These get SIGTERM first; the others are killed at once.
_WARNED = frozenset({"stopped", "timeout", "interrupted", "essential", "unstarted"})


@dataclass(frozen=True)
class Bounds:
    """`grace_seconds` passes between SIGTERM and SIGKILL."""

    grace_seconds: float
    memory_mib: int


@dataclass(frozen=True)
class Ending:
    """`code` is the process's, negative for a signal, as subprocess gives it."""

    cause: Cause
    code: int


class Process:
    """A started process. Everything in its group dies with it, as in a container."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        output: asyncio.StreamReader,
        on_line: Callable[[str], None],
    ) -> None:
        self._process = process
        # Replaced, never changed: a thread looks at the memory while the process may be killed.
        self._seen: frozenset[psutil.Process] = frozenset()
        self._output = asyncio.create_task(_read(output, on_line))

    @staticmethod
    async def start(
        command: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str],
        on_line: Callable[[str], None],
    ) -> Process:
        """Raises OSError when the command cannot be run, for example FileNotFoundError."""
        # A pipe of our own: asyncio reports the end of a process only after the end of the pipes it made, and
        # a child in the background holds those open.
        reading, writing = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                cwd=folder,
                env=dict(environment),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=writing,
                stderr=writing,
                start_new_session=True,
            )
        except BaseException:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        return Process(process, await _reader(reading), on_line)

    @property
    def pid(self) -> int:
        return self._process.pid

    async def supervise(self, bounds: Bounds, stop: asyncio.Future[Cause]) -> Ending:
        """Waits for the end, or brings it about: over the memory, or once `stop` says why."""
        exited = asyncio.create_task(self._process.wait())
        outgrown = asyncio.create_task(self._outgrows(bounds.memory_mib * MIB))
        try:
            either: set[asyncio.Future[Any]] = {exited, outgrown, stop}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            cause: Cause = "exited" if exited.done() else "memory" if outgrown.done() else stop.result()
            if cause in _WARNED:
                self._signal(signal.SIGTERM)
                await asyncio.wait({exited}, timeout=bounds.grace_seconds)
            if cause != "exited":
                self.kill()
            ending = Ending(cause, await exited)
        finally:
            self.kill()
            exited.cancel()
            outgrown.cancel()
        await asyncio.wait({self._output}, timeout=_LAST_OUTPUT_SECONDS)
        self._output.cancel()
        return ending

    def kill(self) -> None:
        """SIGKILL to the whole group, and to the descendants that were seen to leave it."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        for one in self._seen:
            # psutil knows a process by its start time too: one that merely got the same id is left alone.
            with contextlib.suppress(psutil.Error):
                one.kill()

    def _signal(self, number: signal.Signals) -> None:
        """To the first process only, as `docker stop` does to PID 1."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)

    async def _outgrows(self, limit_bytes: int) -> None:
        """Returns once the resident memory of the process tree is over the limit."""
        # Nothing tells us of memory: it has to be looked at.
        while await asyncio.to_thread(self._resident_bytes) <= limit_bytes:  # noqa: ASYNC110
            await asyncio.sleep(MEMORY_POLL_SECONDS)

    def _resident_bytes(self) -> int:
        alive, total = set(), 0
        for process in self._seen.union(_tree(self.pid)):
            with contextlib.suppress(psutil.Error):
                total += int(process.memory_info().rss)
                alive.add(process)
        self._seen = frozenset(alive)
        return total


async def _reader(descriptor: int) -> asyncio.StreamReader:
    """A reader that closes the descriptor at its end."""
    output = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(output), os.fdopen(descriptor, "rb", buffering=0)
    )
    return output


async def _read(stream: asyncio.StreamReader, on_line: Callable[[str], None]) -> None:
    pending = b""
    while chunk := await stream.read(65_536):
        *lines, pending = (pending + chunk).split(b"\n")
        if len(pending) > LONGEST_LINE_BYTES:
            lines.append(pending)
            pending = b""
        for line in lines:
            _hand_over(line, on_line)
    _hand_over(pending, on_line)


def _hand_over(line: bytes, on_line: Callable[[str], None]) -> None:
    for start in range(0, len(line), LONGEST_LINE_BYTES):
        text = line[start : start + LONGEST_LINE_BYTES].decode(errors="replace").rstrip("\r")
        if text:
            on_line(text)


def _tree(pid: int) -> list[psutil.Process]:
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.Error:
        return []


KILLED = 128 + signal.SIGKILL


_KILLED_UNLESS_HANDLED = _WARNED - {"stopped"}


def exit_code(ending: Ending) -> int | None:
    """The container's: 128 and the signal's number for a signal, None when its host is lost.

    The first process of a container ignores a SIGTERM that it does not handle, and is then killed.
    """
    if ending.cause == "lost":
        return None
    if ending.cause == "memory" or (ending.cause in _KILLED_UNLESS_HANDLED and ending.code < 0):
        return KILLED
    return ending.code if ending.code >= 0 else 128 - ending.code
