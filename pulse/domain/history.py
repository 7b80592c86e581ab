"""The runs that are over, as far as the next one can be judged by them."""

from collections.abc import Iterable
from math import ceil

from msgspec import Struct


class FinishedRun(Struct, frozen=True, kw_only=True):
    """Memory in MiB, `ran_seconds` of all attempts. `rows` and `variables` of the data that was trained on;
    `children` of an array.
    """

    ran_seconds: float
    data_bytes: int | None = None
    rows: int | None = None
    windows: int | None = None
    variables: int | None = None
    peak_memory_mib: float | None = None
    cpu_seconds: float | None = None
    vcpus: float | None = None
    memory_mib: int | None = None
    children: int | None = None


History = tuple[FinishedRun, ...]
"""Newest first."""


def percentile(values: Iterable[float], percent: float) -> float | None:
    """The smallest of `values` that at least `percent` of 100 are not above (nearest rank); None of nothing.

    https://en.wikipedia.org/wiki/Percentile#The_nearest-rank_method
    """
    ordered = sorted(values)
    if not ordered:
        return None
    return ordered[max(1, ceil(len(ordered) * percent / 100)) - 1]


def peaks(history: History) -> list[float]:
    """The peaks of memory, MiB, of the runs that reported one."""
    return [run.peak_memory_mib for run in history if run.peak_memory_mib is not None]


LEAST_RUNS = 3
"""Fewer runs make nothing usual."""
