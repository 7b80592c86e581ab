"""A request in YAML, read so that every value is what it looks like and no field is lost.

YAML 1.1 takes `no` for false, `010` for 8 and `1:30` for 90, and of a name that comes twice the last value.
All of that is refused with its line. Dates stay the text that they are.
"""

from collections.abc import Iterator
from typing import Any

import yaml

from pulse.domain.fault import Fault, cut, join, printable
from pulse.domain.parsing.json_text import ONCE, two_values
from pulse.domain.parsing.yaml_scalars import misread
from pulse.domain.validation import InvalidInput, shown_name

_TAG = "tag:yaml.org,2002:"
_TEXT = f"{_TAG}str"
_AS_WRITTEN = {f"{_TAG}timestamp", f"{_TAG}value", f"{_TAG}merge"}
_SCALARS = {_TEXT, *(f"{_TAG}{kind}" for kind in ("int", "float", "bool", "null"))}
_COLLECTIONS = {f"{_TAG}map", f"{_TAG}seq"}
_SHOWN_CHARACTERS = 60
_WHOLE = "the whole"


def read(text: str) -> Any:
    """The value, made of what JSON knows. Raises yaml.YAMLError, and InvalidInput with every fault."""
    loader = yaml.SafeLoader(text)
    try:
        root = loader.get_single_node()
        if root is None:
            return None
        faults = list(_Reading(text).faults(root, ""))
        if faults:
            raise InvalidInput(faults, "the YAML")
        return loader.construct_document(root)
    finally:
        loader.dispose()


class _Reading:
    def __init__(self, text: str) -> None:
        self._text = text
        self._open: list[yaml.Node] = []
        self._done: set[int] = set()

    def faults(self, node: yaml.Node, path: str) -> Iterator[Fault]:
        """Everything that is wrong with a value. Dates and names become the text as it is written."""
        if any(node is outer for outer in self._open):
            yield Fault(path or _WHOLE, "an alias to a finished value", "one to a value that it is a part of")
        elif id(node) not in self._done:
            self._done.add(id(node))
            self._open.append(node)
            yield from (
                self._scalar(node, path) if isinstance(node, yaml.ScalarNode) else self._many(node, path)
            )
            self._open.pop()

    def _many(self, node: yaml.Node, path: str) -> Iterator[Fault]:
        if node.tag not in _COLLECTIONS:
            yield Fault(path or _WHOLE, "a list or an object", f"{printable(node.tag)} on line {_line(node)}")
        elif isinstance(node, yaml.MappingNode):
            yield from self._mapping(node, path)
        else:
            for index, item in enumerate(node.value):
                if item.tag == f"{_TAG}null":
                    limit = "a value; a text in quotes"
                    yield Fault(
                        f"{path}[{index}]", limit, f"{self._shown(item)}, which YAML takes for nothing"
                    )
                yield from self.faults(item, f"{path}[{index}]")

    def _mapping(self, node: yaml.MappingNode, path: str) -> Iterator[Fault]:
        known: dict[str, yaml.Node] = {}
        for name, value in node.value:
            if not isinstance(name, yaml.ScalarNode):
                yield Fault(
                    path or _WHOLE,
                    "names that are text",
                    f"a list or an object as a name on line {_line(name)}",
                )
                continue
            if name.tag != f"{_TAG}merge":
                name.tag = _TEXT  # as it is written, whatever YAML makes of it
            below = join(path, shown_name(name.value))
            if name.value in known:
                both = [(self._piece(one), _line(one)) for one in (known[name.value], value)]
                yield Fault(below, ONCE, two_values(*both))
            known.setdefault(name.value, value)
            yield from self.faults(value, below)

    def _scalar(self, node: yaml.ScalarNode, path: str) -> Iterator[Fault]:
        if node.tag in _AS_WRITTEN:
            node.tag = _TEXT
        if node.tag not in _SCALARS:
            limit = "a text, a number, true, false or null"
            yield Fault(path or _WHOLE, limit, f"{printable(node.tag)} on line {_line(node)}")
        elif limit := misread(node.tag.removeprefix(_TAG), node.value):
            yield Fault(path or _WHOLE, limit, self._shown(node))

    def _shown(self, node: yaml.Node) -> str:
        return f"{self._piece(node) or 'nothing'} on line {_line(node)}"

    def _piece(self, node: yaml.Node) -> str:
        """The value as it is written, on one line."""
        return cut(printable(self._text[node.start_mark.index : node.end_mark.index]), _SHOWN_CHARACTERS)


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
