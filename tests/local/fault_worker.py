"""Processes that run the functions' handlers, one invocation after the other, and die when told to."""

import logging
import multiprocessing
import os
import sys
import threading
import types
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import botocore.session
import pytest

from lambdas import on_job_event, submit_job, submit_job_api, submit_job_queue  # noqa: F401 - imported once, not in each process
from pulse.aws import clients
from tests.local.fault_proxy import HEADER

KILLS = ("killed before the call", "killed during the call", "killed after the call")
_DURING_SECONDS = 0.003
"""A call takes about twice as long: the request is on its way, or taken, or answered."""
_KILLED = 137
_fork: Any = multiprocessing.get_context("fork")


@dataclass(frozen=True)
class Fault:
    """`call` counts the API calls of an invocation from 0; `attempts` of them meet the fault."""

    kind: str
    call: int
    attempts: int


@dataclass(frozen=True)
class Invocation:
    """`requests` are the names of those that it serves, in the order of its messages. `later`: how far the
    clock of the function is ahead. `twice`: a second delivery.
    """

    function: str
    event: dict[str, Any]
    requests: tuple[str, ...]
    later: timedelta = timedelta(0)
    fault: Fault | None = None
    twice: bool = False


@dataclass(frozen=True)
class Answer:
    """`failed`: the requests to be delivered again, or asked for again. `status`: of an API call. `met`: the
    operation that met the fault; None: the invocation made fewer calls.
    """

    failed: frozenset[str] = frozenset()
    status: int = 0
    met: str | None = None
    died: bool = False


@dataclass
class Hooks:
    """What stands between the functions and the network, in every client of the process."""

    later: timedelta = timedelta(0)
    fault: Fault | None = None
    met: str | None = None
    call: int = -1
    attempt: int = 0

    def now(self) -> datetime:
        return datetime.now(UTC) + self.later

    def begin(self, invocation: Invocation) -> None:
        self.later, self.fault, self.met, self.call = invocation.later, invocation.fault, None, -1

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        session = botocore.session.get_session()
        monkeypatch.setattr(clients, "session", lambda: session)
        events = session.get_component("event_emitter")
        events.register("before-call", self._before_call)
        events.register("before-send", self._before_send)
        events.register("after-call", self._after_call)
        events.register("after-call-error", self._after_call)

    @property
    def _due(self) -> bool:
        return self.fault is not None and self.call == self.fault.call

    def _before_call(self, **_):
        self.call, self.attempt = self.call + 1, 0

    def _before_send(self, request, event_name, **_):
        self.attempt += 1
        if not self._due or self.attempt > self.fault.attempts:
            return
        self.met = event_name.rpartition(".")[2]
        if self.fault.kind == KILLS[0]:
            os._exit(_KILLED)
        if self.fault.kind == KILLS[1]:
            threading.Timer(_DURING_SECONDS, os._exit, (_KILLED,)).start()
        elif self.fault.kind not in KILLS:
            request.headers[HEADER] = self.fault.kind

    def end(self) -> None:
        """Who shall be killed during a call that was over too soon is killed before its answer."""
        if self.met and self.fault.kind == KILLS[1]:
            os._exit(_KILLED)

    def _after_call(self, **_):
        if self._due and self.fault.kind == KILLS[2]:
            os._exit(_KILLED)


@dataclass
class Worker:
    hooks: Hooks
    invocation: Invocation | None = None
    pipe: Connection = field(init=False)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        self.pipe, theirs = _fork.Pipe()
        self.process = _fork.Process(target=_serve, args=(theirs, self.hooks), daemon=True)
        self.process.start()
        theirs.close()

    def give(self, invocation: Invocation) -> None:
        self.invocation = invocation
        self.pipe.send(invocation)

    def answer(self) -> Answer:
        """A worker that died is replaced, as Lambda replaces an execution environment."""
        try:
            return self.pipe.recv()
        except (EOFError, ConnectionResetError):
            self.process.join()
            self.start()
            return Answer(failed=frozenset(self.invocation.requests), met="", died=True)


def run(workers: list[Worker], invocations: Iterable[Invocation]) -> Iterator[tuple[Invocation, Answer]]:
    """All invocations, as many at once as there are workers."""
    waiting, busy = deque(invocations), {}
    idle = list(workers)
    while waiting or busy:
        while waiting and idle:
            worker = idle.pop()
            worker.give(waiting.popleft())
            busy[worker.pipe] = worker
        for pipe in wait(list(busy)):
            worker = busy.pop(pipe)
            yield worker.invocation, worker.answer()
            idle.append(worker)


def _serve(pipe: Connection, hooks: Hooks) -> None:
    logging.disable(logging.CRITICAL)
    sys.settrace(None)  # coverage's, of the process that this one is forked from: nobody reads what it counts
    sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - metrics, as long as the process lives
    handlers = {"submit_job": submit_job.handler, "on_job_event": on_job_event.handler}
    context = types.SimpleNamespace(
        function_name="function",
        memory_limit_in_mb=512,
        invoked_function_arn="arn:aws:lambda:us-east-1:000000000000:function:function",
        aws_request_id="52fdfc07-2182-154f-163f-5f0f9a621d72",
        get_remaining_time_in_millis=lambda: 28_000,
    )
    while True:
        invocation = pipe.recv()
        hooks.begin(invocation)
        returned = handlers[invocation.function](invocation.event, context)
        hooks.end()
        failed = {int(one["itemIdentifier"]) for one in returned.get("batchItemFailures", ())}
        status = int(returned.get("statusCode", 0))
        again = [name for i, name in enumerate(invocation.requests) if i in failed or status not in {0, 202}]
        pipe.send(Answer(frozenset(again), status, hooks.met))
