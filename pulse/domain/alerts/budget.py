"""The alert when a month's costs pass a share of its budget: BUDGET."""

from decimal import Decimal

from pulse.domain.alerts.about_job import Deployment
from pulse.domain.alerts.alert import SEVERITIES, Alert, Command, Link, facts
from pulse.domain.alerts.facts import share
from pulse.domain.cost.months import Spent
from pulse.domain.text.dollars import usd

_ALL = 100
_LOOK = "Look at what costs most."


def budget_alert(spent: Spent, budget_usd: Decimal, percent: int, deployment: Deployment) -> Alert:
    """The month's costs have passed `percent` of `budget_usd`."""
    is_used_up = percent >= _ALL
    spent_share = share(spent.usd, budget_usd)
    left_usd = max(Decimal(0), budget_usd - spent.usd)
    sentence = (
        f"The jobs of {spent.month} that have ended cost an estimated {usd(spent.usd)}, "
        f"{spent_share} of the month's {usd(budget_usd)}."
    )
    if is_used_up:
        headline = f"The budget of {spent.month} is used up"
        reason = f"{sentence} Until the next month (UTC) Pulse refuses jobs that have a price."
        next_step = (
            f"{_LOOK} To go on this month, raise budget.monthly_usd in the configuration and deploy it."
        )
    else:
        headline = f"{percent} % of the budget of {spent.month} is used up"
        reason = f"{sentence} {usd(left_usd)} are left; Pulse refuses jobs that could cost more."
        next_step = (
            f"{_LOOK} If the rest will not do, raise budget.monthly_usd in the configuration and deploy it."
        )
    return Alert(
        kind="BUDGET",
        severity="error" if is_used_up else SEVERITIES["BUDGET"],
        about=f"budget of {spent.month}",
        headline=headline,
        reason=reason,
        next_step=next_step,
        facts=facts(
            [
                ("Month", f"{spent.month} (UTC)"),
                ("Spent", f"{usd(spent.usd)} ({spent_share})"),
                ("Left", usd(left_usd)),
                ("Budget", usd(budget_usd)),
            ]
        ),
        commands=(Command("See what costs most", f"pulse cost --month {spent.month}"),),
        links=(Link("Jobs", deployment.console.jobs()),),
        cause="budget",
    )
