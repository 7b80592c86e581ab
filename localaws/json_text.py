"""JSON from outside: no deeper than whoever walks through it can go."""

import json
from typing import Any

MOST_LEVELS = 100


def loads(text: str | bytes) -> Any:
    """Raises ValueError for what is not JSON, or has objects and lists in each other on too many levels."""
    try:
        value = json.loads(text)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    level = [value]
    for _ in range(MOST_LEVELS):
        level = [inner for one in level for inner in _inside(one)]
        if not level:
            return value
    raise ValueError(_TOO_DEEP)


_TOO_DEEP = f"objects and lists are nested more than {MOST_LEVELS} deep"


def _inside(value: Any) -> Any:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
