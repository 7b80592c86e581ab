"""Parameters of a training, in JSON Schema's words, and the values that a request gives them.

https://json-schema.org/draft/2020-12/json-schema-validation
"""

import math
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from pulse.domain.fault import Fault, shown
from pulse.domain.request.parameters import Value

Type = Literal["string", "number", "integer", "boolean"]
_LONGEST = 1024
_EXACT = 2**53
"""Up to here a double holds every integer."""
_KINDS: dict[Type, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
}
_WORDS: dict[Type, str] = {
    "string": "a text",
    "number": "a number",
    "integer": "an integer",
    "boolean": "true or false",
}
_OF_NUMBERS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_OF_TEXTS = ("minLength", "maxLength", "pattern")


class Parameter(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One parameter. Without a `default` a request must give it. A text has no control characters, at most
    `maxLength` characters (1024 where nothing is said), and begins with a hyphen only where its `pattern` or
    `enum` allows that: programs take such a word for an option.
    """

    type: Type
    default: Value | None = None
    help: Annotated[str, Meta(pattern=r"^[^\x00-\x1f\x7f]{0,300}\Z")] = ""
    minimum: float | None = None
    maximum: float | None = None
    exclusiveMinimum: float | None = None  # noqa: N815 - JSON Schema's word
    exclusiveMaximum: float | None = None  # noqa: N815
    multipleOf: float | None = None  # noqa: N815
    minLength: Annotated[int, Meta(ge=0, le=_LONGEST)] | None = None  # noqa: N815
    maxLength: Annotated[int, Meta(ge=1, le=_LONGEST)] | None = None  # noqa: N815
    pattern: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    enum: Annotated[tuple[Value, ...], Meta(min_length=1, max_length=100)] | None = None

    def faults(self) -> list[Fault]:
        """What is wrong with its description."""
        faults = [
            Fault(word, f"nothing with type {self.type}", shown(getattr(self, word)))
            for word in self._misplaced()
            if getattr(self, word) is not None
        ]
        if self.pattern is not None and not _compiles(self.pattern):
            faults.append(Fault("pattern", "a regular expression", shown(self.pattern)))
        if self.multipleOf is not None and self.multipleOf <= 0:
            faults.append(Fault("multipleOf", "a number above 0", shown(self.multipleOf)))
        if faults:
            return faults
        for i, choice in enumerate(self.enum or ()):
            if not self._has_type(choice):
                faults.append(Fault(f"enum[{i}]", _WORDS[self.type], shown(choice)))
        if self.default is not None and not self.takes(self.default):
            faults.append(Fault("default", self.allowed, shown(self.default)))
        return faults

    @property
    def is_required(self) -> bool:
        return self.default is None

    @property
    def allowed(self) -> str:
        """What it takes, for people."""
        if self.enum:
            return "one of " + ", ".join(text_of(choice) for choice in self.enum)
        bounds = {
            "from": self.minimum,
            "to": self.maximum,
            "above": self.exclusiveMinimum,
            "below": self.exclusiveMaximum,
            "a multiple of": self.multipleOf,
        }
        told = [f"{word} {limit:g}" for word, limit in bounds.items() if limit is not None]
        if self.type == "string":
            least = f"{self.minLength} to " if self.minLength else "at most "
            told.append(f"of {least}{self.maxLength or _LONGEST} characters")
            told += [f"that matches {self.pattern}"] if self.pattern else ["not beginning with a hyphen"]
        return " ".join([_WORDS[self.type], *told])

    def takes(self, value: object) -> bool:
        """Whether a value is of its type and within its limits."""
        if not self._has_type(value):
            return False
        if self.enum:
            return value in self.enum
        return self._takes_text(value) if isinstance(value, str) else self._takes_number(value)

    def schema(self) -> dict[str, Any]:
        """The parameter as JSON Schema."""
        words = ("type", "default", "enum", *_OF_NUMBERS, *_OF_TEXTS)
        told = {word: getattr(self, word) for word in words if getattr(self, word) is not None}
        return told | ({"description": self.help} if self.help else {})

    def _misplaced(self) -> tuple[str, ...]:
        if self.type == "string":
            return _OF_NUMBERS
        return (*_OF_NUMBERS, *_OF_TEXTS) if self.type == "boolean" else _OF_TEXTS

    def _has_type(self, value: object) -> bool:
        """A number with a fraction of 0 is an integer, as in JSON Schema."""
        if isinstance(value, bool) or self.type == "boolean":
            return isinstance(value, bool) and self.type == "boolean"
        if self.type == "integer" and isinstance(value, float):
            return value.is_integer() and abs(value) <= _EXACT
        return isinstance(value, _KINDS[self.type])

    def _takes_text(self, value: str) -> bool:
        if not (self.minLength or 0) <= len(value) <= (self.maxLength or _LONGEST):
            return False
        if not value.isprintable():
            return False
        if self.pattern is not None:
            return re.search(self.pattern, value) is not None
        return not value.startswith("-")

    def _takes_number(self, value: Any) -> bool:
        if (isinstance(value, int) and abs(value) > _EXACT) or not math.isfinite(value):
            return False
        within = (
            (self.minimum is None or value >= self.minimum)
            and (self.maximum is None or value <= self.maximum)
            and (self.exclusiveMinimum is None or value > self.exclusiveMinimum)
            and (self.exclusiveMaximum is None or value < self.exclusiveMaximum)
        )
        return within and (self.multipleOf is None or _is_multiple(value, self.multipleOf))


def values_of(parameters: Mapping[str, Parameter], given: Mapping[str, Value]) -> dict[str, Value]:
    """The value of every parameter: the one that is given, or its default. For values without faults."""
    chosen = {name: given.get(name) if name in given else one.default for name, one in parameters.items()}
    return {name: _typed(parameters[name], value) for name, value in chosen.items() if value is not None}


def faults_of(parameters: Mapping[str, Parameter], given: Mapping[str, Any]) -> list[Fault]:
    """What is wrong with the values that a request gives: all of it, by the names of the parameters."""
    faults = [
        Fault(name, f"only {', '.join(parameters) or 'nothing: it has no parameters'}", shown(value))
        for name, value in given.items()
        if name not in parameters
    ]
    for name, one in parameters.items():
        if name not in given:
            faults += [Fault(name, one.allowed, "nothing, and it has no default")] if one.is_required else []
        elif not one.takes(given[name]):
            faults.append(Fault(name, one.allowed, shown(given[name])))
    return faults


def text_of(value: Value) -> str:
    """A value as a word of a command."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else repr(value)


def _typed(one: Parameter, value: Value) -> Value:
    """`3.0` as an integer is 3, and 3 as a number is 3, which every language reads."""
    return int(value) if one.type == "integer" else value


def _is_multiple(value: float, of: float) -> bool:
    """As decimal numbers: 0.3 is a multiple of 0.1."""
    times = value / of
    return math.isclose(times, round(times), rel_tol=1e-9, abs_tol=1e-9)


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError):
        return False
    return True
