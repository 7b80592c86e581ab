"""Seasons: after how many observations a series repeats itself, told from the known history alone."""

from collections.abc import Sequence

import numpy as np

from recursive_training.series import Numbers, Times

_DAY = 86_400e6  # microseconds
_HALF_DAY = 0.5 * _DAY
_SEVERAL_DAYS = 4 * _DAY
_WEEK, _YEAR = 7 * _DAY, 365.25 * _DAY
_CYCLES = 1.5  # fewer cannot tell a season from a trend
_MARGIN = 0.97  # of noise without a season, either lag is better half of the time


def candidates(times: Times) -> list[int]:
    """Seasons in observations that the spacing suggests, ascending.

    A day and a week of what is observed twice a day or more, a week and a year of daily data, a year of
    weekly to half-yearly data.
    """
    spacings = np.diff(times).astype("timedelta64[us]").astype(np.float64)
    middle, mean = float(np.median(spacings)), float(np.mean(spacings))
    if middle <= _HALF_DAY:
        found = [_DAY / middle, _WEEK / middle]
    elif middle <= _SEVERAL_DAYS:
        found = [_WEEK / mean, _YEAR / mean]
    else:
        found = [_YEAR / middle]
    return sorted({length for length in (round(one) for one in found) if length > 1})


def find(levels: Numbers, lengths: Sequence[int]) -> list[int]:
    """Those of the lengths after which the levels come back.

    The level a season ago is closer, on average, than the level half a season ago: of a random walk it is
    farther, of noise as far, and of a smooth cycle half a season ago is the opposite phase.
    """
    return [length for length in lengths if _comes_back(levels, length)]


def _comes_back(levels: Numbers, length: int) -> bool:
    if len(levels) < _CYCLES * length + 2:
        return False
    half = max(length // 2, 1)
    here = levels[length:]
    whole = np.abs(here - levels[:-length]).mean()
    return bool(whole < _MARGIN * np.abs(here - levels[length - half : -half]).mean())
