"""What an ended container cost, by the record of its job. An array costs what its children do."""

from collections.abc import Sequence
from decimal import Decimal

from pulse.domain.catalogue import Catalogue
from pulse.domain.cost import actual_cost
from pulse.domain.job_record import JobRecord
from pulse.domain.prices import Prices


def record_cost(
    prices: Prices, catalogue: Catalogue, record: JobRecord, attempt_seconds: Sequence[float]
) -> Decimal | None:
    """US dollars of a container with the record's resources; None where there is no price (instances)."""
    queue = catalogue.queues.get(record.queue)
    if queue is None or queue.platform == "EC2" or not record.vcpus:
        return None
    return actual_cost(
        prices,
        vcpus=float(record.vcpus),
        memory_mib=record.memory_mib or 0,
        cpu_architecture=catalogue.cpu_architecture,
        ephemeral_gib=catalogue.ephemeral_gib,
        spot=queue.spot,
        attempt_seconds=attempt_seconds,
    )
