"""The writes that a call of DynamoDB asks for, and how DynamoDB refuses them."""
# ruff: noqa: N803 - DynamoDB's parameters

from typing import Any

from botocore.exceptions import ClientError
from msgspec import Struct

from tests.simulation import expressions
from tests.simulation.attributes import InvalidRequest, Item, Unsupported, stored
from tests.simulation.dynamodb_table import Key, Table, TooLarge, Write
from tests.simulation.expressions import Names, Values
from tests.simulation.faults import client_error

IN_FLIGHT_SECONDS = 0.0039
"""How long a write is at work on its items: less than its answer and another call are on their way at least,
so that whoever knows of the answer never meets it.
"""
_CONFLICT = "Transaction is ongoing for the item"
_UNMET = "The conditional request failed"
_MOST_IN_FLIGHT = 1000


class Wanted(Struct, frozen=True):
    """A write, and whether its condition holds. `too_large`: the refusal of an item that is."""

    write: Write
    holds: bool
    too_large: TooLarge | None = None


class InFlight:
    """The items that writes are at work on."""

    def __init__(self) -> None:
        self._until: dict[Key, float] = {}

    def hold(self, keys: list[Key], now: float) -> None:
        """Begins the work of a write."""
        if len(self._until) > _MOST_IN_FLIGHT:
            self._until = {key: until for key, until in self._until.items() if until > now}
        self._until.update(dict.fromkeys(keys, now + IN_FLIGHT_SECONDS))

    def holds(self, key: Key, now: float) -> bool:
        """Whether a write is still at work on an item."""
        return self._until.get(key, 0.0) > now


def key_of(key: Item) -> Key:
    """The key in its wire form, as a pair. Raises InvalidRequest."""
    if key.keys() != {"pk", "sk"} or not (key["pk"].get("S") and key["sk"].get("S")):
        raise InvalidRequest("The provided key element does not match the schema")
    return key["pk"]["S"], key["sk"]["S"]


def put(
    table: Table,
    *,
    Item: Item,
    ConditionExpression: str = "",
    ExpressionAttributeNames: Names | None = None,
    ExpressionAttributeValues: Values | None = None,
) -> Wanted:
    """The write of a Put."""
    names, values = ExpressionAttributeNames, ExpressionAttributeValues
    expressions.check_placeholders(names, values, ConditionExpression)
    key = key_of({name: Item[name] for name in ("pk", "sk") if name in Item})
    holds = _holds(ConditionExpression, table.items.get(key), names, values)
    return _wanted(table, key, Item, "Item size", holds=holds)


def update(  # noqa: PLR0913 - DynamoDB's parameters
    table: Table,
    *,
    Key: Item,
    UpdateExpression: str,
    ConditionExpression: str = "",
    ExpressionAttributeNames: Names | None = None,
    ExpressionAttributeValues: Values | None = None,
) -> Wanted:
    """The write of an Update, which creates the item when it is not there."""
    names, values = ExpressionAttributeNames, ExpressionAttributeValues
    expressions.check_placeholders(names, values, UpdateExpression, ConditionExpression)
    key = key_of(Key)
    before = table.items.get(key)
    if not _holds(ConditionExpression, before, names, values):
        return Wanted(Write(key, before, 0), holds=False)
    item = Key if before is None else before
    after = expressions.updated(UpdateExpression, item, names or {}, values or {})
    return _wanted(table, key, after, "Item size to update", holds=True)


def transacted(table: Table, item: dict[str, dict[str, Any]]) -> Wanted:
    """One write of a transaction."""
    ((kind, request),) = item.items()
    parameters = {name: value for name, value in request.items() if name != "TableName"}
    if kind == "Put":
        return put(table, **parameters)
    if kind == "Update":
        return update(table, **parameters)
    raise Unsupported(f"{kind} in a transaction")


def refusal(operation: str, wanted: Wanted, *, is_crossed: bool) -> ClientError | None:
    """The error of a write on its own; None when it may be made. Raises TooLarge."""
    if wanted.too_large:
        raise wanted.too_large
    if is_crossed:
        return client_error(operation, "TransactionConflictException", message=_CONFLICT)
    if not wanted.holds:
        return client_error(operation, "ConditionalCheckFailedException", message=_UNMET)
    return None


def cancellation(reasons: list[dict[str, str]]) -> ClientError | None:
    """The error of a transaction with these reasons; None when it may be made."""
    codes = [reason["Code"] for reason in reasons]
    if set(codes) == {"None"}:
        return None
    message = (
        f"Transaction cancelled, please refer cancellation reasons for specific reasons [{', '.join(codes)}]"
    )
    return client_error(
        "TransactWriteItems",
        "TransactionCanceledException",
        message=message,
        Message=message,
        CancellationReasons=reasons,
    )


def reason(wanted: Wanted, *, is_crossed: bool) -> dict[str, str]:
    """Why a write of a transaction cannot be made, as a member of CancellationReasons."""
    if is_crossed:
        return {"Code": "TransactionConflict", "Message": _CONFLICT}
    if wanted.too_large:
        return {"Code": "ValidationError", "Message": str(wanted.too_large)}
    if not wanted.holds:
        return {"Code": "ConditionalCheckFailed", "Message": _UNMET}
    return {"Code": "None"}


def _holds(text: str, item: Item | None, names: Names | None, values: Values | None) -> bool:
    return not text or expressions.condition(text)(item or {}, names or {}, values or {})


def _wanted(table: Table, key: Key, item: Item, what: str, *, holds: bool) -> Wanted:
    kept, size = stored(item)
    try:
        table.check(kept, size, what)
    except TooLarge as error:
        return Wanted(Write(key, None, 0), holds, error)
    return Wanted(Write(key, kept, size), holds)
