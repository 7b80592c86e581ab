"""StoredPlan: what the ledger keeps of a submission, so that it can be sent again exactly as it was."""

from decimal import Decimal

from msgspec import Struct

from pulse.domain.fault import Fault
from pulse.domain.job_plan import JobPlan, Step
from pulse.domain.job_request import JobRequest
from pulse.domain.validation import InvalidInput


class StoredPlan(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`request` is what was asked for, `steps` the parameters of each SubmitJob, `why` how it was sized."""

    request: JobRequest
    steps: tuple[Step, ...]
    why: str = ""

    def step(self, job_id: str) -> Step:
        """Raises InvalidInput when the plan has no step of that id, which no submission writes."""
        for step in self.steps:
            if step.job_id == job_id:
                return step
        raise InvalidInput([], f"the stored plan of job {job_id}")


class Reservation(Struct, frozen=True, kw_only=True):
    """What a job may cost at most, taken out of the budget of the month it was asked for in."""

    usd: Decimal
    budget_usd: Decimal


def stored(plan: JobPlan) -> StoredPlan:
    return StoredPlan(request=plan.request, steps=plan.steps, why=plan.resources.why)


def over_budget(usd: Decimal, month_to_date_usd: Decimal, monthly_budget_usd: Decimal) -> Fault:
    """Of a job of up to `usd` that the rest of the month's budget does not hold."""
    left = max(Decimal(0), monthly_budget_usd - month_to_date_usd)
    limit = f"a job of at most ${left}, which is left of this month's ${monthly_budget_usd} "
    limit += "(budget.monthly_usd in the configuration)"
    return Fault("monthly_budget_usd", limit, f"one of up to ${usd}")
