"""The ledger's months: what ended jobs cost, and what those that have not ended may cost at most.

Of each month `spent_usd` is the sum of the costs that are noted, and `total_usd` that and what is reserved:
what a budget must hold.
"""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

from pulse.aws.ledger import items
from pulse.aws.ledger.table import LedgerTable
from pulse.domain.cost.budget import Reservation, over_budget
from pulse.domain.cost.months import JobCost, Spent
from pulse.domain.errors import Unavailable
from pulse.domain.fault import Fault
from pulse.domain.job.record import JobRecord

_NEVER = "attribute_exists(pk) AND attribute_not_exists(pk)"
_TRIES = 3


class LedgerCosts:
    """Needs `dynamodb:GetItem`, `dynamodb:PutItem` and `dynamodb:UpdateItem` on the table."""

    def __init__(self, table: LedgerTable, kept: timedelta) -> None:
        self._table = table
        self._kept = kept

    def note_cost(self, record: JobRecord) -> Spent | None:
        """Adds what an ended job cost to its month, in place of what it reserved; None when its cost is not
        known. A job counts once: again, only what it costs more is added, as late children of an array do.
        """
        if record.cost_usd is None:
            return None
        for _ in range(_TRIES):
            noted_usd = self._noted_usd(record)
            is_noted = noted_usd is not None and noted_usd >= record.cost_usd
            if is_noted or self._add(record, record.cost_usd, noted_usd):
                # Read after it is written: of two jobs that end at once, one must see what both cost.
                month = items.month_of(record)
                total = self._total(month)
                return Spent(month, _usd(total, "spent_usd"), items.alerted_percents(total))
        raise Unavailable(f"The cost of job {record.job_id} was noted {_TRIES} times meanwhile. Try again.")

    def spent(self, month: str) -> Decimal:
        """US dollars of a month (YYYY-MM): costs, and reservations of what has not ended."""
        return self._sums(month)[1]

    def costs(self, month: str) -> Iterator[JobCost]:
        """What each ended job of a month cost, page by page. Needs `dynamodb:Query`."""
        return map(items.cost_of, self._table.query(f"COST#{month}", items.JOB))

    def reserved(self, month: str) -> Decimal:
        """US dollars that the unfinished jobs of a month may cost at most, as far as they reserved it."""
        spent_usd, total_usd = self._sums(month)
        return total_usd - spent_usd

    def _noted_usd(self, record: JobRecord) -> Decimal | None:
        item = self._table.get("Reading a job's cost from the ledger", items.cost_key(record))
        return Decimal(item["usd"]["N"]) if item else None

    def _sums(self, month: str) -> tuple[Decimal, Decimal]:
        """`spent_usd` and `total_usd`, US dollars."""
        total = self._total(month)
        return _usd(total, "spent_usd"), _usd(total, "total_usd")

    def _total(self, month: str) -> items.Item:
        return self._table.get("Reading a month's cost from the ledger", items.month_key(month)) or {}

    def _add(self, record: JobRecord, cost_usd: Decimal, noted_usd: Decimal | None) -> bool:
        """False when another cost of the job was noted since `noted_usd` was read."""
        put: Any = {
            "TableName": self._table.name,
            "Item": items.cost_key(record)
            | items.wire(items.cost_values(record, cost_usd) | {"expires_at": self._expiry(record)}),
            "ConditionExpression": "attribute_not_exists(pk)" if noted_usd is None else "usd = :noted",
        }
        if noted_usd is not None:
            put["ExpressionAttributeValues"] = items.wire({":noted": noted_usd})
        reserved_usd = record.reserved_usd or Decimal(0)
        update = self._month(
            record,
            "SET expires_at = :expires_at ADD spent_usd :spent, total_usd :total",
            {
                ":spent": cost_usd - (noted_usd or Decimal(0)),
                ":total": cost_usd - (reserved_usd if noted_usd is None else noted_usd),
            },
        )
        doing = f"Noting the cost of job {record.job_id} in the ledger"
        return self._table.transact(doing, [{"Put": put}, {"Update": update}]) is None

    def _reserve(self, record: JobRecord, usd: Decimal, budget_usd: Decimal | None = None) -> Any:
        """The month's total may grow to the budget, never above it; below zero, `usd` is given back."""
        room = None if budget_usd is None else budget_usd - usd
        update = self._month(
            record,
            "SET expires_at = :expires_at ADD total_usd :usd",
            {":usd": usd} | ({":room": room} if room is not None and room >= 0 else {}),
        )
        if room is None:
            return update
        fits = "attribute_not_exists(total_usd) OR total_usd <= :room"
        return update | {"ConditionExpression": fits if room >= 0 else _NEVER}

    def _month(self, record: JobRecord, change: str, values: dict[str, Any]) -> Any:
        return {
            "TableName": self._table.name,
            "Key": items.month_key(items.month_of(record)),
            "UpdateExpression": change,
            "ExpressionAttributeValues": items.wire(values | {":expires_at": self._expiry(record)}),
        }

    def _over(self, record: JobRecord, reservation: Reservation) -> Fault:
        spent_usd = self.spent(items.month_of(record))
        return over_budget(reservation.usd, spent_usd, reservation.budget_usd)

    def _expiry(self, record: JobRecord) -> int:
        return items.expiry(record.created_at, self._kept)


def _usd(total: items.Item, name: str) -> Decimal:
    return Decimal(total[name]["N"]) if name in total else Decimal(0)
