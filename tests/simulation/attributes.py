"""DynamoDB's attributes in their wire form: how they compare and add up, and what DynamoDB keeps of them.

Nobody changes an item or an attribute: a write puts another in its place, and so they can be shared.
"""

import operator
from collections.abc import Callable
from decimal import Context, Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

Attribute = dict[str, Any]
"""One key, the type, and the value: {"N": "1"}."""
Item = dict[str, Attribute]
Order = Callable[[Any, Any], bool]

ORDERS: dict[str, Order] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_DIGITS = Context(prec=38)
"""https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html, as the magnitudes."""
_EXACT = Context(prec=400)
_LOWEST_POWER, _HIGHEST_POWER = -130, 125
_NESTING_BYTES = 3


class Unsupported(BaseException):
    """Raised when the simulation lacks what was asked for. It ends the run: nothing under test catches it."""


class InvalidRequest(Exception):
    """Raised when DynamoDB refuses a request for its form; the message is close to DynamoDB's."""


@lru_cache(maxsize=65536)
def number(text: str) -> Decimal:
    """The value of an N attribute. Raises InvalidRequest for what DynamoDB takes for no number."""
    try:
        found = Decimal(text)
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise InvalidRequest(f"The parameter cannot be converted to a numeric value: {text}")
    if _DIGITS.plus(found) != found:
        raise InvalidRequest("Attempting to store more than 38 significant digits in a Number")
    if found and not _LOWEST_POWER <= found.adjusted() <= _HIGHEST_POWER:
        raise InvalidRequest("Attempting to store a number with magnitude larger or smaller than supported")
    return found


@lru_cache(maxsize=65536)
def number_text(text: str) -> str:
    """A number as DynamoDB returns it: without an exponent or zeros at the end."""
    return _text(number(text))


def same(left: Attribute | None, right: Attribute | None) -> bool:
    """Whether two attributes are equal; one that is not there is equal to none."""
    if left is None or right is None:
        return False
    ((kind, one),) = left.items()
    ((other_kind, other),) = right.items()
    equal: Order = _EQUAL.get(kind, operator.eq)
    return kind == other_kind and equal(one, other)


def ordered(order: Order, left: Attribute | None, right: Attribute | None) -> bool:
    """Whether two attributes stand in this order; those of different types, or not there, stand in none."""
    if left is None or right is None:
        return False
    ((kind, one),) = left.items()
    ((other_kind, other),) = right.items()
    if not {kind, other_kind} <= {"S", "N", "B"}:
        raise Unsupported(f"An order of {kind} and {other_kind}")
    if kind != other_kind:
        return False
    return order(number(one), number(other)) if kind == "N" else order(one, other)


def begins(left: Attribute | None, right: Attribute | None) -> bool:
    """Whether a text begins with another."""
    if left is None or right is None or "S" not in left or "S" not in right:
        return False
    return bool(left["S"].startswith(right["S"]))


def added(before: Attribute | None, summand: Attribute) -> Attribute:
    """The sum of two numbers, exactly."""
    if "N" not in summand:
        raise Unsupported(f"ADD of {summand}")
    if before is None:
        return summand
    if "N" not in before:
        raise InvalidRequest("An operand in the update expression has an incorrect data type")
    return {"N": number_text(_text(_EXACT.add(number(before["N"]), number(summand["N"]))))}


def stored(item: Item) -> tuple[Item, int]:
    """The item as DynamoDB keeps it, and its size in bytes, nearly as DynamoDB counts:
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html.
    """
    size = 0
    kept = item
    for name, attribute in item.items():
        if (text := attribute.get("S")) is not None:
            size += len(name) + (len(text) if text.isascii() else len(text.encode()))
            continue
        size += len(name)
        ((kind, value),) = attribute.items()
        if kind == "N":
            found: Any = number_text(value)
            size += len(found) // 2 + 2
        else:
            found, more = _nested(kind, value)
            size += more
        if found is not value and found != value:
            kept = dict(item) if kept is item else kept
            kept[name] = {kind: found}
    return kept, size


def _nested(kind: str, value: Any) -> tuple[Any, int]:
    if kind in {"BOOL", "NULL"}:
        return value, 1
    if kind == "M":
        fields, size = stored(value)
        return fields, size + _NESTING_BYTES + len(value)
    if kind == "L":
        fields, size = stored({str(index): one for index, one in enumerate(value)})
        return list(fields.values()), size + _NESTING_BYTES
    raise Unsupported(f"An attribute of type {kind}")


def _all_same(one: list[Attribute], other: list[Attribute]) -> bool:
    return len(one) == len(other) and all(map(same, one, other))


def _maps_same(one: Item, other: Item) -> bool:
    return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)


_EQUAL: dict[str, Order] = {
    "N": lambda one, other: number(one) == number(other),
    "L": _all_same,
    "M": _maps_same,
}


def _text(value: Decimal) -> str:
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
