"""What a month's jobs cost, by what they have in common."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from pulse.domain.access import Guard
from pulse.domain.cost import months
from pulse.domain.cost.months import JobCost, MonthCosts
from pulse.services.ports.ledger import Ledger


class ListCosts(Struct, frozen=True, kw_only=True):
    ledger: Ledger
    budget_usd: Decimal | None
    clock: Callable[[], datetime]

    def costs(self, query: Mapping[str, str], guard: Guard) -> MonthCosts:
        """`query`: a call's parameters. Raises InvalidCall, Unavailable, Misconfigured."""
        wanted = months.wanted(query, self.clock())
        seen: list[JobCost] = []
        hidden: list[JobCost] = []
        for cost in self.ledger.costs(wanted.month):
            (seen if guard.may_see(cost) else hidden).append(cost)
        return MonthCosts(
            wanted=wanted,
            groups=months.groups(seen, wanted.by),
            reserved_usd=self.ledger.reserved(wanted.month),
            budget_usd=self.budget_usd,
            hidden=months.together(hidden),
        )
