"""Adds what an ended job cost to its month, and alerts when the month passes a share of its budget."""

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from pulse.domain.alerts.budget import budget_alert
from pulse.domain.alerts.job_ended import Deployment
from pulse.domain.alerts.turn import MonthShare
from pulse.domain.cost.budget import share_passed
from pulse.domain.job.record import JobRecord
from pulse.services.alert.publish_alert import PublishAlert
from pulse.services.ports.ledger import Ledger


class WatchBudget(Struct, frozen=True, kw_only=True):
    """`budget_usd`: a month's; None: no limit. `percents`: the shares of it that get an alert."""

    ledger: Ledger
    publish_alert: PublishAlert
    budget_usd: Decimal | None
    percents: Sequence[int]
    deployment: Deployment

    def note(self, record: JobRecord) -> bool:
        """Adds an ended job's cost to its month, once, and alerts on the highest budget share the month has
        passed. Returns whether an alert went out. Raises Unavailable, Misconfigured.
        """
        spent = self.ledger.note_cost(record)
        budget_usd = self.budget_usd
        if spent is None or budget_usd is None:
            return False
        percent = share_passed(spent, budget_usd, self.percents)
        if percent is None:
            return False
        return self.publish_alert.once(
            MonthShare(spent.month, percent),
            "BUDGET",
            lambda: budget_alert(spent, budget_usd, percent, self.deployment),
        )
