"""Reads single fields of a document that another system wrote. A field that is missing, has another type or
is out of its bounds counts as absent, so that one odd field never costs the rest.
"""

import re
from decimal import Decimal
from typing import Any

Fields = dict[str, Any]

_WHOLE = re.compile(r"[0-9]{1,18}")
_DECIMAL = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")


def fields(value: object) -> Fields:
    """Returns the fields of an object, none of any other value."""
    return value if isinstance(value, dict) else {}


def objects(value: object) -> list[Fields]:
    """Returns the objects of a list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list | tuple) else []


def text(value: object) -> str:
    """Returns a text, empty for any other value."""
    return value if isinstance(value, str) else ""


def texts(value: object) -> tuple[str, ...]:
    """Returns the texts of a list."""
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list | tuple) else ()


def whole(value: object, lowest: int, highest: int) -> int | None:
    """Returns a whole number within its bounds, which may be written as text: `4096` or `"4096"`."""
    if isinstance(value, str):
        value = int(value) if _WHOLE.fullmatch(value) else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if lowest <= value <= highest else None


def amount(value: object, highest: int) -> Decimal | None:
    """Returns a number above 0 up to `highest`, which may be written as text: `0.25` or `"0.25"`."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value) if 0 < value <= highest else None
    number = Decimal(value) if isinstance(value, str) and _DECIMAL.fullmatch(value) else Decimal(0)
    return number if 0 < number <= highest else None
