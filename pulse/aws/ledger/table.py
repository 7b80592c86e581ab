"""The ledger's table: reads that are consistent, and writes under a condition, alone or together."""

import random
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from pulse.aws.errors import as_domain_errors, code
from pulse.aws.ledger.items import Item, wire
from pulse.domain.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MOST_AT_ONCE = 100
"""Items of one BatchGetItem: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html."""
_CONDITION = "ConditionalCheckFailed"
_TRIES = 6
_LONGEST_FIRST_PAUSE_SECONDS = 0.025


class LedgerTable:
    def __init__(self, client: "DynamoDBClient", name: str) -> None:
        self.client = client
        self.name = name

    def get(self, doing: str, key: Item) -> Item | None:
        with as_domain_errors(doing):
            answer = self.client.get_item(TableName=self.name, Key=key, ConsistentRead=True)
        return answer.get("Item")

    def query(self, pk: str, sk_begins: str) -> Iterator[Item]:
        """The items of a partition whose sort keys begin so, page by page. Needs `dynamodb:Query`."""
        return self._each("begins_with(sk, :begin)", {":pk": pk, ":begin": sk_begins})

    def between(self, pk: str, sk_first: str, sk_last: str) -> Iterator[Item]:
        """Those whose sort keys lie between these two. Needs `dynamodb:Query`."""
        return self._each("sk BETWEEN :first AND :last", {":pk": pk, ":first": sk_first, ":last": sk_last})

    def _each(self, condition: str, values: dict[str, str]) -> Iterator[Item]:
        more: dict[str, Any] = {}
        while True:
            with as_domain_errors("Reading from the ledger"):
                answer = self.client.query(
                    TableName=self.name,
                    KeyConditionExpression=f"pk = :pk AND {condition}",
                    ExpressionAttributeValues=wire(values),
                    ConsistentRead=True,
                    **more,
                )
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            more = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def page(self, pk: str, *, most: int, after: Item | None) -> tuple[list[Item], Item | None]:
        """At most `most` items of a partition, the last first, beyond the key `after`; and the key to go on
        from, None at the end. Needs `dynamodb:Query`.
        """
        start: dict[str, Any] = {"ExclusiveStartKey": after} if after else {}
        with as_domain_errors("Reading from the ledger"):
            answer = self.client.query(
                TableName=self.name,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues=wire({":pk": pk}),
                ScanIndexForward=False,
                ConsistentRead=True,
                Limit=most,
                **start,
            )
        return answer["Items"], answer.get("LastEvaluatedKey")

    def get_all(self, keys: list[Item]) -> list[Item]:
        """The items of at most MOST_AT_ONCE keys, in any order, without those that are not there. What
        DynamoDB leaves undone, at 16 MB or when it is busy, is asked for again.
        """
        found: list[Item] = []
        if not (wanted := keys):
            return found
        for pause in _pauses():
            with as_domain_errors("Reading from the ledger"):
                answer: Any = self.client.batch_get_item(
                    RequestItems={self.name: {"Keys": wanted, "ConsistentRead": True}}
                )
            found += answer["Responses"].get(self.name, [])
            wanted = answer["UnprocessedKeys"].get(self.name, {}).get("Keys", [])
            if not wanted:
                return found
            time.sleep(pause)
        raise Unavailable(f"Reading from the ledger: {len(wanted)} items were left undone. Try again.")

    def transact(self, doing: str, writes: list[Any]) -> int | None:
        """Makes all writes or none; None when they are made, else the index of the first whose condition did
        not hold. Another write at the same moment cancels a transaction, too, which passes:
        https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html.
        """
        for pause in _pauses():
            with as_domain_errors(doing):
                try:
                    self.client.transact_write_items(TransactItems=writes)
                except ClientError as error:
                    if code(error) != "TransactionCanceledException":
                        raise
                    if (refused := _refused(error)) is not None:
                        return refused
                    time.sleep(pause)
                else:
                    return None
        raise Unavailable(f"{doing} met other writes {_TRIES} times. Try again.")

    def write_if(self, doing: str, write: Callable[[], object]) -> bool:
        """Whether the condition of a write held."""
        with as_domain_errors(doing):
            try:
                write()
            except ClientError as error:
                if code(error) == f"{_CONDITION}Exception":
                    return False
                raise
        return True


def _pauses() -> Iterator[float]:
    """Seconds, one a try: longer each time, and at random, so that those who met part."""
    for number in range(_TRIES):
        yield random.uniform(0, _LONGEST_FIRST_PAUSE_SECONDS * 2**number)  # noqa: S311 - spreads, hides nothing


def _refused(error: ClientError) -> int | None:
    """Which write of a cancelled transaction failed its condition, by index; None: no condition failed."""
    reasons: Any = error.response.get("CancellationReasons") or []
    codes = [reason.get("Code") for reason in reasons]
    return codes.index(_CONDITION) if _CONDITION in codes else None
