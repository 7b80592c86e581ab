"""What any model has to beat, from the same known history: the last value, and the last season's."""

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


_ONE_DAY = Season("one day", _DAY)
_ONE_WEEK = Season("one week (7 days)", 7 * _DAY)


def season(times: Times) -> Season:
    """The season of a series by how densely it is observed: a day, a week or a year."""
    spacing = np.median(np.diff(times).astype("timedelta64[us]").astype(np.int64)).astype("timedelta64[us]")
    if spacing <= np.timedelta64(12, "h"):
        return _ONE_DAY
    if spacing <= 4 * _DAY:
        return _ONE_WEEK
    return Season("one year", None, tolerance=min(spacing, 365 * _DAY) // 2)


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


def naive_error(known: Series) -> float:
    """The in-sample MAE of the one-step persistence forecast: the scale of MASE."""
    return float(np.mean(np.abs(np.diff(known.values))))


def naive_root_mean_square(known: Series) -> float:
    """The in-sample root mean square error of the one-step persistence forecast: the scale of RMSSE."""
    return float(np.sqrt(np.mean(np.diff(known.values) ** 2)))


def seasonal_naive_error(known: Series, season: Season) -> float:
    """The in-sample MAE of the one-season-back forecast; NaN when the history is shorter than a season."""
    errors = np.abs(known.values - _at_or_before(known, season.before(known.times) + season.tolerance))
    known_errors = errors[~np.isnan(errors)]
    return float(np.mean(known_errors)) if len(known_errors) else float("nan")


def _at_or_before(known: Series, times: Times) -> Numbers:
    index = np.searchsorted(known.times, times, side="right") - 1
    return np.where(index >= 0, known.values[np.maximum(index, 0)], np.nan)
