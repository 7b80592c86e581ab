"""The forecaster: one ridge regression from recent momentum to the change over every step ahead.

For day t of the known history, x(t) holds the changes over the last 1, 5 and 21 observations and y(t, h) the
change from t to t+h, for h = 1 to the horizon. Changes are of the logarithm when all known values are
positive and none is 20 times the one beside it, else plain; both sides are divided by the volatility known at
t, which makes variables of any unit alike and lets the interval breathe with the market. One fit serves all
steps (direct multi-step forecasting: Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 3rd
ed.). The interval adds the quantiles of the in-sample residuals of each step, with the (n + 1) correction of
split conformal prediction (Lei et al. 2018, doi 10.1080/01621459.2017.1307116).

`fit` receives the known history and nothing else. It is a pure function: same numbers in, same numbers out.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.linear_model import Ridge

from recursive_training.model.retrodiction import INTERVAL_LEVEL
from recursive_training.series import LARGEST, Numbers, Series, Times

HISTORY = 1260  # observations, the latest ones known; of daily market data five years
SPANS = (1, 5, 21)  # observations; of daily market data: a day, a week, a month
LOOKBACK = max(SPANS)
FEWEST_ROWS = 50  # with fewer the quantiles of a 90 % interval mean nothing
LONGEST_HORIZON = 260  # steps; beyond it the forecast stays flat
LEAST_NEEDED = LOOKBACK + 2 + FEWEST_ROWS  # observations: with a horizon of one
MOST_NEEDED = LOOKBACK + 1 + LONGEST_HORIZON + FEWEST_ROWS  # observations: enough for any horizon
PENALTY = 1000.0  # of the order of HISTORY: a change must be explained well before it is believed
_HIGHEST_LOG = math.log(LARGEST)  # a forecast beyond what may be observed would overflow
_LONGEST_STRIDE = math.log(20)  # one 1e-9 among prices is no growth: as logarithms it would be all there is
_CALM = 0.1  # volatility is at least this share of the whole history's: a still month divides nothing by 0


@dataclass(frozen=True)
class Forecast:
    """One number a step ahead, in the variable's own unit."""

    middle: Numbers
    lower: Numbers
    upper: Numbers


@dataclass(frozen=True)
class Fitted:
    """A fitted model at the end of its history.

    `middle`, `lower`, `upper` are changes for steps 1 to the horizon.
    """

    ridge: Ridge
    logarithmic: bool
    last: float
    volatility: float
    features: Numbers
    middle: Numbers
    lower: Numbers
    upper: Numbers

    def forecast(self, steps: int) -> Forecast:
        """The next `steps` observations; steps past the horizon repeat its last."""
        step = np.minimum(np.arange(steps), len(self.middle) - 1)
        return Forecast(*(self._value(change[step]) for change in (self.middle, self.lower, self.upper)))

    def _value(self, change: Numbers) -> Numbers:
        if not self.logarithmic:
            return self.last + change
        changed = np.exp(np.minimum(math.log(self.last) + change, _HIGHEST_LOG))
        # exp(log(v)) may be a bit beside v, and a constant is within its own interval.
        return np.where(change == 0, self.last, changed)

    def artifact(self, known: Series) -> dict[str, Any]:
        """What is stored: plain JSON, which runs no code when it is read. The prediction of each step is its
        row of `coefficients` times `next_input`, plus its `intercepts`.
        """
        steps = len(self.middle)
        return {
            "variable": known.name,
            "coefficients": np.reshape(self.ridge.coef_, (steps, len(SPANS))).tolist(),
            "intercepts": np.reshape(self.ridge.intercept_, steps).tolist(),
            "features": [f"change over the last {span}, over volatility * sqrt({span})" for span in SPANS],
            "next_input": self.features.tolist(),
            "target": f"change over 1 to {steps} observations, over volatility",
            "logarithmic": self.logarithmic,
            "volatility": self.volatility,
            "last_value": self.last,
            "last_time": str(known.times[-1]),
            "interval_level": INTERVAL_LEVEL,
            "change": {
                "middle": self.middle.tolist(),
                "lower": self.lower.tolist(),
                "upper": self.upper.tolist(),
            },
        }


def horizon(times: Times, batch_size_days: int) -> int:
    """How many observations a window may hold: the most that `batch_size_days` of these times held.

    It is 260 at most.
    """
    ends = np.searchsorted(times, times + np.timedelta64(batch_size_days, "D"), side="left")
    return int(min(max((ends - np.arange(len(times))).max(initial=1), 1), LONGEST_HORIZON))


def observations_needed(times: Times, batch_size_days: int) -> int:
    """The shortest history `fit` takes: 21 to look back on, a horizon ahead, 50 rows to learn from.

    `times` are those of the known history; they decide how far ahead a window may reach.
    """
    return LOOKBACK + 1 + horizon(times, batch_size_days) + FEWEST_ROWS


def fit(known: Series, batch_size_days: int) -> Fitted:
    """Fits on the known history alone, of at least `observations_needed`, in about a millisecond."""
    ahead = horizon(known.times, batch_size_days)
    levels, logarithmic = _levels(known.values)
    x, volatility = _features(np.diff(levels))
    levels = levels[LOOKBACK:]
    paths = sliding_window_view(levels, ahead + 1)
    y = (paths[:, 1:] - paths[:, :1]) / volatility[: len(paths), None]
    ridge = Ridge(alpha=PENALTY, solver="cholesky").fit(x[: len(y)], y)
    predicted = ridge.predict(x).reshape(len(x), ahead)  # Ridge drops the second axis of a single target
    low, high = _residual_quantiles(y - predicted[: len(y)])
    middle = predicted[-1]
    now = float(volatility[-1])
    return Fitted(
        ridge=ridge,
        logarithmic=logarithmic,
        last=float(known.values[-1]),
        volatility=now,
        features=x[-1],
        middle=middle * now,
        lower=(middle + low) * now,
        upper=(middle + high) * now,
    )


def _levels(values: Numbers) -> tuple[Numbers, bool]:
    """What changes are taken of: the logarithms where they fit, and whether they do."""
    if values.min() > 0:
        logarithms = np.log(values)
        if np.abs(np.diff(logarithms)).max() < _LONGEST_STRIDE:
            return logarithms, True
    return values, False


def _features(changes: Numbers) -> tuple[Numbers, Numbers]:
    """x(t) and the volatility at t, for every t with LOOKBACK changes behind it (that of t included)."""
    recent = sliding_window_view(changes, LOOKBACK)
    floor = _CALM * math.sqrt(float(np.mean(changes**2))) or 1.0
    volatility = np.maximum(np.sqrt(np.mean(recent**2, axis=1)), floor)
    momenta = [recent[:, -span:].sum(axis=1) / math.sqrt(span) for span in SPANS]
    return np.column_stack(momenta) / volatility[:, None], volatility


def _residual_quantiles(residuals: Numbers) -> tuple[Numbers, Numbers]:
    """The residuals that bound INTERVAL_LEVEL of each step's, as order statistics."""
    ordered = np.sort(residuals, axis=0)
    n = len(ordered)
    tail = (1 - INTERVAL_LEVEL) / 2
    below = max(math.floor(tail * (n + 1)), 1) - 1
    return ordered[below], ordered[n - 1 - below]
