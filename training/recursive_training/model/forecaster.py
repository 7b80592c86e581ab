"""The forecaster: a portfolio of models, weighed by how well each did on folds of the known history.

naive, drift and seasonal-naive; ridges that forecast every step directly (direct multi-step forecasting:
Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., section 13) from momentum, from lags
and seasonal lags, from these and the level, and from seasonal differences. A forecast is the mean of the
models' forecasts, weighed by a high power of their inverse errors on purged folds: one model where it is
clearly best, otherwise a combination, which is more exact than a choice among equals (Bates & Granger 1969,
doi 10.1057/jors.1969.103).

`learn` receives the known history and nothing else. It is a pure function: same numbers in, same numbers out.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from recursive_training.model import intervals, levels, seasons
from recursive_training.model.history import horizon
from recursive_training.model.inputs import ANY, Choice, Model, Origins, least_volatility, portfolio
from recursive_training.model.intervals import Interval
from recursive_training.model.ridge import Folds, Ridge
from recursive_training.series import Numbers, Series

_POWER = 16
_LEAST_SHARE = 0.3  # of the best one's weight; what has less is left out
_HANDICAP = (
    0.15  # of the others against naive where one horizon is known; it falls with the root of their number
)
_JUDGED_ROWS = 252  # the rows beside these overlap with them, and say little more


@dataclass(frozen=True)
class Forecast:
    """One number a step ahead, in the variable's own unit; with several origins, a row for each."""

    middle: Numbers
    lower: Numbers
    upper: Numbers

    def at(self, origin: int, steps: slice | Origins) -> "Forecast":
        """The steps of one origin."""
        return Forecast(*(ends[origin, steps] for ends in (self.middle, self.lower, self.upper)))


@dataclass(frozen=True)
class Weighed:
    """A model with its share in the forecast and, if it is a ridge, its fit."""

    model: Model
    weight: float
    ridge: Ridge | None

    def changes(self, known: Numbers, origins: Origins, steps: int) -> Numbers:
        inputs = self.model.inputs(known, origins, steps)
        if self.ridge is None:
            return inputs.base
        return inputs.base + inputs.scale[:, None] * self.ridge.predict(inputs.features)


@dataclass(frozen=True, eq=False)
class Learned:
    """Models learned on one history, which forecast from its end or from any later origin.

    `steps` is the horizon. `season`: what a forecast beyond it repeats, 1 for its last step.
    """

    logarithmic: bool
    steps: int
    season: int
    models: Sequence[Weighed]
    interval: Interval

    @property
    def name(self) -> str:
        """The models by weight, the heaviest first: direct-ridge+naive."""
        ordered = sorted(self.models, key=lambda one: -one.weight)
        return "+".join(dict.fromkeys(one.model.name for one in ordered))

    def takes(self, values: Numbers) -> bool:
        """Whether what was observed since can be forecast from as well."""
        return not self.logarithmic or levels.can_be_logarithmic(values)

    def forecast(self, values: Numbers, origins: Origins) -> Forecast:
        """`values` begin where the history did; forecasts know them up to their origin."""
        known = levels.of(values, logarithmic=self.logarithmic)
        change = np.zeros((len(origins), self.steps))
        for one in self.models:
            change += one.weight * one.changes(known, origins, self.steps)
        scale = self.interval.scale(known, origins)[:, None]
        ends = (change, change + self.interval.lower * scale, change + self.interval.upper * scale)
        return Forecast(*(self._values(values[origins], known[origins], one) for one in ends))

    def forecast_next(self, values: Numbers) -> Forecast:
        """The next `steps` observations after the last of the values."""
        return self.forecast(values, np.array([len(values) - 1])).at(0, slice(self.steps))

    def _values(self, last: Numbers, level: Numbers, change: Numbers) -> Numbers:
        """exp(log(v)) may be a bit beside v, and a constant is within its own interval."""
        moved = levels.values_of(level[:, None] + change, logarithmic=self.logarithmic)
        return np.where(change == 0, last[:, None], moved)

    def step(self, count: int) -> slice | Origins:
        """Which step of the horizon stands for each of the next `count` observations."""
        if count <= self.steps:
            return slice(count)
        steps = np.arange(count)
        beyond = steps - self.steps
        return np.where(beyond < 0, steps, self.steps - self.season + beyond % self.season)


@dataclass(frozen=True)
class _Judged:
    """A model's forecasts of the judged rows from fits without them, and what it is fitted on."""

    model: Model
    changes: Numbers
    error: float
    fits: Folds | None = None
    penalty: float = 0.0

    def weighed(self, weight: float) -> Weighed:
        return Weighed(self.model, weight, None if self.fits is None else self.fits.fit(self.penalty))


@dataclass(frozen=True)
class _Rows:
    """The origins to learn from, the changes that followed them, and which of them are judged.

    `widest`: the model whose features hold those of all that are nested in it.
    """

    known: Numbers
    logarithmic: bool
    origins: Origins
    steps: int
    widest: Model | None

    @cached_property
    def judged(self) -> Origins:
        return np.arange(0, len(self.origins), max(len(self.origins) // _JUDGED_ROWS, 1))

    @cached_property
    def changes(self) -> Numbers:
        paths = sliding_window_view(self.known, self.steps + 1)[self.origins]
        changes: Numbers = paths[:, 1:] - paths[:, :1]
        return changes

    @cached_property
    def _judged_changes(self) -> Numbers:
        return self.changes[self.judged]

    @cached_property
    def _happened(self) -> Numbers:
        happened: Numbers = np.exp(self._judged_changes)
        return happened

    @cached_property
    def _last(self) -> Numbers:
        """The value at each judged origin, over the largest."""
        last: Numbers = np.exp(self.known[self.origins[self.judged]] - self.known.max())[:, None]
        return last

    @cached_property
    def _widest(self) -> Folds:
        assert self.widest is not None  # noqa: S101 - for the type checker
        features = self.widest.inputs(self.known, self.origins, self.steps).features
        return Folds.of(features, self.changes, self.steps)

    def judge(self, model: Model) -> _Judged:
        if not model.penalties:
            base = model.inputs(self.known, self.origins[self.judged], self.steps).base
            return _Judged(model, base, float(self._errors(base)))
        if model.nested is not None:
            fits = self._widest.first(model.nested)
            found = fits.predicted(self.judged, model.penalties)
        else:
            inputs = model.inputs(self.known, self.origins, self.steps)
            scale = inputs.scale[:, None]
            changes = self.changes - inputs.base if model.season else self.changes
            fits = Folds.of(inputs.features, changes / scale, self.steps)
            found = fits.predicted(self.judged, model.penalties)
            found *= scale[self.judged]
            found += inputs.base[self.judged]
        errors = self._errors(found)
        best = int(np.argmin(errors))
        return _Judged(model, found[best], float(errors[best]), fits, model.penalties[best])

    def _errors(self, predicted: Numbers) -> Numbers:
        """The mean absolute errors on the judged rows, in the variable's own unit."""
        if self.logarithmic:
            errors = np.exp(predicted)
            errors -= self._happened
            errors *= self._last
        else:
            errors = predicted - self._judged_changes
        means: Numbers = np.abs(errors, out=errors).mean(axis=(-2, -1))
        return means


def learn(known: Series, batch_size_days: int, choice: Choice = ANY) -> Learned:
    """Learns on the known history alone, of at least `observations_needed`."""
    steps = horizon(known.times, batch_size_days)
    logarithmic = levels.are_logarithmic(known.values)
    numbers = levels.of(known.values, logarithmic=logarithmic)
    found = _seasons(known, numbers, choice)
    models = portfolio(numbers, steps, found, choice.models)
    first = max(model.lookback for model in models)
    widest = max((model for model in models if model.nested is not None), key=_width, default=None)
    rows = _Rows(numbers, logarithmic, np.arange(first, len(numbers) - steps), steps, widest)
    judged = [rows.judge(model) for model in models]
    weights = _weights(judged, len(rows.origins) / steps)
    combined: Numbers = np.sum([w * one.changes for w, one in zip(weights, judged, strict=True)], axis=0)
    interval = intervals.fit(
        numbers,
        rows.origins[rows.judged],
        rows.changes[rows.judged] - combined,
        len(rows.origins),
        least_volatility(numbers),
    )
    weighed = [one.weighed(weight) for weight, one in zip(weights, judged, strict=True) if weight > 0]
    repeated = max((one for one in found if one <= steps), default=1)
    return Learned(logarithmic, steps, repeated, weighed, interval)


def _width(model: Model) -> int:
    return model.nested or 0


def _seasons(known: Series, numbers: Numbers, choice: Choice) -> list[int]:
    if choice.season is None:
        return seasons.find(numbers, seasons.candidates(known.times))
    return [choice.season] if choice.season > 1 else []


def _weights(judged: Sequence[_Judged], horizons: float) -> list[float]:
    """The share of each model in the forecast."""
    errors = np.array([one.error for one in judged])
    naive = np.array([one.model.name == "naive" for one in judged])
    errors[naive] *= 1 - _HANDICAP / math.sqrt(max(horizons, 1.0))
    least = errors.min()
    shares = (least / errors) ** _POWER if least > 0 else (errors == 0).astype(float) * (naive | ~naive.any())
    shares[shares < _LEAST_SHARE] = 0
    return list(shares / shares.sum())
