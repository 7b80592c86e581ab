"""Levels: the numbers whose changes are forecast, logarithms of the values where those fit, else the
values.
"""

import math

import numpy as np

from recursive_training.series import LARGEST, Numbers

_HIGHEST_LOG = math.log(LARGEST)  # a forecast beyond what may be observed would overflow
_LONGEST_STRIDE = math.log(20)  # one 1e-9 among prices is no growth: as logarithms it would be all there is
_LITTLE_GROWTH = 1.1


def are_logarithmic(values: Numbers) -> bool:
    """Whether the changes of the values grow with the values, as those of prices do.

    Never where a value is not positive, or 20 times the one beside it.
    """
    return can_be_logarithmic(values) and _grow_with_level(values)


def can_be_logarithmic(values: Numbers) -> bool:
    if values.min() <= 0:
        return False
    return bool(np.abs(np.diff(np.log(values))).max(initial=0) < _LONGEST_STRIDE)


def _grow_with_level(values: Numbers) -> bool:
    """Whether changes in the higher half of the values differ from the lower half's as the values do.

    Halfway between changes as large everywhere and changes in proportion lies the square root.
    """
    here = values[:-1] / values.max()
    changes = np.abs(np.diff(values / values.max()))
    high = here > np.median(here)
    if not high.any():
        return True
    growth = here[high].mean() / here[~high].mean()
    if growth < _LITTLE_GROWTH:
        return True
    return bool(changes[high].mean() >= changes[~high].mean() * math.sqrt(growth))


def of(values: Numbers, *, logarithmic: bool) -> Numbers:
    return np.log(values) if logarithmic else values


def values_of(levels: Numbers, *, logarithmic: bool) -> Numbers:
    """The values of the levels, in the variable's unit, LARGEST at most where the levels are logarithms."""
    if not logarithmic:
        return levels
    values: Numbers = np.exp(np.minimum(levels, _HIGHEST_LOG))
    return values
