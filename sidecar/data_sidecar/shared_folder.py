"""The volume that both containers have: its folders, and the files by which they speak.

A mark is written aside and renamed: who sees it sees all of it.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_EVERYBODY = 0o777
_EVERYBODY_THEIR_OWN = 0o1777
_UNREADABLE = 1
_HIGHEST_CODE = 255


class SharedFolder:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.data = path / "data"
        self.results = path / "results"
        self.checkpoints = path / "checkpoints"

    def make(self) -> None:
        """Makes the folders, for whichever user the training's image has. Where the training replaces files
        that an attempt before has written (they are ours here), the sticky bit would keep it from that.
        """
        for folder, mode in (
            (self.path, _EVERYBODY_THEIR_OWN),
            (self.data, _EVERYBODY_THEIR_OWN),
            (self.results, _EVERYBODY),
            (self.checkpoints, _EVERYBODY),
        ):
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(mode)

    def offer(self, parameters: Mapping[str, Any], command: str | None) -> None:
        """Writes what the training finds beside its data, then that it may begin."""
        self._mark("parameters.json", json.dumps(parameters, ensure_ascii=False) + "\n")
        if command is not None:
            self._mark("command", command)
        self._mark("ready")

    def fail(self, code: int, why: str) -> None:
        """Ends the training's container with this code and sentence."""
        self._mark("why", why + "\n")
        self._mark("failed", f"{code}\n")

    def say_stored(self) -> None:
        self._mark("stored")

    def is_running(self) -> bool:
        """Whether the training may have begun and has not ended."""
        return (self.path / "ready").exists() and self.ended() is None

    def ended(self) -> int | None:
        """The exit code of the training; None while it runs."""
        try:
            text = (self.path / "ended").read_text(encoding="utf-8", errors="replace").strip()
        except FileNotFoundError:
            return None
        code = int(text) if text.isascii() and text.isdigit() and len(text) <= len("255") else _UNREADABLE
        return code if code <= _HIGHEST_CODE else _UNREADABLE

    def _mark(self, name: str, text: str = "") -> None:
        aside = self.path / f"{name}.new"
        aside.write_text(text, encoding="utf-8")
        aside.replace(self.path / name)


def open_to_everybody(file: Path, up_to: Path) -> None:
    """Lets any user change the file, and what lies in its folders up to (and without) that one."""
    file.chmod(0o666)
    for folder in file.parents:
        if folder == up_to:
            break
        folder.chmod(_EVERYBODY)
