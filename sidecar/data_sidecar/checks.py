"""Reads single environment variables and collects what is wrong with them."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

_SHOWN = 200


@dataclass
class Check:
    """`faults`: a sentence for each variable that is wrong."""

    env: Mapping[str, str]
    faults: list[str] = field(default_factory=list)

    def text(self, name: str, wanted: str, is_right: Callable[[str], bool]) -> str:
        text = self.env.get(name, "")
        if not is_right(text):
            self._fault(name, wanted)
        return text

    def number(self, name: str, least: int, most: int, default: str = "") -> int:
        text = self.env.get(name) or default
        is_number = text.isascii() and text.isdigit() and len(text) <= len(str(most))
        if not is_number or not least <= int(text) <= most:
            self._fault(name, f"a number from {least} to {most}")
            return least
        return int(text)

    def json(self, name: str, wanted: str, is_right: Callable[[Any], bool], default: str = "") -> Any:
        """The decoded text; None, and a fault, where it is not right."""
        try:
            found = json.loads(self.env.get(name) or default)
        except (ValueError, RecursionError):
            found = None
        if is_right(found):
            return found
        self._fault(name, wanted)
        return None

    def _fault(self, name: str, wanted: str) -> None:
        text = self.env.get(name)
        shown = "not set" if text is None else repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")
        self.faults.append(f"{name} is {shown}. Set it to {wanted}.")


def is_text(value: object) -> bool:
    """Whether it is a text that can be (a part of) a word of a command: no NUL, no half of a character."""
    try:
        return isinstance(value, str) and b"\0" not in value.encode()
    except UnicodeEncodeError:
        return False


def is_value(value: object) -> bool:
    """Whether it is a value of a parameter: a text, a finite number, true or false."""
    return is_text(value) or isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))
