"""Things that a command must not leave behind: removed at its end, however it ends."""

from collections.abc import Callable
from types import TracebackType
from typing import Any, NamedTuple, Self

from pulse.cli import output


class _Thing(NamedTuple):
    what: str
    remove: Callable[[], Any]
    command: str


class Removals:
    """A context that removes what was noted in it, the last first. What cannot be removed is named with the
    command that removes it; an interruption counts as that, and the next thing is removed all the same.
    """

    def __init__(self) -> None:
        self._things: list[_Thing] = []
        self.left: list[str] = []

    def note(self, what: str, remove: Callable[[], Any], command: str) -> None:
        """To be called before the thing is made: the answer to making it may be lost."""
        self._things.append(_Thing(what, remove, command))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while self._things:
            thing = self._things.pop()
            try:
                thing.remove()
            except BaseException as failure:  # noqa: BLE001 - Ctrl+C too: what is left must be named
                self.left.append(thing.what)
                reason = str(failure) or type(failure).__name__
                output.warn(f"Not removed: {thing.what} ({reason}). This removes it:\n{thing.command}")
