"""What a job will likely cost, by the record of it, when earlier runs are known."""

from decimal import Decimal
from math import ceil

from pulse.domain.catalogue import Catalogue
from pulse.domain.job_record import JobRecord
from pulse.domain.prices import Prices
from pulse.domain.quote import quote


def likely_usd(
    prices: Prices, catalogue: Catalogue, record: JobRecord, *, timeout_seconds: int | None
) -> Decimal | None:
    """US dollars of one attempt as long as the median of earlier runs, or else as its submission expected;
    None where that is not known, or there is no price. `timeout_seconds` of an attempt, which ends it.
    """
    expected = record.usual.ran_median_seconds if record.usual else record.expected_seconds
    queue = catalogue.queues.get(record.queue)
    if expected is None or queue is None or not record.vcpus or record.memory_mib is None:
        return None
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
        expected_seconds=expected,
        timeout_seconds=timeout_seconds or ceil(expected),
        attempts=1,
    ).likely_usd
