"""The ledger's indexes, read from a position on. Those of tags and callers are made of items of their own."""

from typing import Any

from pulse.aws.errors import as_domain_errors
from pulse.aws.ledger import items
from pulse.aws.ledger.table import MOST_AT_ONCE, LedgerTable
from pulse.domain.job.record import JobRecord
from pulse.domain.views.pages import Attribute, Position
from pulse.domain.views.queue import Unfinished


def newest(
    table: LedgerTable, by: Attribute, of: str, *, most: int, after: Position | None
) -> list[JobRecord]:
    """The jobs with this value of an attribute, the newest first. Needs `dynamodb:Query` on its index.

    DynamoDB may answer with less than `most` although there is more: 1 MB at a time.
    """
    found: list[JobRecord] = []
    start: dict[str, Any] = {"ExclusiveStartKey": _key(after)} if after else {}
    while len(found) < most:
        with as_domain_errors("Listing the jobs of the ledger"):
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


def listed(table: LedgerTable, partition: str, *, most: int, after: Position | None) -> list[JobRecord]:
    """The jobs listed in a partition, the newest first. Needs `dynamodb:Query` and `dynamodb:BatchGetItem` on
    the table.

    A record may have expired some hours before its listing, as DynamoDB deletes item by item.
    """
    found: list[JobRecord] = []
    start = items.listing_key(partition, after.created_at, after.job_id) if after else None
    while len(found) < most:
        page, start = table.page(partition, most=min(most - len(found), MOST_AT_ONCE), after=start)
        keys = [items.job_key(item["job_id"]["S"]) for item in page]
        records = {record.job_id: record for record in map(items.record_of, table.get_all(keys))}
        found += [records[job_id] for item in page if (job_id := item["job_id"]["S"]) in records]
        if start is None:
            break
    return found


def unfinished(table: LedgerTable, status: str, *, most: int) -> list[Unfinished]:
    """The jobs in a state, the oldest first. Needs `dynamodb:Query` on the index."""
    fields = Unfinished.__struct_fields__
    found: list[Unfinished] = []
    start: dict[str, Any] = {}
    while len(found) < most:
        with as_domain_errors("Listing the unfinished jobs of the ledger"):
            answer: Any = table.client.query(
                TableName=table.name,
                IndexName="by_status",
                KeyConditionExpression="#status = :status",
                ProjectionExpression=", ".join(f"#{name}" for name in fields),
                ExpressionAttributeNames={f"#{name}": name for name in fields},
                ExpressionAttributeValues=items.wire({":status": status}),
                **start,
            )
        found += [items.unfinished_of(item) for item in answer["Items"]]
        if "LastEvaluatedKey" not in answer:
            break
        start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
    return found[:most]


def _key(position: Position) -> items.Item:
    indexed = {position.by: position.of, "created_at": items.stamp(position.created_at)}
    return items.job_key(position.job_id) | items.wire(indexed)
