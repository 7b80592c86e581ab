"""Trust: how often a variable's retrodictions have proved right, as a probability.

Each window is one trial, a success or a failure. Starting from the uniform prior Beta(1, 1), s successes and
f failures make the posterior Beta(1 + s, 1 + f); trust is its mean, (1 + s) / (2 + s + f): 0.5 when nothing
was seen, towards 1 as windows succeed. (Gelman et al., Bayesian Data Analysis, 3rd ed., section 2.1.)

Success is defined by the criterion, chosen with --success-criterion:

- beats-persistence (the default): the window's MAE is smaller than that of repeating the last known value.
  A tie is no success: of a constant, persistence is never wrong either.
- beats-baselines: it is smaller than that of persistence and than that of seasonal-naive. Where no season is
  known yet, persistence alone counts.
- within-interval: at least 90 % of the window's observations, the interval's nominal level, lay inside the
  interval.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from recursive_training.model.retrodiction import INTERVAL_LEVEL, Retrodiction
from recursive_training.series import Numbers


def _mae(part: Retrodiction, other: Numbers) -> float:
    return float(np.mean(np.abs(part.actual - other)))


def beats_persistence(part: Retrodiction) -> bool:
    return _mae(part, part.retrodicted) < _mae(part, part.persistence)


def beats_baselines(part: Retrodiction) -> bool:
    seasonal = _mae(part, part.seasonal_naive)
    return beats_persistence(part) and (bool(np.isnan(seasonal)) or _mae(part, part.retrodicted) < seasonal)


def within_interval(part: Retrodiction) -> bool:
    inside = (part.lower <= part.actual) & (part.actual <= part.upper)
    return bool(np.mean(inside) >= INTERVAL_LEVEL)


CRITERIA: Mapping[str, Callable[[Retrodiction], bool]] = {
    "beats-persistence": beats_persistence,
    "beats-baselines": beats_baselines,
    "within-interval": within_interval,
}
DEFAULT_CRITERION = "beats-persistence"


@dataclass(frozen=True)
class Trust:
    """A Beta posterior over the chance that the next window succeeds."""

    successes: int = 0
    failures: int = 0

    @property
    def windows(self) -> int:
        return self.successes + self.failures

    @property
    def mean(self) -> float:
        """The posterior mean, strictly between 0 and 1."""
        return (1 + self.successes) / (2 + self.windows)

    def after(self, success: bool) -> "Trust":
        return Trust(self.successes + success, self.failures + (not success))
