"""What a job will likely cost, by the record of it: the same quote as before it was submitted."""

from collections.abc import Sequence
from decimal import Decimal

from pulse.domain.catalogue.catalogue import Catalogue
from pulse.domain.cost.prices import Prices
from pulse.domain.cost.quote import quote
from pulse.domain.job.record import JobRecord


def likely_usd(
    prices: Prices,
    catalogue: Catalogue,
    record: JobRecord,
    *,
    timeout_seconds: int | None,
    ran_seconds: Sequence[float],
) -> Decimal | None:
    """US dollars, None where there is no price. `timeout_seconds` of an attempt; `ran_seconds` of earlier
    runs of its profile. What was quoted before where the record or its queue does not tell enough.
    """
    queue = catalogue.queues.get(record.queue)
    if queue is None or timeout_seconds is None or not record.vcpus or record.memory_mib is None:
        return record.quoted_usd
    return quote(
        prices,
        vcpus=float(record.vcpus),
        memory_mib=record.memory_mib,
        gpus=record.gpus,
        platform=queue.platform,
        instance_types=queue.instance_types,
        spot=queue.spot,
        cpu_architecture=catalogue.cpu_architecture,
        ephemeral_gib=catalogue.ephemeral_gib,
        expected_seconds=record.expected_seconds,
        timeout_seconds=timeout_seconds,
        attempts=1,
        jobs=(record.array_size or 0) + 1,
        ran_seconds=ran_seconds,
    ).likely_usd
