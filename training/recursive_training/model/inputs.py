"""The portfolio: what each model starts from and what it regresses on, at any origin.

A forecast of the change from origin t to t + h is `base(t, h)`, and of a ridge the fitted part times
`scale(t)` on top. All of it comes from levels up to t, for all origins at once.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from recursive_training.series import Numbers

Origins = NDArray[np.int64]

SPANS = (1, 5, 21)  # observations; of daily market data: a day, a week, a month
LOOKBACK = max(SPANS)
LONGEST_SEASON = 10_000  # observations; a year of hours is 8766
_MOST_LAGS = 60  # beyond them a fit takes long and gains little
_ROWS_A_LAG = 2
_LONG_SEASON = 60  # observations
_HARMONICS = {True: 2, False: 4}  # of a long and of a short season
_CALM = 0.1  # volatility is at least this share of the whole history's: a still month divides nothing by 0
PENALTIES = (3.0, 30.0, 300.0, 3000.0)  # of standardised features; of the order of 3 to 3000 observations
_MOMENTUM_PENALTY = (1000.0,)  # of the order of the history: a change must be explained well to be believed


@dataclass(frozen=True)
class Choice:
    """`models`: names to choose from, none for all. `season`: in observations, 1 for no season; None:
    found.
    """

    models: tuple[str, ...] = ()
    season: int | None = None


ANY = Choice()


@dataclass(frozen=True)
class Inputs:
    """`base` is origins by steps, `features` origins by features, `scale` one number an origin."""

    base: Numbers
    features: Numbers
    scale: Numbers


@dataclass(frozen=True)
class Model:
    """One model of the portfolio for one history. No penalties: its base is the forecast.

    `lookback`: how many observations before an origin it looks at. `season`: 0 where it has none. `calm`: the
    least volatility.
    """

    name: str
    lookback: int
    penalties: Sequence[float] = ()
    season: int = 0
    lags: tuple[int, ...] = ()
    harmonics: tuple[tuple[int, int], ...] = ()
    calm: float = 1.0

    def inputs(self, levels: Numbers, origins: Origins, steps: int) -> Inputs:
        return _INPUTS[self.name](self, levels, origins, steps)

    @property
    def nested(self) -> int | None:
        """How many features of the level-ridge, the first ones, are this model's, from the same start; None:
        it has others.
        """
        lagged = len(self.lags) + 2 * len(self.harmonics)
        return {"drift": 0, "direct-ridge": lagged, "level-ridge": lagged + 1}.get(self.name)


def portfolio(levels: Numbers, steps: int, seasons: Sequence[int], names: Sequence[str]) -> list[Model]:
    """The models of these names, or of all names, that these levels can feed; naive where none can."""
    reach = (len(levels) - steps) // 2
    lags = range(1, _most_lags(len(levels), steps, seasons) + 1)
    near = {lag for m in seasons for lag in (m - 1, m, m + 1) if 0 < lag <= reach}
    taken = tuple(sorted({*lags, *near}))
    waves = _harmonics(seasons)
    made = [
        Model("naive", 0),
        Model("drift", 0, (0.0,)),
        *(Model("seasonal-naive", m, season=m) for m in seasons),
        Model("momentum-ridge", LOOKBACK, _MOMENTUM_PENALTY, calm=least_volatility(levels)),
        Model("direct-ridge", taken[-1], PENALTIES, lags=taken, harmonics=waves),
        Model("level-ridge", taken[-1], PENALTIES, lags=taken, harmonics=waves),
        *(
            Model(
                "seasonal-ridge", m + len(lags), PENALTIES, season=m, lags=tuple(range(min(len(lags), m + 1)))
            )
            for m in seasons
        ),
    ]
    fitting = [one for one in made if one.lookback <= reach]
    return [one for one in fitting if not names or one.name in names] or fitting[:1]


def _most_lags(known: int, steps: int, seasons: Sequence[int]) -> int:
    wanted = max(LOOKBACK, 2 * min(seasons, default=0))
    return max(min(wanted, _MOST_LAGS, (known - steps - 30) // _ROWS_A_LAG), 1)


def _harmonics(seasons: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """(season, times it swings in it) of the longest season's lowest frequencies."""
    if not seasons:
        return ()
    longest = seasons[-1]
    most = min(_HARMONICS[longest > _LONG_SEASON], (longest - 1) // 2)
    return tuple((longest, times) for times in range(1, most + 1))


def least_volatility(levels: Numbers) -> float:
    """A tenth of the root mean square change; 1 of a constant."""
    return _CALM * math.sqrt(float(np.mean(np.diff(levels) ** 2))) or 1.0


def volatility(levels: Numbers, origins: Origins, least: float) -> Numbers:
    """The root mean square of the 21 changes before each origin."""
    sums = np.convolve(np.diff(levels) ** 2, np.ones(LOOKBACK), "valid")[origins - LOOKBACK]
    found: Numbers = np.maximum(np.sqrt(sums / LOOKBACK), least)
    return found


def _none(origins: Origins) -> Numbers:
    return np.empty((len(origins), 0))


def _naive(_model: Model, _levels: Numbers, origins: Origins, steps: int) -> Inputs:
    return Inputs(np.zeros((len(origins), steps)), _none(origins), np.ones(len(origins)))


def _seasonal_base(season: int, levels: Numbers, origins: Origins, steps: int) -> Numbers:
    """The change to the same point of the last season that is wholly known."""
    ahead = np.arange(1, steps + 1)
    back = ahead - season * -(-ahead // season)
    base: Numbers = levels[origins[:, None] + back] - levels[origins][:, None]
    return base


def _seasonal_naive(model: Model, levels: Numbers, origins: Origins, steps: int) -> Inputs:
    base = _seasonal_base(model.season, levels, origins, steps)
    return Inputs(base, _none(origins), np.ones(len(origins)))


def _momentum(model: Model, levels: Numbers, origins: Origins, steps: int) -> Inputs:
    """Changes over the last 1, 5 and 21 observations, over the volatility known at the origin."""
    now = levels[origins]
    scale = volatility(levels, origins, model.calm)
    momenta = [(now - levels[origins - span]) / (math.sqrt(span) * scale) for span in SPANS]
    return Inputs(np.zeros((len(origins), steps)), np.column_stack(momenta), scale)


def _direct(model: Model, levels: Numbers, origins: Origins, steps: int) -> Inputs:
    """Differences of earlier levels to the one at the origin, and where in the season the origin lies."""
    now = levels[origins][:, None]
    earlier = levels[origins[:, None] - np.array(model.lags)]
    earlier -= now
    turns = (2 * np.pi * times / season * origins for season, times in model.harmonics)
    waves = chain.from_iterable((np.sin(turn), np.cos(turn)) for turn in turns)
    features = np.column_stack([earlier, *waves])
    return Inputs(np.zeros((len(origins), steps)), features, np.ones(len(origins)))


def _level(model: Model, levels: Numbers, origins: Origins, steps: int) -> Inputs:
    """The same and the level itself, so that a forecast can return to the mean."""
    made = _direct(model, levels, origins, steps)
    return Inputs(made.base, np.column_stack([made.features, levels[origins]]), made.scale)


def _seasonal_ridge(model: Model, levels: Numbers, origins: Origins, steps: int) -> Inputs:
    """How far the last levels were from those a season before."""
    at = origins[:, None] - np.array(model.lags)
    base = _seasonal_base(model.season, levels, origins, steps)
    return Inputs(base, levels[at] - levels[at - model.season], np.ones(len(origins)))


_INPUTS: Mapping[str, Callable[[Model, Numbers, Origins, int], Inputs]] = {
    "naive": _naive,
    "drift": _naive,
    "seasonal-naive": _seasonal_naive,
    "momentum-ridge": _momentum,
    "direct-ridge": _direct,
    "level-ridge": _level,
    "seasonal-ridge": _seasonal_ridge,
}
NAMES = tuple(_INPUTS)
