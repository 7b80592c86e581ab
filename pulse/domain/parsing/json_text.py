"""JSON that people write: decoded so that nothing is lost in silence, and refused with line and column."""

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from pulse.domain.fault import HANDFUL, Fault, and_more, cut, join, shown
from pulse.domain.parsing.encoding import NotText, decode_text
from pulse.domain.parsing.json_bounds import MOST_LEVELS, is_too_deep
from pulse.domain.validation import InvalidInput, shown_name

ONCE = "each field once"
_SHOWN_CHARACTERS = 60
_PATH_CHARACTERS = 200
_TOO_DEEP = f"it has more than {MOST_LEVELS} levels"
_TOKEN = re.compile(r'[{}\[\],:]|"(?:[^"\\]|\\.)*"|[^\s{}\[\],:"]+', re.DOTALL)


class NotJson(ValueError):
    """Raised when bytes are not JSON; the message says what is wrong, and where."""


class _Twice(Exception):
    """Raised when an object names a field twice."""


def decode(content: bytes) -> Any:
    """The value. Raises NotJson, and InvalidInput when an object names a field twice: nobody but its author
    knows which of the two values counts.
    """
    try:
        text = decode_text(content)
    except NotText as error:
        raise NotJson(str(error)) from error
    try:
        value = msgspec.json.decode(text)
        _check_levels(value)
        _EACH_ONCE.decode(text)
    except _Twice:
        raise InvalidInput(_faults(text), "the JSON") from None
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise NotJson(_reason(text, error)) from error
    return value


def is_blank(content: bytes) -> bool:
    """Whether it holds no more than spaces, line breaks and a byte order mark."""
    try:
        return not decode_text(content).strip()
    except NotText:
        return False


def _check_levels(value: object) -> None:
    if is_too_deep(value):
        raise NotJson(_TOO_DEEP)


def _reason(text: str, error: Exception) -> str:
    """What is wrong with a text that was not decoded; `error` is what the decoder said.

    The standard library's parser is slower and tells the line and the column. It lets a few things pass that
    msgspec does not, such as a number beyond a double's range.
    """
    try:
        json.loads(text)
    except json.JSONDecodeError as found:
        return f"line {found.lineno}, column {found.colno}: {found.msg}"
    except RecursionError:
        return _TOO_DEEP
    except ValueError:
        pass  # an integer of thousands of digits
    return str(error).partition(" - at ")[0].removeprefix("JSON is malformed: ")


def _once(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) < len(pairs):
        raise _Twice


_EACH_ONCE = json.JSONDecoder(object_pairs_hook=_once, parse_int=str, parse_float=str)


class _Open(Struct):
    """An object or a list that has not ended: its path, and where each value of an object stands, by name."""

    path: str
    start: int
    is_object: bool
    values: dict[str, list[tuple[int, int]]] = {}
    name: str | None = None
    index: int = 0

    @property
    def below(self) -> str:
        """The path of the value that is being read."""
        return join(self.path, f"[{self.index}]" if self.name is None else shown_name(self.name))


def _faults(text: str) -> list[Fault]:
    named = list(_named_twice(text))
    faults = [
        Fault(
            cut(path, _PATH_CHARACTERS), ONCE, two_values(_shown(text, *spans[0]), _shown(text, *spans[-1]))
        )
        for path, spans in named[:HANDFUL]
    ]
    return faults + and_more(len(named), "the whole", ONCE)


def _named_twice(text: str) -> Iterator[tuple[str, list[tuple[int, int]]]]:
    """The path of each field that an object of the text, which is JSON, names more than once, and where its
    values start and end.
    """
    opened: list[_Open] = []
    for token in _TOKEN.finditer(text):
        word, start, now = token[0], token.start(), opened[-1] if opened else None
        if word in "{[":
            opened.append(_Open(now.below if now else "", start, word == "{"))
        elif word == "," and now:
            now.name, now.index = None, now.index + 1
        elif now and now.is_object and now.name is None and word != "}":
            now.name = json.loads(word)
        elif word != ":":
            if word in "}]":
                ended = opened.pop()
                yield from (
                    (join(ended.path, shown_name(n)), v) for n, v in ended.values.items() if len(v) > 1
                )
                start, now = ended.start, opened[-1] if opened else None
            if now and now.name is not None:
                now.values.setdefault(now.name, []).append((start, token.end()))


def _shown(text: str, start: int, end: int) -> tuple[str, int]:
    return shown(msgspec.json.decode(text[start:end]), _SHOWN_CHARACTERS), text.count("\n", 0, start) + 1


def two_values(first: tuple[str, int], second: tuple[str, int]) -> str:
    """Two values as they are shown, each with its line."""
    if first[1] == second[1]:
        return f"{first[0]} and then {second[0]} on line {first[1]}"
    return f"{first[0]} on line {first[1]} and {second[0]} on line {second[1]}"
