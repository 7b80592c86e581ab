"""What a request will cost with the resources it gets, and whether that is too much."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from pulse.domain.catalogue.catalogue import Catalogue
from pulse.domain.console import of_arn
from pulse.domain.cost.prices import Prices
from pulse.domain.cost.quote import Quote, over_limits, quote
from pulse.domain.fault import Fault
from pulse.domain.job.record import JobRecord
from pulse.domain.request.job_request import JobRequest
from pulse.domain.request.resources import Resources
from pulse.services.ports.ledger import Ledger
from pulse.services.query.past_runs import PastRuns, named


class Costs(Struct, frozen=True, kw_only=True):
    """`over_limit`: why it may cost more than the request, or the month's budget, allows."""

    quote: Quote
    over_limit: tuple[Fault, ...] = ()


class QuoteJob(Struct, frozen=True, kw_only=True):
    ledger: Ledger
    past_runs: PastRuns
    catalogue: Catalogue
    prices: Prices
    budget_usd: Decimal | None
    clock: Callable[[], datetime]

    def price(self, request: JobRequest, resources: Resources, *, history: bool) -> Costs:
        """`history`: with earlier runs and the month's budget, which cost calls; a submission takes its part
        of the budget when it is claimed. Raises Unavailable, Misconfigured.
        """
        profile_name = self.catalogue.profile_of(request)
        profile = self.catalogue.profiles[profile_name]
        queue_name = request.queue or profile.queue
        queue = self.catalogue.queues[queue_name]
        runs = self._runs(request, profile_name) if history else []
        quoted = quote(
            self.prices,
            vcpus=resources.vcpus,
            memory_mib=resources.memory_mib,
            gpus=resources.gpus,
            platform=queue.platform,
            instance_types=queue.instance_types,
            spot=queue.spot,
            region=of_arn(queue.arn).region,
            cpu_architecture=self.catalogue.cpu_architecture,
            ephemeral_gib=self.catalogue.ephemeral_gib,
            expected_seconds=request.expected_runtime_seconds or resources.expected_seconds,
            timeout_seconds=resources.timeout_seconds,
            attempts=request.attempts or profile.attempts,
            jobs=(request.array_size or 0) + 1,
            ran_seconds=[run.ran_seconds or 0 for run in runs],
            waited_seconds=[run.waited_seconds or 0 for run in runs if run.queue == queue_name],
        )
        budget_usd = self.budget_usd if history else None
        spent = self.ledger.spent(f"{self.clock():%Y-%m}") if budget_usd is not None else Decimal(0)
        over = over_limits(
            quoted,
            max_cost_usd=request.max_cost_usd,
            default_max_usd=self.catalogue.request_defaults.max_cost_usd,
            month_to_date_usd=spent,
            monthly_budget_usd=budget_usd,
        )
        return Costs(quote=quoted, over_limit=tuple(over))

    def _runs(self, request: JobRequest, profile: str) -> list[JobRecord]:
        training = named(request)
        same_data = self.past_runs.of_dataset(request.dataset or "", training)
        return self.past_runs.of_profile(profile, training, same_data)
