"""The grammar of DynamoDB's expressions, as far as Pulse uses it.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import NoReturn

from tests.simulation.attributes import ORDERS, InvalidRequest, Unsupported

_TOKEN = re.compile(r"\s*(?:([#:]?\w+)|(<=|>=|<>|[=<>(),]))")
_ARGUMENTS = {"attribute_exists": 1, "attribute_not_exists": 1, "begins_with": 2}


@dataclass(frozen=True)
class Comparison:
    """A comparison or a function: `=`, `BETWEEN`, `begins_with`, … and its operands."""

    word: str
    operands: tuple[str, ...]


@dataclass(frozen=True)
class Joined:
    """AND or OR of two parts, or NOT of one."""

    word: str
    parts: tuple["Node", ...]


Node = Comparison | Joined


@dataclass(frozen=True)
class Changes:
    """What an UpdateExpression sets, removes and adds to. `touched`: all its names, as they are written."""

    sets: tuple[tuple[str, str], ...]
    removes: tuple[str, ...]
    adds: tuple[tuple[str, str], ...]
    touched: tuple[str, ...]


class Parser:
    """Reads one expression. Raises Unsupported for the unknown, InvalidRequest for a reserved word."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[str] = []
        end = len(text.rstrip())
        at = 0
        while at < end:
            found = _TOKEN.match(text, at)
            if found is None:
                self._fail()
            self._tokens.append(found[1] or found[2])
            at = found.end()
        self._tokens.reverse()

    def condition(self) -> Node:
        """A whole condition."""
        found = self._any_of()
        self.expect_end()
        return found

    def update(self) -> Changes:
        """A whole update."""
        sections: dict[str, list[tuple[str, str]]] = {}
        while self._tokens:
            section = self._tokens.pop().upper()
            if section not in {"SET", "REMOVE", "ADD"} or section in sections:
                self._fail()
            changes = sections[section] = [self._change(section)]
            while self.takes(","):
                changes.append(self._change(section))
        sets, adds = sections.get("SET", []), sections.get("ADD", [])
        removes = tuple(name for name, _ in sections.get("REMOVE", []))
        touched = (*(name for name, _ in (*sets, *adds)), *removes)
        return Changes(tuple(sets), removes, tuple(adds), touched)

    def name(self) -> str:
        """An attribute's name or #name."""
        token = self._tokens.pop() if self._tokens else ""
        if not re.fullmatch(r"#?\w+", token):
            self._fail()
        _expect_unreserved(token)
        return token

    def takes(self, token: str) -> bool:
        """Whether this comes next; then it is behind."""
        if not self._tokens or self._tokens[-1].upper() != token:
            return False
        self._tokens.pop()
        return True

    def expect_end(self) -> None:
        """Raises Unsupported when more follows."""
        if self._tokens:
            self._fail()

    def _any_of(self) -> Node:
        found = self._all_of()
        while self.takes("OR"):
            found = Joined("OR", (found, self._all_of()))
        return found

    def _all_of(self) -> Node:
        found = self._not()
        while self.takes("AND"):
            found = Joined("AND", (found, self._not()))
        return found

    def _not(self) -> Node:
        if self.takes("NOT"):
            return Joined("NOT", (self._not(),))
        if self.takes("("):
            found = self._any_of()
            self._expect(")")
            return found
        return self._test()

    def _test(self) -> Comparison:
        first = self._tokens[-1] if self._tokens else ""
        if first in _ARGUMENTS:
            self._tokens.pop()
            self._expect("(")
            operands = [self._operand()]
            while self.takes(","):
                operands.append(self._operand())
            self._expect(")")
            if _ARGUMENTS[first] != len(operands):
                self._fail()
            return Comparison(first, tuple(operands))
        first = self._operand()
        if self.takes("BETWEEN"):
            low = self._operand()
            self._expect("AND")
            return Comparison("BETWEEN", (first, low, self._operand()))
        word = self._tokens.pop() if self._tokens else ""
        if word not in {"=", "<>", *ORDERS}:
            self._fail()
        return Comparison(word, (first, self._operand()))

    def _operand(self) -> str:
        token = self._tokens.pop() if self._tokens else ""
        if not re.fullmatch(r"[#:]?\w+", token) or self._tokens[-1:] == ["("]:
            self._fail()
        _expect_unreserved(token)
        return token

    def _change(self, section: str) -> tuple[str, str]:
        name = self.name()
        if section == "REMOVE":
            return name, ""
        if section == "SET":
            self._expect("=")
        value = self._operand()
        if value[0] != ":":
            self._fail()
        return name, value

    def _expect(self, token: str) -> None:
        if not self.takes(token):
            self._fail()

    def _fail(self) -> NoReturn:
        raise Unsupported(f"Expression {self._text}")


@lru_cache(maxsize=1)
def _reserved_words() -> frozenset[str]:
    """https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ReservedWords.html, by moto's copy."""
    return frozenset((files("moto") / "dynamodb/parsing/reserved_keywords.txt").read_text().split())


def _expect_unreserved(token: str) -> None:
    if token.upper() in _reserved_words():
        raise InvalidRequest(f"Attribute name is a reserved keyword; reserved keyword: {token}")
