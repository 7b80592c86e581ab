"""What any model has to beat, from the same known history: the last value, and the last season's."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recursive_training.series import Numbers, Series, Times

_DAY = np.timedelta64(1, "D")
_YEAR = np.timedelta64(12, "M")
_AT_ONCE = np.timedelta64(0, "us")


@dataclass(frozen=True)
class Season:
    """`length`: a fixed span, or None for a year of the calendar.

    `tolerance`: an observation up to so much later still holds its place in the season: the last trading
    day of a month and the Friday of a week fall on other dates every year.
    """

    name: str
    length: np.timedelta64 | None
    tolerance: np.timedelta64 = _AT_ONCE

    def before(self, times: Times, seasons: NDArray[np.int64] | int = 1) -> Times:
        """The times so many seasons earlier. 29 February is 1 March in a year that has none."""
        if self.length is not None:
            return times - seasons * self.length
        months = times.astype("datetime64[M]")
        earlier: Times = (months - seasons * _YEAR).astype(times.dtype) + (times - months)
        return earlier

    def back_to(self, moment: np.datetime64, times: Times) -> NDArray[np.int64]:
        """The fewest whole seasons, one or more, from each time back to the moment or before."""
        if self.length is not None:
            whole = (times - moment) // self.length
        else:
            whole = (times.astype("datetime64[Y]") - moment.astype("datetime64[Y]")).astype(np.int64)
        return np.maximum(whole + (self.before(times, whole) > moment), 1)


_DENSE = (
    (np.timedelta64(12, "h"), Season("one day", _DAY)),
    (4 * _DAY, Season("one week (7 days)", 7 * _DAY)),
)
"""The longest spacing with which each is the season."""


def season(times: Times) -> Season:
    """The season of a series by how densely it is observed: a day, a week or a year."""
    spacing = np.median(np.diff(times).astype("timedelta64[us]").astype(np.int64)).astype("timedelta64[us]")
    dense = next((season for longest, season in _DENSE if spacing <= longest), None)
    return dense or Season("one year", None, tolerance=min(spacing, 365 * _DAY) // 2)


def persistence(known: Series, times: Times) -> Numbers:
    """Nothing changes: the last known value."""
    return np.full(len(times), known.values[-1])


def seasonal_naive(known: Series, times: Times, season: Season) -> Numbers:
    """The last value known at the same point of the last fully known season; NaN where none is known.

    For time t it is the observation at, or last before, t - k seasons, with the least k >= 1 that leads back
    to what was known (Hyndman & Athanasopoulos, Forecasting: Principles and Practice, section 5.2); both
    within the season's tolerance.
    """
    seasons = season.back_to(known.times[-1] + season.tolerance, times)
    return _at_or_before(known, season.before(times, seasons) + season.tolerance)


class Scales:
    """What errors of a series are measured by, at any cut: from observations `start` to `stop` alone."""

    def __init__(self, series: Series) -> None:
        self._times, self._values = series.times, series.values
        changes = np.diff(series.values)
        self._changes, self._squares = np.abs(changes), changes**2
        spacings = np.diff(series.times)
        self._back: dict[Season, tuple[NDArray[np.int64], Numbers]] = {}
        self._within = {
            season: np.concatenate([[0], np.cumsum(spacings <= longest)]) for longest, season in _DENSE
        }

    def season(self, start: int, stop: int) -> Season:
        """As `season` says of these times: where more than half of the spacings are short, the median is."""
        half = (stop - 1 - start) / 2
        counts = {season: count[stop - 1] - count[start] for season, count in self._within.items()}
        dense = next((one for one, count in counts.items() if count >= half), None)
        return dense if dense and counts[dense] > half else season(self._times[start:stop])

    def naive_error(self, start: int, stop: int) -> float:
        """The in-sample MAE of the one-step persistence forecast: the scale of MASE."""
        return float(self._changes[start : stop - 1].mean())

    def naive_root_mean_square(self, start: int, stop: int) -> float:
        """The in-sample root mean square error of the one-step persistence forecast: the scale of RMSSE."""
        return math.sqrt(self._squares[start : stop - 1].mean())

    def seasonal_naive_error(self, season: Season, start: int, stop: int) -> float:
        """The in-sample MAE of the one-season-back forecast; NaN where the history is shorter."""
        earlier, errors = self._season_back(season)
        first = max(start, int(np.searchsorted(earlier, start)))
        return float(errors[first:stop].mean()) if first < stop else float("nan")

    def _season_back(self, season: Season) -> tuple[NDArray[np.int64], Numbers]:
        """Which observation stands for each a season before, -1 for none, and how far it is off."""
        if season in self._back:
            return self._back[season]
        before = season.before(self._times) + season.tolerance
        earlier = np.searchsorted(self._times, before, side="right") - 1
        errors = np.abs(self._values - self._values[np.maximum(earlier, 0)])
        self._back[season] = earlier, errors
        return earlier, errors


def _at_or_before(known: Series, times: Times) -> Numbers:
    index = np.searchsorted(known.times, times, side="right") - 1
    return np.where(index >= 0, known.values[np.maximum(index, 0)], np.nan)
