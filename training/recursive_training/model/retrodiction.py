"""What came of one window of one variable: what was said, set beside what happened."""

from dataclasses import dataclass

from recursive_training.series import Numbers, Times, Window

INTERVAL_LEVEL = 0.9


@dataclass(frozen=True, slots=True)
class Retrodiction:
    """Arrays over the window's observations, in the variable's unit; the scales are single numbers.

    `season` names the season of the seasonal-naive baseline, told from the known history alone; `model` the
    models that the forecast is made of, the heaviest first.
    """

    variable: str
    window: Window
    times: Times
    actual: Numbers
    retrodicted: Numbers
    lower: Numbers
    upper: Numbers
    persistence: Numbers
    seasonal_naive: Numbers
    naive_error: float
    seasonal_naive_error: float
    season: str
    model: str = ""
    naive_root_mean_square: float = float("nan")
