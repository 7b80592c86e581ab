"""A sweep's child: its combination of values, and the words of its command."""

import re
import shlex
from collections.abc import Mapping, Sequence
from itertools import islice, product
from math import prod
from typing import Any

MOST_COMBINATIONS = 10_000
"""As many children as an array job can have:
https://docs.aws.amazon.com/batch/latest/userguide/service_limits.html
"""
_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")

Value = str | int | float | bool
Grid = Mapping[str, Sequence[Value]]
"""Parameter to the values to try; the order of both decides which child has which combination."""


def size(grid: Grid) -> int:
    return prod(len(values) for values in grid.values())


def combinations(grid: Grid) -> list[dict[str, Value]]:
    """Every choice of one value a parameter, in the order of itertools.product."""
    return [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]


def combination(grid: Grid, index: int) -> dict[str, Value]:
    """The index-th of `combinations`."""
    return dict(zip(grid, next(islice(product(*grid.values()), index, None)), strict=True))


def text_of(value: Value) -> str:
    """A value as (a part of) a word of a command."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else repr(value)


def filled(words: Sequence[str], values: Mapping[str, Any]) -> list[str]:
    """The words with the placeholders that have a value replaced. A value stays within its word."""
    known = {name: text_of(value) for name, value in values.items()}
    return [_PLACEHOLDER.sub(lambda found: known.get(found[1], found[0]), word) for word in words]


def script(words: Sequence[str]) -> str:
    """A sh script that becomes the program: no shell reads anything into a word."""
    return f"exec {shlex.join(words)}\n"
