"""StoredPlan: what the ledger keeps of a submission, so that it can be sent again exactly as it was."""

from msgspec import Struct

from pulse.domain.plan.job_plan import JobPlan, Step
from pulse.domain.request.job_request import JobRequest
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


def stored(plan: JobPlan) -> StoredPlan:
    return StoredPlan(request=plan.request, steps=plan.steps, why=plan.resources.why)
