"""The ledger's indexes, read from a position on."""

from typing import Any

from pulse.aws import ledger_items as items
from pulse.aws.errors import translated
from pulse.aws.ledger_table import LedgerTable
from pulse.domain.job_page import Attribute, Position
from pulse.domain.job_record import JobRecord


def newest(
    table: LedgerTable, by: Attribute, of: str, *, most: int, after: Position | None
) -> list[JobRecord]:
    """The jobs with this value of an attribute, the newest first. Needs `dynamodb:Query` on its index.

    DynamoDB may answer with less than `most` although there is more: 1 MB at a time.
    """
    found: list[JobRecord] = []
    start: dict[str, Any] = {"ExclusiveStartKey": _key(after)} if after else {}
    while len(found) < most:
        with translated("Listing the jobs of the ledger"):
            answer: Any = table.client.query(
                TableName=table.name,
                IndexName=f"by_{by}",
                KeyConditionExpression="#by = :of",
                ExpressionAttributeNames={"#by": by},
                ExpressionAttributeValues=items.wire({":of": of}),
                ScanIndexForward=False,
                Limit=most - len(found),
                **start,
            )
        found += [items.record_of(item) for item in answer["Items"]]
        if "LastEvaluatedKey" not in answer:
            break
        start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
    return found


def _key(position: Position) -> items.Item:
    indexed = {position.by: position.of, "created_at": items.stamp(position.created_at)}
    return items.job_key(position.job_id) | items.wire(indexed)
