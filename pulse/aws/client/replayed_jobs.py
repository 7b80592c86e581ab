"""The ledger's items of jobs that never were: those of a replay, whose ids all begin alike."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from pulse.aws.errors import as_domain_errors
from pulse.aws.ledger.items import Item, wire

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_RECORD, _TOTAL, _COST = "RECORD", "TOTAL", "COST#"


class ReplayedJobs:
    """`begins`: what the ids of the jobs begin with, and no other job's does. Needs `dynamodb:Scan`,
    `dynamodb:UpdateItem` and `dynamodb:DeleteItem`.
    """

    def __init__(self, client: "DynamoDBClient", table: str, begins: str) -> None:
        self._client = client
        self._table = table
        self._begins = begins

    def kept(self) -> timedelta | None:
        """How long the ledger keeps a job from when it was created on; None when no job was recorded."""
        for item in self._items():
            if item["sk"]["S"] == _RECORD:
                expires = datetime.fromtimestamp(int(item["expires_at"]["N"]), UTC)
                return expires - datetime.fromisoformat(item["created_at"]["S"])
        return None

    def forget(self) -> int:
        """Deletes all items of the jobs, and takes what they cost out of their months. How many items."""
        found = list(self._items())
        costs: defaultdict[str, Decimal] = defaultdict(Decimal)
        for item in found:
            if item["pk"]["S"].startswith(_COST):
                costs[item["pk"]["S"]] += Decimal(item["usd"]["N"])
        with as_domain_errors("Taking a replay out of the ledger"):
            for month, usd in costs.items():
                self._client.update_item(
                    TableName=self._table,
                    Key=wire({"pk": month, "sk": _TOTAL}),
                    UpdateExpression="ADD spent_usd :usd, total_usd :usd",
                    ExpressionAttributeValues=wire({":usd": -usd}),
                )
            for item in found:
                key = {"pk": item["pk"], "sk": item["sk"]}
                self._client.delete_item(TableName=self._table, Key=key)
        return len(found)

    def _items(self) -> Iterator[Item]:
        """Everything under a job's key, and everything elsewhere whose sort key ends in its id."""
        pages = self._client.get_paginator("scan").paginate(
            TableName=self._table,
            FilterExpression="contains(pk, :begins) OR contains(sk, :begins)",
            ExpressionAttributeValues=wire({":begins": f"#{self._begins}"}),
            ConsistentRead=True,
        )
        with as_domain_errors("Reading a replay from the ledger"):
            for page in pages:
                yield from page["Items"]
