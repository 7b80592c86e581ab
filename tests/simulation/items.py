"""Converts values to DynamoDB's attributes and back as boto3 does, several times as fast.

Most of what a simulated request takes would be boto3's own conversion. test_items.py holds the two against
each other.
"""

from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import DYNAMODB_CONTEXT

from pulse.aws.ledger import items
from pulse.domain.job.record import JobRecord

_MOST_KEPT = 20_000
_read_record = items.record_of


def serialize(value: Any) -> dict[str, Any]:
    """What `TypeSerializer.serialize` gives for text, numbers, booleans, None, lists and maps."""
    match value:
        case str():
            return {"S": value}
        case bool():
            return {"BOOL": value}
        case int() | Decimal():
            return {"N": str(DYNAMODB_CONTEXT.create_decimal(value))}
        case dict():
            return {"M": {name: serialize(one) for name, one in value.items()}}
        case list() | tuple():
            return {"L": [serialize(one) for one in value]}
        case None:
            return {"NULL": True}
    raise TypeError(f"{type(value)} is not converted here")


def deserialize(attribute: dict[str, Any]) -> Any:
    """What `TypeDeserializer.deserialize` gives for the same."""
    ((kind, value),) = attribute.items()
    match kind:
        case "S" | "BOOL":
            return value
        case "N":
            return DYNAMODB_CONTEXT.create_decimal(value)
        case "M":
            return {name: deserialize(one) for name, one in value.items()}
        case "L":
            return [deserialize(one) for one in value]
        case "NULL":
            return None
    raise TypeError(f"{kind} is not converted here")


class Records:
    """Reads records, each item once: a table shares its items and never changes one."""

    def __init__(self) -> None:
        self._kept: dict[int, tuple[Any, JobRecord]] = {}

    def record_of(self, item: Any) -> JobRecord:
        if (known := self._kept.get(id(item))) and known[0] is item:
            return known[1]
        if len(self._kept) > _MOST_KEPT:
            self._kept.clear()
        record = _read_record(item)
        self._kept[id(item)] = (item, record)
        return record
