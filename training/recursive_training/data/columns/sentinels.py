"""Finds numbers that seem to mean "missing": they stand far outside of all others, again and again."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recursive_training.series import Numbers

_FEWEST_TIMES = 3
_FEWEST_OTHERS = 10
"""So many different other values there must be for a range that means something."""
_TIMES_THE_RANGE = 3.0
_MOST_A_SIDE = 2


@dataclass(frozen=True)
class Sentinel:
    """A value that stands `count` times, far outside of all others, which reach from `low` to `high`."""

    value: float
    count: int
    low: float
    high: float


def find_sentinels(values: Numbers) -> list[Sentinel]:
    """The suspects among a variable's values, at most two on each side."""
    if len(values) < _FEWEST_OTHERS + _FEWEST_TIMES:
        return []
    # Only a lowest or highest value that stands several times can be one: that is quick to see.
    extremes = (values.min(), values.max())
    if max(np.count_nonzero(values == extreme) for extreme in extremes) < _FEWEST_TIMES:
        return []
    distinct, counts = np.unique(values, return_counts=True)
    for below in range(_MOST_A_SIDE, -1, -1):
        for above in range(_MOST_A_SIDE, -1, -1):
            if below + above and (found := _outside(distinct, counts, below, above)):
                return found
    return []


def _outside(distinct: Numbers, counts: NDArray[np.intp], below: int, above: int) -> list[Sentinel]:
    """The so many lowest and highest values as sentinels, if all are; else none."""
    core = distinct[below : len(distinct) - above]
    if len(core) < _FEWEST_OTHERS:
        return []
    low, high = float(core[0]), float(core[-1])
    places = [*range(below), *range(len(distinct) - above, len(distinct))]
    distances = [max(low - float(distinct[place]), float(distinct[place]) - high) for place in places]
    if any(counts[place] < _FEWEST_TIMES for place in places):
        return []
    if any(distance < _TIMES_THE_RANGE * (high - low) for distance in distances):
        return []
    return [Sentinel(float(distinct[place]), int(counts[place]), low, high) for place in places]
