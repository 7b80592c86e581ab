"""What a job takes out of the budget of its month, and when somebody is alerted to it."""

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from pulse.domain.cost.months import Spent
from pulse.domain.fault import Fault


class Reservation(Struct, frozen=True, kw_only=True):
    """What a job may cost at most, taken out of the budget of the month it was asked for in."""

    usd: Decimal
    budget_usd: Decimal


def over_budget(usd: Decimal, month_to_date_usd: Decimal, monthly_budget_usd: Decimal) -> Fault:
    """The fault of a job of up to `usd` that exceeds the rest of the month's budget."""
    left = max(Decimal(0), monthly_budget_usd - month_to_date_usd)
    limit = f"a job of at most ${left}, which is left of this month's ${monthly_budget_usd} "
    limit += "(budget.monthly_usd in the configuration)"
    return Fault("monthly_budget_usd", limit, f"one of up to ${usd}")


def share_passed(spent: Spent, budget_usd: Decimal, percents: Sequence[int]) -> int | None:
    """The highest of `percents` of a month's budget that its costs have passed, unless it was told: by the
    last cost, or because the budget was lowered.
    """
    highest = max((one for one in percents if spent.usd * 100 >= budget_usd * one), default=None)
    return None if highest in spent.alerted_percents else highest
