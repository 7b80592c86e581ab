"""Intervals from the residuals of folds that a fit has not seen.

Residuals of overlapping horizons are few independent ones, so that their order statistics lie too far inside.
Both these (smoothed over the steps, with the (n + 1) correction of split conformal prediction, Lei et al.
2018, doi 10.1080/01621459.2017.1307116) and the root mean square are widened as Student's t widens the normal
distribution for as many degrees of freedom as there are independent residuals, and the fewer there are, the
more the root mean square counts: it uses all of them.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from recursive_training.model.inputs import LOOKBACK, Origins, volatility
from recursive_training.model.retrodiction import INTERVAL_LEVEL
from recursive_training.series import Numbers

_TAIL = (1 - INTERVAL_LEVEL) / 2
_NORMAL = NormalDist().inv_cdf(1 - _TAIL)
_SHARES = (0.9, 0.0)  # of the last 21 changes in the volatility that scales the interval
_GAIN = 0.01  # of the log-likelihood of a residual: less is no reason to let the interval breathe
_FEW = 20  # degrees of freedom at which both ways to a quantile count alike
_ALIKE = math.log(1.5)
_LEAST_FREEDOM = 2.5
_GROWTH_ERROR = 0.15  # how much the growth of residuals with the step is underestimated in short histories
_NO_GROWTH = 0.2


@dataclass(frozen=True)
class Interval:
    """`lower` and `upper` are residuals by step, over the volatility at the origin."""

    share: float
    typical: float
    least: float
    lower: Numbers
    upper: Numbers

    def scale(self, levels: Numbers, origins: Origins) -> Numbers:
        """The volatility known at each origin."""
        return _scale(levels, origins, self.share, self.typical, self.least)


def fit(levels: Numbers, origins: Origins, residuals: Numbers, rows: int, least: float) -> Interval:
    """`residuals`: origins by steps, some of `rows` consecutive ones."""
    typical = math.sqrt(float(np.mean(np.diff(levels) ** 2)))
    best, share, scaled = -math.inf, 0.0, residuals
    for tried in _SHARES if origins[0] >= LOOKBACK else _SHARES[1:]:
        scale = _scale(levels, origins, tried, typical, least)
        candidate = residuals / scale[:, None]
        likelihood = -float(
            np.mean(np.log(scale))
            + np.mean(np.log(np.mean(np.abs(candidate), axis=0) + np.finfo(float).tiny))
        )
        if likelihood > best + (0.0 if tried else _GAIN):
            best, share, scaled = likelihood, tried, candidate
    lower, upper = _bounds(scaled, rows)
    return Interval(share, typical, least, lower, upper)


def _scale(levels: Numbers, origins: Origins, share: float, typical: float, least: float) -> Numbers:
    if not share:
        return np.full(len(origins), max(typical, least))
    recent = volatility(levels, origins, least)
    return np.sqrt(share * recent**2 + (1 - share) * typical**2)


def _bounds(residuals: Numbers, rows: int) -> tuple[Numbers, Numbers]:
    spread: Numbers = np.sqrt(np.mean(residuals**2, axis=0))
    free = freedom(np.maximum(spread, np.finfo(float).tiny), rows)
    ordered = np.sort(residuals, axis=0)
    low, high = (_smoothed(_quantile(ordered, one), spread) for one in (_TAIL, 1 - _TAIL))
    wide, weight = student(free), free / (free + _FEW)
    ranked, parametric = weight * wide / _NORMAL, (1 - weight) * wide * spread
    return ranked * low - parametric, ranked * high + parametric


def _quantile(ordered: Numbers, share: float) -> Numbers:
    """Between the order statistics beside place share x (n + 1), which a new residual is below with that
    chance: to round outwards would be several percents more where n is 50.
    """
    place = min(max(share * (len(ordered) + 1) - 1, 0.0), len(ordered) - 1.0)
    below = min(int(place), len(ordered) - 2)
    quantile: Numbers = ordered[below] + (place - below) * (ordered[below + 1] - ordered[below])
    return quantile


def _smoothed(quantiles: Numbers, spread: Numbers) -> Numbers:
    """With the mean ratio to the spread of steps up to half as far or as far again: the shape of residuals
    hardly changes between them, and a quantile of its own for each step is mostly noise.
    """
    near = np.maximum(spread, np.finfo(float).tiny)
    logs = np.log(np.arange(1, len(near) + 1))
    weights = (np.abs(logs[:, None] - logs) <= _ALIKE).astype(float)
    smoothed: Numbers = near * (weights @ (quantiles / near) / weights.sum(axis=1))
    return smoothed


def freedom(spread: Numbers, rows: int) -> Numbers:
    """Degrees of freedom of the residuals of each step, from how their spread grows with the step.

    Residuals of a random walk grow as the root of the step h and overlap by h; those of a series that returns
    to its mean stop to grow and hardly depend on each other. With spread ~ h^(g/2), rows overlap by h^g; and
    the more, the less they tell of the tails: 1 + g as many make one independent one, by simulated series of
    94 to 300 observations.
    """
    steps = np.arange(1, len(spread) + 1)
    logs = np.log(steps)
    growth = 2 * float(np.sum((np.log(spread) - np.log(spread[0])) * logs)) / max(float(np.sum(logs**2)), 1.0)
    if growth > _NO_GROWTH:
        growth += _GROWTH_ERROR
    growth = min(max(growth, 0.0), 1.0)
    return np.maximum(rows / ((1 + growth) * steps**growth), _LEAST_FREEDOM)


def student(free: Numbers) -> Numbers:
    """The upper quantile of Student's t that leaves the tail out (Abramowitz & Stegun 1964, 26.7.5)."""
    z = _NORMAL
    found: Numbers = (
        z
        + (z**3 + z) / (4 * free)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * free**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * free**3)
    )
    return found
