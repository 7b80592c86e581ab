"""Bounds for JSON from outside: how deep it may be nested, and how large its numbers may be."""

from typing import Any

from pulse.domain.fault import join
from pulse.domain.validation import shown_name

MOST_LEVELS = 100
"""Nobody writes as many, and whatever walks a value by recursion has Python's 1,000 frames for it."""
LARGEST = 1e15
"""The largest number of either sign: no job has as many bytes, rows, MiB or seconds."""
_SMALLEST = 1e-100
"""What is nearer to zero is zero. Amazon DynamoDB takes magnitudes from 1E-130 to 9.99E+125:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
"""


def is_too_deep(value: object) -> bool:
    """Whether a decoded value has more than MOST_LEVELS levels. Does not recurse itself."""
    level = [value]
    for _ in range(MOST_LEVELS + 1):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return True


def bounded(value: Any, path: str = "") -> tuple[Any, list[str]]:
    """The value with null in place of each number beyond LARGEST, and the paths of these. The value must not
    be too deep.
    """
    if isinstance(value, dict):
        named = {name: bounded(item, join(path, shown_name(name))) for name, item in value.items()}
        return {name: item for name, (item, _) in named.items()}, _all(named.values())
    if isinstance(value, list):
        items = [bounded(item, f"{path}[{index}]") for index, item in enumerate(value)]
        return [item for item, _ in items], _all(items)
    if isinstance(value, int | float) and not isinstance(value, bool):
        if not -LARGEST <= value <= LARGEST:
            return None, [path]
        return (value if value == 0 or abs(value) >= _SMALLEST else 0.0), []
    return value, []


def _all(found: Any) -> list[str]:
    return [path for _, paths in found for path in paths]
