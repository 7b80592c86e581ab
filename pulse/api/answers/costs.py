"""A month's costs, as the HTTP API answers them."""

from decimal import ROUND_HALF_EVEN, Decimal

from msgspec import Struct

from pulse.domain.cost.months import CostGroup, MonthCosts

MOST_GROUPS = 100
_TENTH = Decimal("0.1")


class CostsOfMonth(Struct, frozen=True, kw_only=True):
    """US dollars of the jobs that were asked for in `month` (UTC) and have ended, and how many they are.
    `reserved_usd`: what its unfinished jobs may cost at most, as far as it was reserved, which a budget does.
    `budget_usd`: null without one; `percent` of it is spent. `groups`: the dearest first, at most 100;
    `others` are the rest, together, and the jobs that the caller may not see.
    """

    month: str
    by: str
    spent_usd: Decimal
    jobs: int
    reserved_usd: Decimal
    budget_usd: Decimal | None
    percent: float | None
    groups: tuple[CostGroup, ...]
    others: CostGroup | None


def costs(found: MonthCosts) -> CostsOfMonth:
    spent_usd = sum((group.usd for group in found.groups), found.hidden.usd)
    rest = found.groups[MOST_GROUPS:]
    return CostsOfMonth(
        month=found.wanted.month,
        by=found.wanted.by,
        spent_usd=spent_usd,
        jobs=sum(group.jobs for group in found.groups) + found.hidden.jobs,
        reserved_usd=found.reserved_usd,
        budget_usd=found.budget_usd,
        percent=_percent(spent_usd, found.budget_usd),
        groups=tuple(found.groups[:MOST_GROUPS]),
        others=CostGroup(
            name=f"{len(rest)} others" if rest else "others",
            usd=sum((group.usd for group in rest), found.hidden.usd),
            jobs=sum(group.jobs for group in rest) + found.hidden.jobs,
        )
        if rest or found.hidden.jobs
        else None,
    )


def _percent(spent_usd: Decimal, budget_usd: Decimal | None) -> float | None:
    if not budget_usd:
        return None
    return float((100 * spent_usd / budget_usd).quantize(_TENTH, ROUND_HALF_EVEN))
