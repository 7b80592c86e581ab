"""One thing that is wrong with an input, in the words of the person who has to repair it."""

import json
from collections.abc import Iterable, Sequence

from msgspec import Struct

SHOWN_CHARACTERS = 80
MAX_LISTED = 20
"""More than a person repairs in one go, and few enough for a message that travels several times."""
HANDFUL = 5
"""So many faults of one kind are told one by one: a list of thousands of values may have as many."""


class Fault(Struct, frozen=True, omit_defaults=True):
    """`field` is the path of the value (`profiles.small.vcpus`, `tags[Owner]`), `allowed` what would be
    accepted there, `found` what was given: escaped and cut, so that it is safe in a log line or a message.
    `more`: of how many other faults of its kind it is the only one told; 0 where it is itself one.
    """

    field: str
    allowed: str
    found: str
    more: int = 0

    def __str__(self) -> str:
        return f"{self.field}: allowed is {self.allowed}; found {self.found}"

    def below(self, path: str) -> "Fault":
        """The same fault seen from the structure that holds it under `path`."""
        return Fault(join(path, self.field), self.allowed, self.found, self.more)


def join(path: str, field: str) -> str:
    """`a` and `b` are `a.b`, `a` and `[0]` are `a[0]`."""
    if not path or not field:
        return path or field
    return path + field if field.startswith("[") else f"{path}.{field}"


def and_more(count: int, field: str, allowed: str, most: int = HANDFUL) -> list[Fault]:
    """A fault that stands for those of `count` which are not told one by one; none where all are told."""
    more = count - most
    return [Fault(field, allowed, f"… and {more:,} more", more)] if more > 0 else []


def counted(faults: Iterable[Fault]) -> int:
    """How many faults there are, with those that are not told one by one."""
    return sum(fault.more or 1 for fault in faults)


def shown(value: object, limit: int = SHOWN_CHARACTERS) -> str:
    """A value as one line of at most `limit` characters: control characters, line breaks and invisible
    direction marks come out as escapes, the rest stays readable in any script.
    """
    if value is None:
        return "nothing"
    if isinstance(value, str):
        text = repr(value[: limit + 1])
    elif isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, int) and value.bit_length() > 256:  # noqa: PLR2004 - int to str is quadratic, and refused beyond 4,300 digits
        text = f"an integer of {value.bit_length()} bits"
    else:
        text = printable(str(list(value) if isinstance(value, tuple) else value))
    return cut(text, limit)


def cut(text: str, limit: int) -> str:
    """`text` in at most `limit` characters."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def printable(text: str) -> str:
    """`text` with everything that is not printable written as an escape: one line, nothing hidden."""
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in text
    )


def printable_json(content: object, indent: int | None = None) -> str:
    """JSON for a terminal: what is not printable stands as JSON's own escape, the rest in any script."""
    text = json.dumps(content, indent=indent, ensure_ascii=False)
    return "".join(c if c == "\n" or c.isprintable() else json.dumps(c)[1:-1] for c in text)


def listed(faults: Sequence[Fault]) -> str:
    """The faults one a line, for people, at most 20 of them and how many more there are."""
    lines = [str(fault) for fault in faults[:MAX_LISTED]]
    if more := counted(faults[MAX_LISTED:]):
        lines.append(f"and {more} more")
    return "\n".join(f"- {line}" for line in lines)


def first(lines: Sequence[str]) -> list[str]:
    """The first 20, and how many more there are."""
    more = len(lines) - MAX_LISTED
    return [*lines[:MAX_LISTED], *([f"and {more} more"] if more > 0 else [])]
