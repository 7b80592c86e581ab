"""How many drops were refused in each ten minutes: one item of the ledger's table a window."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from pulse.aws.errors import as_domain_errors
from pulse.aws.ledger import items
from pulse.aws.ledger.table import LedgerTable
from pulse.domain.alerts.flood import Refusals


class RefusedDrops:
    """Needs `dynamodb:GetItem` and `dynamodb:UpdateItem` on the table; `between` needs `dynamodb:Query`."""

    def __init__(self, table: LedgerTable, kept: timedelta) -> None:
        self._table = table
        self._kept = kept

    def count(self, since: datetime, about: str) -> int:
        """Counts one more in the window that began at `since`; how many they are with it. Raises Unavailable,
        Misconfigured.
        """
        with as_domain_errors("Counting a refused drop"):
            counted = self._table.client.update_item(
                TableName=self._table.name,
                Key=items.refusals_key(since),
                UpdateExpression="SET #since = :since, #last = :last, expires_at = :until ADD #count :one",
                ExpressionAttributeNames={"#since": "since", "#last": "last", "#count": "count"},
                ExpressionAttributeValues=items.wire(
                    {
                        ":one": 1,
                        ":last": about,
                        ":since": items.stamp(since),
                        ":until": items.expiry(since, self._kept),
                    }
                ),
                ReturnValues="ALL_NEW",
            )
        return _refusals(counted["Attributes"]).count

    def of(self, since: datetime) -> Refusals | None:
        """Raises Unavailable, Misconfigured."""
        item = self._table.get("Reading refused drops", items.refusals_key(since))
        return _refusals(item) if item else None

    def between(self, first: datetime, last: datetime) -> Iterator[Refusals]:
        """Yields the windows that began in this time. Raises Unavailable, Misconfigured."""
        return map(_refusals, self._table.between(items.REFUSALS, items.stamp(first), items.stamp(last)))


def _refusals(item: items.Item) -> Refusals:
    return msgspec.convert(items.values_of(item) | {"alerted": "REJECTED_sent" in item}, Refusals)
