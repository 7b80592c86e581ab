"""YAML files read with the place of every value, and laid one over the other."""

from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct

from pulse.domain.fault import join, shown
from pulse.domain.parsing.yaml_scalars import misread
from pulse.domain.validation import shown_name


class SourceLine(Struct, frozen=True):
    """`keys` lead to the value from the root; `line` counts from 1."""

    file: Path
    line: int
    keys: tuple[str | int, ...]

    def __str__(self) -> str:
        return f"{self.file.parent.name}/{self.file.name}:{self.line}"


class Document(Struct, frozen=True):
    """Plain values, and the place of each by its path as faults name it (`profiles.small.vcpus`)."""

    values: dict[str, Any]
    places: dict[str, SourceLine]


class Unreadable(Exception):
    """Raised when a file is missing, is not YAML, is not a mapping or says the same key twice."""


def read(file: Path) -> Document:
    """Raises Unreadable with file, line and what is wrong."""
    places: dict[str, SourceLine] = {}
    try:
        root = yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
        values = {} if root is None else _Reader(file, places).value(root, "", ())
    except RecursionError as error:
        name = f"{file.parent.name}/{file.name}"
        raise Unreadable(f"{name}: allowed is a few levels; found too many to read") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise Unreadable(f"{file.parent.name}/{file.name} cannot be read: {error}") from error
    if not isinstance(values, dict):
        raise Unreadable(f"{file.parent.name}/{file.name}: allowed is a mapping; found another value")
    return Document(values, places)


def under(section: str, document: Document) -> Document:
    """The document as the value of `section` in another."""
    places = {
        join(section, path): SourceLine(place.file, place.line, (section, *place.keys))
        for path, place in document.places.items()
    }
    return Document({section: document.values}, places)


def lay_over(base: Document, top: Document) -> Document:
    """`top` over `base`: mappings merge key by key, anything else replaces, null takes a mapping away."""
    places = dict(base.places)
    values = _merge(base.values, top.values, "", places)
    return Document(values, places | top.places)


class _Reader:
    def __init__(self, file: Path, places: dict[str, SourceLine]) -> None:
        self._file = file
        self._places = places
        self._scalars = yaml.constructor.SafeConstructor()
        self._open: list[yaml.Node] = []

    def value(self, node: yaml.Node, path: str, keys: tuple[str | int, ...]) -> Any:
        self._places.setdefault(path, SourceLine(self._file, node.start_mark.line + 1, keys))
        if isinstance(node, yaml.CollectionNode):
            return self._collection(node, path, keys)
        if instead := misread(node.tag.rpartition(":")[2], str(node.value)):
            raise Unreadable(f"{self._places[path]}: {path}: allowed is {instead}; found {shown(node.value)}")
        try:
            return self._scalars.construct_object(node)
        except (yaml.YAMLError, ValueError) as error:
            raise Unreadable(f"{self._places[path]}: {path} cannot be read: {error}") from error

    def _collection(self, node: yaml.CollectionNode, path: str, keys: tuple[str | int, ...]) -> Any:
        if any(node is outer for outer in self._open):
            told = f"{self._places[path]}: {path}: allowed is an alias to a finished value"
            raise Unreadable(f"{told}; found one to a value that it is a part of")
        self._open.append(node)
        try:
            if isinstance(node, yaml.MappingNode):
                return self._mapping(node, path, keys)
            return [self.value(n, f"{path}[{i}]", (*keys, i)) for i, n in enumerate(node.value)]
        finally:
            self._open.pop()

    def _mapping(self, node: yaml.MappingNode, path: str, keys: tuple[str | int, ...]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            below = join(path, shown_name(key))
            place = SourceLine(self._file, key_node.start_mark.line + 1, (*keys, key))
            if key in values:
                raise Unreadable(f"{place}: {below}: allowed is each key once; found it twice")
            self._places[below] = place
            values[key] = self.value(value_node, below, (*keys, key))
        return values


def _merge(
    base: dict[str, Any], top: dict[str, Any], at: str, places: dict[str, SourceLine]
) -> dict[str, Any]:
    merged = dict(base)
    for key, value in top.items():
        path = join(at, shown_name(key))
        below = base.get(key)
        if isinstance(below, dict) and isinstance(value, dict):
            merged[key] = _merge(below, value, path, places)
            continue
        for known in [p for p in places if p == path or p.startswith((f"{path}.", f"{path}["))]:
            del places[known]
        if isinstance(below, dict) and value is None:
            del merged[key]
        else:
            merged[key] = value
    return merged
