"""Saves the server's state while it runs, so that a killed server loses no more than its last seconds.

MiniStack saves on a graceful stop only. Here its own `get_state` of every service is asked on the event loop,
all in one go, so that a stack and its resources agree; a thread turns them into files and writes those that
changed.
"""

import asyncio
import contextvars
import hashlib
import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from localaws.asgi import Receive, Scope, Send
from localaws.ministack.patching import replace, use, wrap
from localaws.state import snapshot

logger = logging.getLogger("localaws.state.saving")

BUSY_SECONDS = 2.0
"""Between two saves while requests come in."""
QUIET_SECONDS = 10.0
"""Between two saves when nothing was asked: schedules and jobs change things by themselves."""
REST_PER_WORK = 50
"""A save that takes a second of the event loop is followed by at least this many seconds without one."""
ATTEMPTS = 5

Document = dict[str, Any]
GetState = Callable[[], Document | None]
T = TypeVar("T")


class Gathered(NamedTuple):
    """The state of each service at one moment, and what waits until it lies on disk."""

    states: dict[str, Document]
    after_write: list[Callable[[], None]]


class Saver:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._written: dict[str, bytes] = {}
        self._writing = threading.Lock()
        self._asked = True
        self._reported: set[str] = set()
        self._after_write: list[Callable[[], None]] = []
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to save every few seconds; to be called on the event loop."""
        self._task = asyncio.get_running_loop().create_task(self._run(), context=contextvars.Context())

    def asked(self) -> None:
        """A request came in: the state may have changed."""
        self._asked = True

    def after_write(self, action: Callable[[], None]) -> None:
        """`action` waits until the state that is being gathered lies on disk."""
        self._after_write.append(action)

    def save(self, services: Mapping[str, GetState]) -> None:
        """Writes what changed and returns when it is on disk. In the place of MiniStack's `save_all`."""
        self._write(self._gather(services))

    async def _run(self) -> None:
        quiet = 0.0
        pause = BUSY_SECONDS
        while True:
            await asyncio.sleep(pause)
            quiet += pause
            if not self._asked and quiet < QUIET_SECONDS:
                continue
            self._asked, quiet = False, 0.0
            began = time.perf_counter()
            try:
                await asyncio.to_thread(self._write, self._gather(use("app._build_persistence_save_dict")()))
            except Exception:
                logger.exception("The state could not be saved; it is tried again")
                self._asked = True
            pause = max(BUSY_SECONDS, REST_PER_WORK * (time.perf_counter() - began))

    def _gather(self, services: Mapping[str, GetState]) -> Gathered:
        self._after_write = []
        states = {name: self._tried(name, get_state) for name, get_state in services.items()}
        return Gathered({name: one for name, one in states.items() if one is not None}, self._after_write)

    def _write(self, gathered: Gathered) -> None:
        with self._writing:
            texts = {}
            for name, state in gathered.states.items():
                text = self._tried(name, partial(_text, name, state))
                if text is not None and self._differs(name, text):
                    texts[name] = text
            if texts:
                snapshot.write(self._folder, texts)
                self._written.update({name: _digest(text) for name, text in texts.items()})
            for action in gathered.after_write:
                action()

    def _tried(self, name: str, make: Callable[[], T | None]) -> T | None:
        """None when the service has nothing to save, or could not be asked: its last file then stays."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return make()
            except Exception:
                # A thread (a Lambda's, a stack's) changed a dictionary while it was being read.
                if attempt == ATTEMPTS and name not in self._reported:
                    self._reported.add(name)
                    logger.exception("The state of %s could not be saved", name)
        return None

    def _differs(self, name: str, text: str) -> bool:
        # MiniStack's reset removes the files.
        return self._written.get(name) != _digest(text) or not (self._folder / f"{name}.json").exists()


def _text(name: str, state: Document) -> str:
    version = use("core.persistence._state_format_version")(name)
    return json.dumps(
        {"__ministack_format__": version, "payload": state}, default=use("core.persistence._json_default")
    )


def install(folder: Path) -> None:
    """Saves the state into `folder` from the moment that the last one is loaded."""
    saver = Saver(folder)
    behind = use("app.app")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        saver.asked()
        try:
            await behind(scope, receive, send)
        finally:
            saver.asked()

    def load(original: Callable[[], None]) -> None:
        original()
        end_interrupted_stacks()
        saver.start()

    def prune_code(original: Callable[[set[str]], None], referenced: set[str]) -> None:
        # `lambda_svc.get_state` prunes at once, but the state on disk still refers to the code.
        saver.after_write(lambda: original(referenced))

    replace("app.app", app)
    replace("app.save_all", saver.save)
    wrap("app._load_persisted_state", load)
    wrap("services.lambda_svc._prune_orphan_code_blobs", prune_code)


_INTERRUPTED = {
    "CREATE_IN_PROGRESS": "ROLLBACK_FAILED",
    "ROLLBACK_IN_PROGRESS": "ROLLBACK_FAILED",
    "DELETE_IN_PROGRESS": "DELETE_FAILED",
}


def end_interrupted_stacks() -> None:
    """Nobody goes on with an operation that the server was killed in; the CDK would wait for it forever.

    It deletes a stack that could not be created, and updates one whose update was rolled back.
    """
    for stack in use("services.cloudformation._stacks")._data.values():  # noqa: SLF001 - of every account
        status = stack["StackStatus"]
        if status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS":
            stack["StackStatus"] = _INTERRUPTED.get(status, "UPDATE_ROLLBACK_COMPLETE")
            stack["StackStatusReason"] = f"The server was stopped during {status}"


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=16).digest()
