"""What a container cost: on Fargate by what it asked for, on EC2 by its share of the instance it ran on.

On which instance an attempt ran is looked up while it runs: afterwards Amazon ECS soon forgets. What an
instance on demand costs is in the prices, what one on Spot cost is in its price history.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

from msgspec import Struct, structs

from pulse.domain.catalogue.catalogue import Catalogue, Queue
from pulse.domain.cost.fargate import MICRODOLLAR, actual_cost, ran_on_spot, without_discount
from pulse.domain.cost.instances import Instance, on_demand_usd, share, spot_usd
from pulse.domain.cost.prices import Prices
from pulse.domain.diagnosis.next_run import NextRun
from pulse.domain.errors import Misconfigured, PulseError, Unavailable
from pulse.domain.job.drift import END_UNKNOWN
from pulse.domain.job.event import Attempt, JobEvent
from pulse.domain.job.record import JobRecord
from pulse.services.ports.batch import Instances
from pulse.services.ports.ledger import Ledger

AWAITED = timedelta(minutes=10)
"""Three more deliveries of an event, of the five that its queue has."""


class Cost(Struct, frozen=True, kw_only=True):
    """US dollars, None when that is not known. `trouble`: why not, in AWS's words, for the log only."""

    usd: Decimal | None = None
    trouble: str = ""


class PriceRuns(Struct, frozen=True, kw_only=True):
    """`fargate_environments`: which of our compute environments are Fargate Spot, by name."""

    ledger: Ledger
    instances: Instances
    prices: Prices
    catalogue: Catalogue
    fargate_environments: Mapping[str, bool] = {}
    clock: Callable[[], datetime]

    def note_instance(self, event: JobEvent) -> str:
        """Notes on which instance a container runs, once an instance. Why that failed, for the log only: it
        is tried again when the container has ended.
        """
        try:
            if event.status == "RUNNING" and event.container_instance:
                self._instance(event.container_instance)
        except PulseError as error:
            return str(error)
        return ""

    def cost_of(self, record: JobRecord, event: JobEvent) -> Cost:
        """Prices all attempts of a container with the record's resources, by the event of its end. In an
        array the record is the parent's and the event its child's.

        The cost of a pod is not known, because nothing says on which instance it ran. Nor is that of a
        multi-node job on instances, because its events name the main node's only.

        Raises Unavailable when AWS failed in passing, within AWAITED of the end.
        """
        queue = self.catalogue.queues.get(record.queue)
        if queue is None or not record.vcpus or event.is_on_eks or event.status_reason == END_UNKNOWN:
            return Cost()
        if queue.platform == "FARGATE":
            return Cost(usd=self._on_fargate(record, event, queue))
        if event.is_multi_node:
            return Cost()
        try:
            usd = sum((self._on_instance(record, attempt) for attempt in event.runs), Decimal(0))
        except PulseError as error:
            stopped = event.stopped_at
            if isinstance(error, Unavailable) and stopped and self.clock() - stopped < AWAITED:
                raise
            return Cost(trouble=str(error))
        return Cost(usd=usd.quantize(MICRODOLLAR, ROUND_HALF_EVEN))

    def priced(self, following: NextRun, run: JobRecord) -> NextRun:
        """With what it will likely cost on demand, by what `run` was quoted on Spot."""
        if following.because != "spot" or run.quoted_usd is None:
            return following
        usd = without_discount(run.quoted_usd, self.prices.spot_discount.mean_percent)
        return structs.replace(following, likely_usd=usd)

    def _on_fargate(self, record: JobRecord, event: JobEvent, queue: Queue) -> Decimal:
        """By where each attempt ran: a queue that tries Spot first spills over to what comes after it."""
        seconds: dict[bool, list[float]] = {}
        for attempt in event.runs:
            spot = ran_on_spot(attempt.cluster, self.fargate_environments)
            seconds.setdefault(queue.spot if spot is None else spot, []).append(attempt.ran_seconds or 0)
        costs = (
            actual_cost(
                self.prices,
                vcpus=float(record.vcpus),
                memory_mib=record.memory_mib or 0,
                cpu_architecture=self.catalogue.cpu_architecture,
                ephemeral_gib=self.catalogue.ephemeral_gib,
                spot=spot,
                attempt_seconds=ran,
            )
            for spot, ran in seconds.items()
        )
        return sum(costs, Decimal(0)).quantize(MICRODOLLAR)

    def _on_instance(self, record: JobRecord, attempt: Attempt) -> Decimal:
        start, stop = attempt.started_at, attempt.stopped_at
        if start is None or stop is None:
            return Decimal(0)
        instance = self._instance(attempt.container_instance)
        price = self.prices.ec2.get(instance.type)
        if price is None:
            raise Misconfigured(f"config/prices.yaml has no price of {instance.type}")
        if instance.spot:
            usd = spot_usd(self.instances.spot_prices(instance, start, stop), start, stop)
        else:
            usd = on_demand_usd(price.hour_usd, start, stop)
        if usd is None:
            raise Misconfigured(f"No Spot price of {instance.type} in {instance.zone} is known at {start}")
        part = share(price, vcpus=float(record.vcpus), memory_mib=record.memory_mib or 0, gpus=record.gpus)
        return usd * min(part, Decimal(1))

    def _instance(self, container_instance: str) -> Instance:
        if not container_instance:
            raise Misconfigured("AWS Batch does not say on which container instance it ran")
        known = self.ledger.instance(container_instance)
        if known is None:
            known = self.instances.find(container_instance)
            if known is None:
                raise Misconfigured(f"Nothing is known of the container instance {container_instance!r}")
            self.ledger.note_instance(container_instance, known, now=self.clock())
        return known
