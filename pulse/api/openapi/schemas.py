"""The API's types as JSON Schema 2020-12, which OpenAPI 3.1 takes, made of the types that check the calls."""

import inspect
import re
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from pulse.domain.request.job_request import JobRequest

Schema = dict[str, Any]
_PATTERNS = (
    (r"\Z", "$"),
    # JSON in UTF-8 holds no lone surrogates, and some regular expressions cannot name them.
    (r"\ud800-\udfff", ""),
    (r"\w", r"\p{L}\p{N}_"),
)
"""From Python's regular expressions to ECMAScript's with the flag u:
https://json-schema.org/draft/2020-12/json-schema-core#name-regular-expressions
"""
_ONE_CLASS = re.compile(r"(\^(?:\(\?![^)]*\))?\[[^]]*\])\{(\d+),(\d+)\}\$")
"""A pattern of so many characters of one class, none of them first perhaps."""
_USD: Schema = {
    "anyOf": [
        {"type": "number", "exclusiveMinimum": 0, "maximum": 1_000_000},
        {"type": "string", "pattern": r"^(?=.*[1-9])[0-9]{1,6}(\.[0-9]{1,4})?$"},
        {"type": "null"},
    ],
    "description": "US dollars above 0 and up to 1000000, as a number or in quotes",
}


def reference(kind: type) -> Schema:
    return {"$ref": f"#/components/schemas/{kind.__name__}"}


def schemas(kinds: Iterable[type], *, profiles: Iterable[str], queues: Iterable[str]) -> dict[str, Schema]:
    """By name, with all that they are made of. `profiles` and `queues` are those that there are."""
    _, found = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
    published: dict[str, Schema] = {name: _published(schema) for name, schema in found.items()}
    properties = published[JobRequest.__name__]["properties"]
    properties["max_cost_usd"] = _USD
    for name, known in (("profile", profiles), ("queue", queues)):
        properties[name] = {"enum": [*sorted(known), None]}
    return published


def _published(value: Any) -> Any:
    """A schema without what says nothing (`default: null`), in ECMAScript's regular expressions."""
    if isinstance(value, list):
        return [_published(item) for item in value]
    if not isinstance(value, dict):
        return value
    schema = {
        name: _REWRITTEN.get(name, _published)(item)
        for name, item in value.items()
        if not (name == "default" and item is None)
    }
    return _measured(schema) if isinstance(schema.get("pattern"), str) else schema


def _measured(schema: Schema) -> Schema:
    """With the length beside the pattern: validators refuse to repeat a large class hundreds of times."""
    found = _ONE_CLASS.fullmatch(schema["pattern"])
    if not found:
        return schema
    return schema | {"pattern": f"{found[1]}*$", "minLength": int(found[2]), "maxLength": int(found[3])}


def ecma(pattern: Any) -> Any:
    """A pattern of Python's in the syntax of ECMAScript's; whatever is no text, as it is."""
    if isinstance(pattern, str):
        for python, ecma in _PATTERNS:
            pattern = pattern.replace(python, ecma)
    return pattern


def _prose(description: Any) -> Any:
    """A docstring as paragraphs, its lines joined."""
    if not isinstance(description, str):
        return description
    paragraphs = inspect.cleandoc(description).split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


_REWRITTEN: dict[str, Callable[[Any], Any]] = {"pattern": ecma, "description": _prose}
