"""What comes next: the times of the observations after the last, as far as those before tell."""

import numpy as np

from recursive_training.series import Times

_WEEK = np.timedelta64(7, "D")
_SEVERAL_DAYS = np.timedelta64(4, "D")
_MONTH_DAYS = 30.4


def next_times(times: Times, count: int) -> Times:
    """The next `count` times.

    A week repeats its days and hours, so that business days skip weekends; months and longer are counted in
    calendar months where all lie on one day of the month; anything else goes on at its median spacing.
    """
    spacing = np.median(np.diff(times).astype("timedelta64[us]").astype(np.int64)).astype("timedelta64[us]")
    steps = np.arange(1, count + 1)
    if spacing <= _SEVERAL_DAYS and times[-1] - times[0] >= _WEEK:
        week = times[times > times[-1] - _WEEK]
        weeks, place = np.divmod(np.arange(count), len(week))
        again: Times = week[place] + (weeks + 1) * _WEEK
        return again
    months = times.astype("datetime64[M]")
    a_step = round(spacing.astype(float) / 86_400e6 / _MONTH_DAYS)
    if a_step and len(np.unique(times - months)) == 1:
        ahead: Times = (months[-1] + steps * a_step).astype(times.dtype) + (times[-1] - months[-1])
        return ahead
    evenly: Times = times[-1] + steps * spacing
    return evenly
