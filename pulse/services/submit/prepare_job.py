"""What has to be known before a request can be planned: its resources, the jobs it waits for, its cost.

Most requests say it all themselves and cost no call here.
"""

from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from pulse.domain.catalogue.catalogue import Catalogue
from pulse.domain.cost.budget import Reservation
from pulse.domain.plan.job_plan import requested_resources
from pulse.domain.plan.preparation import Preparation
from pulse.domain.request.job_request import JobRequest
from pulse.domain.request.resources import RequestedResources, Resources
from pulse.services.submit.resolve_dependencies import ResolveDependencies

if TYPE_CHECKING:
    from pulse.services.submit.quote_job import Costs


class Size(Protocol):
    def __call__(self, request: JobRequest, wanted: RequestedResources) -> Resources: ...


class Price(Protocol):
    def __call__(self, request: JobRequest, resources: Resources, *, history: bool) -> "Costs": ...


class PrepareJob(Struct, frozen=True, kw_only=True):
    """`size` looks at the data and at earlier runs; `price` makes a quote. `budget_usd`: of a month."""

    catalogue: Catalogue
    resolve_dependencies: ResolveDependencies
    size: Size
    price: Price
    budget_usd: Decimal | None

    def prepare(self, request: JobRequest, *, quoted: bool = False) -> Preparation:
        """`quoted`: with a quote from earlier runs, which a submission needs only under a limit: its cost
        is held against what is quoted when its job starts.

        Raises InvalidRequest, NotYetSubmitted, Unavailable, Misconfigured.
        """
        profile = self.catalogue.profiles[self.catalogue.profile_of(request)]
        wanted = requested_resources(request, profile)
        resources = self.size(request, wanted) if wanted.is_auto else given(wanted)
        depends_on = self.resolve_dependencies.resolve(request) if request.depends_on else ()
        if not quoted and not self._is_limited(request):
            # What prices are worked out with would cost each cold start a tenth of its time.
            return Preparation(resources=resources, depends_on=depends_on)
        costs = self.price(request, resources, history=quoted)
        return Preparation(
            resources=resources,
            depends_on=depends_on,
            quote=costs.quote,
            over_limit=costs.over_limit,
            reservation=self._reservation(costs.quote.high_usd),
        )

    def _is_limited(self, request: JobRequest) -> bool:
        limits = (request.max_cost_usd, self.catalogue.request_defaults.max_cost_usd, self.budget_usd)
        return any(limit is not None for limit in limits)

    def _reservation(self, high_usd: Decimal | None) -> Reservation | None:
        if self.budget_usd is None or high_usd is None:
            return None
        return Reservation(usd=high_usd, budget_usd=self.budget_usd)


def given(wanted: RequestedResources) -> Resources:
    """The numbers of a request that leaves nothing to the data."""
    return Resources(
        vcpus=float(wanted.vcpus),
        memory_mib=int(wanted.memory_mib),
        timeout_seconds=int(wanted.timeout_seconds),
        gpus=wanted.gpus,
    )
