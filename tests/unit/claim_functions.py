"""Functions that stop before each of their calls, and all the ways in which a call can go."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from pulse.domain.errors import Misconfigured, NotAccepted, OutcomeUnknown, RefusedByBatch, Unavailable

FUNCTION_LIVES = timedelta(seconds=28)
REPEATED = "repeated"
"""The answer to a write is lost, and botocore sends it again, whatever happened meanwhile."""


class Killed(BaseException):
    """The end of a function in the middle: no handler of the code under test sees it."""


class Function(threading.Thread):
    """Runs `work` up to its next call, whenever it is stepped. Only one thread runs at a time."""

    def __init__(self, work: Callable[["Function"], object], until: datetime):
        super().__init__(daemon=True)
        self.until, self.at, self.crashed = until, "", None
        self._work, self._fate = work, ""
        self._go, self._stopped = threading.Semaphore(0), threading.Semaphore(0)
        self.start()
        self._stopped.acquire()

    def run(self):
        try:
            self._work(self)
        except Killed:
            pass
        except Exception as error:  # noqa: BLE001 - shown where the machine runs
            self.crashed = error
        self.at = ""
        self._stopped.release()

    def stop_at(self, call: str) -> str:
        self.at = call
        self._stopped.release()
        self._go.acquire()
        return self._fate

    def step(self, fate: str) -> None:
        self._fate = fate
        self._go.release()
        self._stopped.acquire()


class Wire:
    """A port between a function and what it calls."""

    def __init__(self, function: Function, port: Any):
        self._function, self._port = function, port

    def __getattr__(self, name: str):
        def call(*args, **options):
            while (fate := self._function.stop_at(name)) == REPEATED:
                getattr(self._port, name)(*args, **options)
            return FATES[fate](self._port, lambda: getattr(self._port, name)(*args, **options), args)

        return call


def _raising(error: BaseException, *, done: bool = False, later: bool = False):
    def fate(port, call, args):
        if done:
            call()
        if later:
            port.take_later(*args)
        raise error

    return fate


FATES = {
    "answered": lambda _, call, __: call(),
    "failed": _raising(Unavailable("failed")),
    "answer lost": _raising(Unavailable("lost"), done=True),
    "denied": _raising(Misconfigured("denied")),
    "throttled": _raising(NotAccepted("429")),
    "refused": _raising(RefusedByBatch("no")),
    "lost, not taken": _raising(OutcomeUnknown("reset")),
    "lost, taken": _raising(OutcomeUnknown("reset"), done=True),
    "lost, taken later": _raising(OutcomeUnknown("time-out"), later=True),
    "killed": _raising(Killed()),
    "killed after": _raising(Killed(), done=True),
    "killed, taken later": _raising(Killed(), later=True),
}
_READ = ("answered", "failed", "killed")
_WRITE = ("answered", "failed", "answer lost", REPEATED, "killed", "killed after")
POSSIBLE = {
    **dict.fromkeys(("record", "plan", "claimed", "children", "runs"), _READ),
    **dict.fromkeys(("claim", "take_over", "settle", "release", "create", "update_if_unchanged"), _WRITE),
    **dict.fromkeys(("note_cost", "note_child", "note_ended_array"), _WRITE),
    "find": ("answered", "failed", "denied", "killed"),
    "submit": (
        *(
            "answered",
            "lost, taken",
            "lost, not taken",
            "lost, taken later",
            "throttled",
            "refused",
            "denied",
        ),
        *("killed", "killed after", "killed, taken later"),
    ),
}
