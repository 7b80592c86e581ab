"""Reading a Dockerfile: instructions with their flags, variables replaced as the builder goes.

https://docs.docker.com/reference/dockerfile/ - what is not understood is an error that names the line.
"""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

KNOWN = frozenset(
    {
        "ADD",
        "ARG",
        "CMD",
        "COPY",
        "ENTRYPOINT",
        "ENV",
        "EXPOSE",
        "FROM",
        "HEALTHCHECK",
        "LABEL",
        "MAINTAINER",
        "ONBUILD",
        "RUN",
        "SHELL",
        "STOPSIGNAL",
        "USER",
        "VOLUME",
        "WORKDIR",
    }
)


class DockerfileError(Exception):
    """The Dockerfile cannot be built; the message names the line."""


@dataclass(frozen=True)
class Instruction:
    line: int
    name: str
    flags: dict[str, str]
    rest: str

    def words(self) -> list[str]:
        """The operands, of the JSON form or the shell form."""
        return self.exec_form() or self._split()

    def exec_form(self) -> list[str] | None:
        """The list, when the operand is a JSON list of strings."""
        if not self.rest.startswith("["):
            return None
        try:
            found = json.loads(self.rest)
        except ValueError:
            return None
        return found if all(isinstance(word, str) for word in found) else None

    def command(self) -> list[str]:
        """An ENTRYPOINT's or CMD's command; the shell form runs in /bin/sh."""
        words = self.exec_form()
        return words if words is not None else ["/bin/sh", "-c", self.rest]

    def pairs(self) -> list[tuple[str, str]]:
        """NAME=value pairs of ENV, LABEL and ARG; also the old form `ENV NAME value`."""
        if "=" not in self.rest.split(maxsplit=1)[0]:
            name, _, value = self.rest.partition(" ")
            return [(name, value.strip())]
        return [(name, value) for name, _, value in (word.partition("=") for word in self._split())]

    def fault(self, what: str) -> DockerfileError:
        return DockerfileError(f"Dockerfile line {self.line}, {self.name}: {what}")

    def _split(self) -> list[str]:
        try:
            return shlex.split(self.rest)
        except ValueError as error:
            raise self.fault(str(error)) from None


def parse(text: str) -> list[Instruction]:
    """Raises DockerfileError for what is no Dockerfile."""
    return [_instruction(number, line) for number, line in _logical_lines(text)]


def substitute(text: str, variables: Mapping[str, str]) -> str:
    """$NAME, ${NAME}, ${NAME:-default} and ${NAME:+other}; a backslash keeps the dollar sign."""

    def value(match: re.Match[str]) -> str:
        if match["escaped"]:
            return "$"
        found = variables.get(match["braced"] or match["plain"] or "", "")
        if match["operator"] == ":-":
            return found or match["word"]
        if match["operator"] == ":+":
            return match["word"] if found else ""
        return found

    return _VARIABLE.sub(value, text)


_VARIABLE = re.compile(
    r"(?P<escaped>\\\$)"
    r"|\$(?:\{(?P<braced>\w+)(?:(?P<operator>:[-+])(?P<word>[^}]*))?\}|(?P<plain>[A-Za-z_]\w*))"
)
_FLAG = re.compile(r"--(?P<name>[a-z-]+)(?:=(?P<value>\S*))?\s+")


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    pending, start = "", 0
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):  # also between continued lines, as Docker does
            continue
        start = start if pending else number
        pending = f"{pending} {line.removesuffix(chr(92)).rstrip()}".lstrip()
        if not line.endswith("\\"):
            yield start, pending
            pending = ""
    if pending:
        yield start, pending


def _instruction(number: int, line: str) -> Instruction:
    name, _, rest = line.partition(" ")
    name = name.upper()
    if name not in KNOWN:
        raise DockerfileError(f"Dockerfile line {number}: {name!r} is no instruction")
    if "<<" in rest and name in ("RUN", "COPY", "ADD") and re.search(r"<<-?['\"]?[A-Za-z_]", rest):
        raise DockerfileError(f"Dockerfile line {number}, {name}: here-documents are not understood here")
    rest, flags = rest.strip(), {}
    while match := _FLAG.match(f"{rest} "):
        flags[match["name"]] = match["value"] or "true"
        rest = rest[match.end() :].strip()
    if not rest:
        raise DockerfileError(f"Dockerfile line {number}: {name} says nothing")
    return Instruction(number, name, flags, rest)
