"""Sizes a job from its data and from earlier runs: the smallest resources that suffice, with a margin.

A training walks its windows one after the other in one thread, unless it is spread over Dask. So more vCPU
than threads would stand idle, and fewer only take longer.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from math import ceil, inf

from msgspec.structs import replace

from pulse.domain.history import History
from pulse.domain.request.batch_limits import FARGATE_MAX_TIMEOUT_SECONDS, Platform
from pulse.domain.request.resources import FARGATE_MEMORY_MIB, RequestedResources, Resources
from pulse.domain.sizing.facts import DatasetFacts
from pulse.domain.sizing.words import why
from pulse.domain.sizing.workload import TIMEOUT_TIMES_EXPECTED, unknown_workload, workload

MIN_TIMEOUT_SECONDS = 600
SLOW_SECONDS = 600
"""A run expected to take longer gets more vCPU, up to one a thread."""

Pair = tuple[float, int]
_FARGATE_PAIRS = tuple((vcpus, mib) for vcpus, sizes in FARGATE_MEMORY_MIB.items() for mib in sizes)
_EC2_STEP_MIB = 1024
_EC2_MAX_MIB = 3_145_728


def size(  # noqa: PLR0913 - what a request says of its size, one by one
    requested: RequestedResources,
    facts: DatasetFacts | None,
    history: History,
    *,
    batch_size_days: int,
    variables: int = 0,
    start: date | None = None,
    end: date | None = None,
    shards: int = 1,
    platform: Platform = "FARGATE",
    max_vcpus: float | None = None,
    max_memory_mib: int | None = None,
    use_dask: bool = False,
    dask_threads: int = 2,
) -> Resources:
    """What one container gets: what is asked for, and where that is `auto` the smallest that suffices.

    `variables`: how many, 0 for all numeric columns. `start` and `end`: None for as far as the data reaches.
    `shards`: among how many children the windows are split. `max_vcpus`, `max_memory_mib`: what the queue
    can ever give, None when it is not known. `facts` are None when nothing is known of the data set.

    When nothing suffices the largest there is comes back; `why` says so. A vCPU or memory that was asked for
    stays as it is, valid or not: `resource_faults` tells.
    """
    need = unknown_workload(history)
    if facts:
        need = workload(
            facts,
            history,
            batch_size_days=batch_size_days,
            variables=variables,
            start=start,
            end=end,
            shards=shards,
        )
    threads = dask_threads if use_dask else 1
    pairs = [
        (vcpus, memory_mib)
        for vcpus, memory_mib in _pairs(requested, platform, need.wanted_mib, threads, max_memory_mib)
        if requested.vcpus in {"auto", vcpus} and requested.memory_mib in {"auto", memory_mib}
        if max_vcpus is None or vcpus <= max_vcpus
    ]
    vcpus, memory_mib = _smallest(pairs, need.wanted_mib, need.cpu_seconds, threads) or _as_requested(
        requested
    )
    expected_seconds = round(need.cpu_seconds / min(vcpus, threads), 1)
    sized = Resources(
        vcpus=vcpus,
        memory_mib=memory_mib,
        timeout_seconds=_timeout(expected_seconds)
        if requested.timeout_seconds == "auto"
        else requested.timeout_seconds,
        gpus=requested.gpus,
        expected_seconds=expected_seconds,
    )
    return replace(sized, why=why(requested, sized, need)) if requested.is_auto else sized


def next_size_up(
    vcpus: float,
    memory_mib: int,
    platform: Platform,
    *,
    max_vcpus: float | None = None,
    max_memory_mib: int | None = None,
) -> Pair | None:
    """The smallest valid pair of no fewer vCPU and at least twice the memory, in MiB, for a run that died of
    memory; None when there is none, or none that a queue of `max_vcpus` and
    `max_memory_mib` can give.
    """
    wanted_mib = 2 * memory_mib
    if platform == "EC2":
        larger = _whole_steps(wanted_mib)
        return (vcpus, larger) if wanted_mib <= larger <= (max_memory_mib or _EC2_MAX_MIB) else None
    most = inf if max_vcpus is None else max_vcpus
    return min((p for p in _FARGATE_PAIRS if vcpus <= p[0] <= most and p[1] >= wanted_mib), default=None)


def _pairs(
    requested: RequestedResources,
    platform: Platform,
    wanted_mib: int,
    threads: int,
    max_memory_mib: int | None,
) -> Iterable[Pair]:
    """Every pair worth a thought. An instance can give any amount, so there only what is wanted."""
    if platform == "FARGATE":
        return _FARGATE_PAIRS
    largest = min(_whole_steps(wanted_mib), max_memory_mib or _EC2_MAX_MIB)
    memory_mib = largest if requested.memory_mib == "auto" else requested.memory_mib
    vcpus = range(1, threads + 1) if requested.vcpus == "auto" else [requested.vcpus]
    return ((count, memory_mib) for count in vcpus)


def _whole_steps(memory_mib: int) -> int:
    return min(_EC2_MAX_MIB, ceil(memory_mib / _EC2_STEP_MIB) * _EC2_STEP_MIB)


def _smallest(pairs: Sequence[Pair], wanted_mib: int, cpu_seconds: float, threads: int) -> Pair | None:
    """The least vCPU, then the least memory, that holds the data and is not slow; else the most vCPU that
    holds it; else the most memory.
    """
    holding = [pair for pair in pairs if pair[1] >= wanted_mib]
    if not holding:
        return max(pairs, key=lambda pair: (pair[1], -pair[0]), default=None)
    quick = [pair for pair in holding if pair[0] >= threads or cpu_seconds / pair[0] <= SLOW_SECONDS]
    most_vcpus = max(vcpus for vcpus, _ in holding)
    return min(quick or [pair for pair in holding if pair[0] == most_vcpus])


def _as_requested(requested: RequestedResources) -> Pair:
    """Where no pair fits, so that the faults are found in what was asked for."""
    vcpus, memory_mib = _FARGATE_PAIRS[0]
    return (
        vcpus if requested.vcpus == "auto" else requested.vcpus,
        memory_mib if requested.memory_mib == "auto" else requested.memory_mib,
    )


def _timeout(expected_seconds: float) -> int:
    """Whole minutes."""
    seconds = ceil(expected_seconds * TIMEOUT_TIMES_EXPECTED / 60) * 60
    return min(FARGATE_MAX_TIMEOUT_SECONDS, max(MIN_TIMEOUT_SECONDS, seconds))
