"""The ledger's table: reads that are consistent, and writes under a condition, alone or together."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from pulse.aws.errors import code, translated
from pulse.aws.ledger_items import Item, wire
from pulse.domain.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_CONDITION = "ConditionalCheckFailed"
_TRANSACTION_TRIES = 4


class LedgerTable:
    def __init__(self, client: "DynamoDBClient", name: str) -> None:
        self.client = client
        self.name = name

    def get(self, doing: str, key: Item) -> Item | None:
        with translated(doing):
            answer = self.client.get_item(TableName=self.name, Key=key, ConsistentRead=True)
        return answer.get("Item")

    def query(self, pk: str, sk_begins: str) -> Iterator[Item]:
        """The items of a partition whose sort keys begin so, page by page. Needs `dynamodb:Query`."""
        more: dict[str, Any] = {}
        while True:
            with translated("Reading from the ledger"):
                answer = self.client.query(
                    TableName=self.name,
                    KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
                    ExpressionAttributeValues=wire({":pk": pk, ":sk": sk_begins}),
                    ConsistentRead=True,
                    **more,
                )
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            more = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def together(self, doing: str, writes: list[Any]) -> int | None:
        """Makes all writes or none; None when they are made, else the index of the first whose condition did
        not hold. Another write at the same moment cancels a transaction, too, which passes.
        """
        for _ in range(_TRANSACTION_TRIES):
            with translated(doing):
                try:
                    self.client.transact_write_items(TransactItems=writes)
                except ClientError as error:
                    if code(error) != "TransactionCanceledException":
                        raise
                    if (refused := _refused(error)) is not None:
                        return refused
                else:
                    return None
        raise Unavailable(f"{doing} met other writes {_TRANSACTION_TRIES} times. Try again.")

    def held(self, doing: str, write: Callable[[], object]) -> bool:
        """Whether the condition of a write held."""
        with translated(doing):
            try:
                write()
            except ClientError as error:
                if code(error) == f"{_CONDITION}Exception":
                    return False
                raise
        return True


def _refused(error: ClientError) -> int | None:
    """Which write of a cancelled transaction failed its condition, by index; None: no condition failed."""
    reasons: Any = error.response.get("CancellationReasons") or []
    codes = [reason.get("Code") for reason in reasons]
    return codes.index(_CONDITION) if _CONDITION in codes else None
