"""What any model has to beat, from the same known history: the last value, and the last season's."""

import numpy as np

from recursive_training.series import Numbers, Series, Times

_DAY = np.timedelta64(1, "D")

# (median spacing of the observations up to, season, its name). 364 days keep the day of the week.
_SEASONS = (
    (np.timedelta64(12, "h"), _DAY, "one day"),
    (np.timedelta64(4, "D"), 7 * _DAY, "one week (7 days)"),
    (np.timedelta64(366, "D"), 364 * _DAY, "one year (364 days)"),
)


def season(times: Times) -> tuple[np.timedelta64, str]:
    """The season of a series by how densely it is observed, and its name: a day, a week or a year."""
    spacing = np.median(np.diff(times).astype("timedelta64[us]").astype(np.int64))
    for up_to, length, name in _SEASONS:
        if spacing <= up_to.astype("timedelta64[us]").astype(np.int64):
            return length, name
    return _SEASONS[-1][1:]


def persistence(known: Series, times: Times) -> Numbers:
    """Nothing changes: the last known value."""
    return np.full(len(times), known.values[-1])


def seasonal_naive(known: Series, times: Times, length: np.timedelta64) -> Numbers:
    """The last value known at the same point of the last fully known season; NaN where none is known.

    For time t it is the observation at, or last before, t - k * length, with the least k >= 1 that leads back
    to what was known (Hyndman & Athanasopoulos, Forecasting: Principles and Practice, section 5.2).
    """
    behind = (times - known.times[-1]).astype("timedelta64[us]").astype(np.int64)
    whole = int(length.astype("timedelta64[us]").astype(np.int64))
    seasons = np.maximum(-(-behind // whole), 1)
    return _at_or_before(known, times - seasons * length)


def naive_error(known: Series) -> float:
    """The in-sample MAE of the one-step persistence forecast: the scale of MASE."""
    return float(np.mean(np.abs(np.diff(known.values))))


def seasonal_naive_error(known: Series, length: np.timedelta64) -> float:
    """The in-sample MAE of the one-season-back forecast; NaN when the history is shorter than a season."""
    errors = np.abs(known.values - _at_or_before(known, known.times - length))
    known_errors = errors[~np.isnan(errors)]
    return float(np.mean(known_errors)) if len(known_errors) else float("nan")


def _at_or_before(known: Series, times: Times) -> Numbers:
    index = np.searchsorted(known.times, times, side="right") - 1
    return np.where(index >= 0, known.values[np.maximum(index, 0)], np.nan)
