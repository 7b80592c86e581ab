"""What a training run will need, told from its data and from earlier runs.

The coefficients are measured by benchmarks/training_size.py.
"""

from datetime import date
from math import ceil
from typing import NamedTuple

from msgspec import Struct

from pulse.domain.history import FinishedRun, History, peaks, percentile
from pulse.domain.sizing.facts import DatasetFacts

BASE_MIB = 215.0
"""Interpreter and libraries, before any data."""
PEAK_OF_VALUES = 1.73
"""Bytes at the peak for each byte of the data set's values: rows x numeric columns, 8 bytes each."""
PEAK_OF_WALKED = 16.4
"""And for each byte of the values that are retrodicted: those of the chosen variables in the period."""
PEAK_OF_STORED = 1.8
"""And for each byte of a CSV file, which is read whole; a Parquet file's are fewer."""
BASE_CPU_SECONDS = 4.1
"""Start and imports."""
CPU_SECONDS_A_FIT = 0.0005
"""For each training window of each variable, and so much for each observation to be retrodicted in it:"""
CPU_SECONDS_AN_OBSERVATION = 0.0000125
MAX_OBSERVATIONS = 260
"""More of them in a window do not make a fit slower."""
CPU_SECONDS_A_MIB = 0.021
"""For reading values."""
MEMORY_MARGIN_PERCENT = 50
"""On top of the peak that is reckoned with."""
TIMEOUT_TIMES_EXPECTED = 5
UNKNOWN_CPU_SECONDS = 600.0
UNKNOWN_MIB = 1024.0
"""What is reckoned with when neither data nor earlier runs tell anything."""
STORED_BYTES_A_VALUE = 2.0
"""How small a value may be in a compressed file: where rows are unknown, they are told from the bytes."""

_VALUE_BYTES = 8
_MIB = 1024 * 1024


class Workload(Struct, frozen=True, kw_only=True):
    """Peak memory in MiB and processor time in seconds of one container, and in words what they are told
    from. `compared` counts the earlier runs that reported their peak, `highest_peak_mib` is the largest of
    these as it was, not scaled.
    """

    peak_mib: float
    cpu_seconds: float
    estimated_from: str
    compared: int = 0
    highest_peak_mib: float | None = None

    @property
    def wanted_mib(self) -> int:
        """The peak with its margin."""
        return ceil(self.peak_mib * (100 + MEMORY_MARGIN_PERCENT) / 100)


def workload(  # noqa: PLR0913 - the size of one training, number by number
    facts: DatasetFacts,
    history: History,
    *,
    batch_size_days: int,
    variables: int,
    start: date | None,
    end: date | None,
    shards: int,
) -> Workload:
    """What one container needs: all of the data and its share of the windows. `variables` is 0 for all
    numeric columns, `shards` 1 for a single job; `start` and `end` None for as far as the data reaches.
    Memory is that of the merge, which holds what all shards have walked.
    """
    columns = max(facts.column_count or 0, variables, 1)
    rows = facts.rows if facts.rows is not None else facts.bytes / STORED_BYTES_A_VALUE / columns
    chosen = variables or columns
    days = _days(facts, start, end)
    windows = max(1, ceil((days.requested if days else rows) / batch_size_days))
    walked_rows = rows * (days.requested / days.held if days else 1)
    values_mib = rows * columns * _VALUE_BYTES / _MIB
    walked_mib = walked_rows * chosen * _VALUE_BYTES / _MIB
    modelled_mib = (
        BASE_MIB
        + PEAK_OF_VALUES * values_mib
        + PEAK_OF_WALKED * walked_mib
        + PEAK_OF_STORED * facts.bytes / _MIB
    )
    fits = ceil(windows / shards) * chosen
    fit_seconds = CPU_SECONDS_A_FIT + CPU_SECONDS_AN_OBSERVATION * min(
        MAX_OBSERVATIONS, walked_rows / windows
    )
    modelled_seconds = BASE_CPU_SECONDS + fits * fit_seconds + CPU_SECONDS_A_MIB * values_mib
    reported = peaks(history)
    worked = [seconds for run in history if (seconds := _scaled_cpu_seconds(run, fits)) is not None]
    return Workload(
        peak_mib=max([modelled_mib, *(_scaled_peak_mib(run, facts) for run in history)]),
        cpu_seconds=percentile(worked, 50) or modelled_seconds,
        estimated_from=f"{facts.rows:,} rows x {columns} columns"
        if facts.rows is not None
        else _by_size(facts),
        compared=len(reported),
        highest_peak_mib=max(reported, default=None),
    )


def unknown_workload(history: History) -> Workload:
    """Without a data set to look at: as the earlier runs were."""
    reported = peaks(history)
    seconds = percentile((run.cpu_seconds or run.ran_seconds for run in history), 50)
    return Workload(
        peak_mib=max([BASE_MIB, *reported]) if reported else UNKNOWN_MIB,
        cpu_seconds=seconds or UNKNOWN_CPU_SECONDS,
        estimated_from="files of unknown size",
        compared=len(reported),
        highest_peak_mib=max(reported, default=None),
    )


class _Days(NamedTuple):
    """How many days the data set holds, and how many of them are asked for."""

    held: int
    requested: int


def _days(facts: DatasetFacts, start: date | None, end: date | None) -> _Days | None:
    """None where the period is unknown: then everything is walked, as if there were one row a day."""
    if not facts.first or not facts.last:
        return None
    first, last = max(start or facts.first, facts.first), min(end or facts.last, facts.last)
    return _Days((facts.last - facts.first).days + 1, max(1, (last - first).days + 1))


def _scaled_peak_mib(run: FinishedRun, facts: DatasetFacts) -> float:
    """The run's peak with what is above the base grown or shrunk with the data."""
    peak, ratio = run.peak_memory_mib or 0.0, 1.0
    if run.data_bytes:
        ratio = facts.bytes / run.data_bytes
    elif run.rows and facts.rows is not None:
        ratio = facts.rows / run.rows
    return max(0.0, peak - BASE_MIB) * ratio + min(peak, BASE_MIB)


def _scaled_cpu_seconds(run: FinishedRun, work: float) -> float | None:
    """The run's processor time for so much work; None when it did not report it."""
    if run.cpu_seconds is None or not run.windows or not run.variables:
        return None
    beyond_start = max(0.0, run.cpu_seconds - BASE_CPU_SECONDS)
    return min(run.cpu_seconds, BASE_CPU_SECONDS) + beyond_start * work / (run.windows * run.variables)


def _by_size(facts: DatasetFacts) -> str:
    size = facts.bytes / _MIB
    return f"{size:,.1f} MiB of data" if size >= 0.1 else f"{facts.bytes:,} bytes of data"  # noqa: PLR2004 - which would be 0.0 MiB
