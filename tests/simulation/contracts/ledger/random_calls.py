"""Random calls of a DynamoDB on a few items, and their answers in a form that can be compared."""

from collections.abc import Iterator
from decimal import Decimal
from random import Random
from typing import Any

from botocore.exceptions import ClientError

Request = dict[str, Any]

_CONDITIONS = (
    "",
    "attribute_not_exists(pk)",
    "attribute_exists(pk)",
    "n = :n",
    "n <> :n",
    "n < :n",
    "n >= :n OR attribute_not_exists(n)",
    "NOT begins_with(s, :s) AND attribute_exists(n)",
    "n BETWEEN :low AND :high",
    "s = :s",
)
_UPDATES = (
    "SET n = :n",
    "SET s = :s REMOVE n",
    "ADD n :n",
    "SET s = :s ADD n :high",
    "SET #day = :day",
    "REMOVE #day, s",
    "SET #day = :day, s = :s ADD n :n REMOVE list_of",
)
_RANGES = ("", "begins_with(sk, :b)", "sk BETWEEN :b AND :z", "sk > :b", "sk >= :b", "sk < :b", "sk = :b")
_TEXTS = ("a", "ab", "b", "ü")
_SORT_KEYS = ("R", "C#1", "C#2", "C#10")
_METRICS = {"ResponseMetadata", "Count", "ScannedCount", "ConsumedCapacity", "ItemCollectionMetrics"}


def calls(random: Random, table: str, count: int) -> Iterator[tuple[str, Request]]:
    """So many methods of the client with their arguments."""
    for _ in range(count):
        way = random.random()
        if way < 0.25:
            yield "put_item", _put(random, table)
        elif way < 0.5:
            yield "update_item", _update(random, table)
        elif way < 0.7:
            kinds = [random.choice(["Put", "Update"]) for _ in range(random.randint(1, 4))]
            made = {"Put": _put, "Update": _update}
            yield (
                "transact_write_items",
                {"TransactItems": [{one: made[one](random, table)} for one in kinds]},
            )
        elif way < 0.8:
            yield "get_item", {"TableName": table, "Key": _key(random), "ConsistentRead": True}
        elif way < 0.9:
            yield "query", _query(random, table)
        else:
            yield "query", _index_query(random, table)


def answer(client: Any, method: str, request: Request) -> Any:
    """What the call is answered, or the codes of its error; equal numbers are equal."""
    try:
        found = getattr(client, method)(**request)
    except ClientError as error:
        reasons: Any = error.response.get("CancellationReasons", [])
        return error.response["Error"]["Code"], [reason["Code"] for reason in reasons]
    return _comparable({name: value for name, value in found.items() if name not in _METRICS})


def _comparable(value: Any) -> Any:
    if isinstance(value, dict):
        if value.keys() == {"N"}:
            return Decimal(value["N"])
        return {name: _comparable(one) for name, one in value.items()}
    return [_comparable(one) for one in value] if isinstance(value, list) else value


def _key(random: Random) -> Request:
    return {"pk": {"S": random.choice("AB")}, "sk": {"S": random.choice(_SORT_KEYS)}}


def _put(random: Random, table: str) -> Request:
    attributes = {
        "n": {"N": random.choice(["1", "2.50", "-1", "0"])},
        "s": {"S": random.choice(_TEXTS)},
        "day": {"S": random.choice(["d1", "d2"])},
        "created_at": {"S": random.choice(["t1", "t2", "t3"])},
        "list_of": {"L": [{"N": "1.0"}, {"S": "x"}]},
    }
    item = _key(random) | {name: value for name, value in attributes.items() if random.random() < 0.7}
    return {"TableName": table, "Item": item} | _expressions(random, random.choice(_CONDITIONS))


def _update(random: Random, table: str) -> Request:
    update = random.choice(_UPDATES)
    made = _expressions(random, random.choice(_CONDITIONS), update)
    return {"TableName": table, "Key": _key(random), "UpdateExpression": update} | made


def _expressions(random: Random, condition: str, update: str = "") -> Request:
    values = {
        ":n": {"N": str(random.randint(-2, 5))},
        ":low": {"N": random.choice(["-1.5", "0"])},
        ":high": {"N": random.choice(["1.50", "2"])},
        ":s": {"S": random.choice(_TEXTS)},
        ":day": {"S": random.choice(["d1", "d2"])},
    }
    used = {name: value for name, value in values.items() if name in (condition + update)}
    return {
        **({"ConditionExpression": condition} if condition else {}),
        **({"ExpressionAttributeNames": {"#day": "day"}} if "#day" in update else {}),
        **({"ExpressionAttributeValues": used} if used else {}),
    }


def _query(random: Random, table: str) -> Request:
    test = random.choice(_RANGES)
    values = {
        ":pk": {"S": random.choice("AB")},
        ":b": {"S": random.choice(["C#", "C#1", "R"])},
        ":z": {"S": "S"},
    }
    return {
        "TableName": table,
        "KeyConditionExpression": f"pk = :pk AND {test}" if test else "pk = :pk",
        "ExpressionAttributeValues": {name: one for name, one in values.items() if name in f":pk {test}"},
        "ScanIndexForward": random.random() < 0.5,
        "ConsistentRead": True,
    }


def _index_query(random: Random, table: str) -> Request:
    return {
        "TableName": table,
        "IndexName": "by_day",
        "KeyConditionExpression": "#day = :day",
        "ExpressionAttributeNames": {"#day": "day"},
        "ExpressionAttributeValues": {":day": {"S": random.choice(["d1", "d2"])}},
    }
