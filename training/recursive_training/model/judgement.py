"""The judgement of a variable: is its forecast better than the best baseline, and by how much, for sure.

Each window is one observation: the mean absolute error in it. The best baseline is the one whose error over
all windows is least. The interval of the skill comes from a circular block bootstrap over the windows
(Politis & Romano 1992; blocks of about n^(1/3) windows, because windows beside each other share their
history), drawn with a fixed seed. The test is that of Diebold & Mariano (1995) on the differences of the
windows' errors, with the small-sample correction of Harvey, Leybourne & Newbold (1997, doi
10.1016/S0169-2070(96)00719-4); windows do not overlap, so its horizon is one. "Better" takes both.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recursive_training.model.retrodiction import Retrodiction
from recursive_training.model.trust import Trust
from recursive_training.series import Numbers

_RESAMPLES = 2000
_SEED = 20_220_101
_LEVEL = 0.95
_SIGNIFICANT = 0.05
FEWEST_WINDOWS = 8  # with fewer a bootstrap has nothing to draw from
_GRID = 20_001
_BASELINES = {"persistence": "copying the last value", "seasonal_naive": "copying the last season"}


@dataclass(frozen=True)
class Judgement:
    """`skill` is 1 - error / error of the best baseline, `low` and `high` its 95 % interval; None: too few
    windows.

    `p_value`: of the two-sided test that both are as good. None where no error differs.
    """

    best_baseline: str
    skill: float | None
    low: float | None
    high: float | None
    p_value: float | None
    verdict: str


def judge(parts: Sequence[Retrodiction]) -> Judgement:
    """The judgement over at least one window."""
    known = [name for name in _BASELINES if not any(np.isnan(getattr(part, name)).any() for part in parts)]
    errors = {name: window_errors(parts, name) for name in known}
    best = min(known, key=lambda name: float(np.sum(errors[name])))
    mine, theirs = window_errors(parts, "retrodicted"), errors[best]
    skill = _skill(float(np.sum(mine)), float(np.sum(theirs)))
    low, high = bootstrap(mine, theirs) if len(parts) >= FEWEST_WINDOWS else (None, None)
    p_value = diebold_mariano(theirs - mine)
    return Judgement(best, skill, low, high, p_value, _verdict(best, len(parts), low, high, p_value))


def window_errors(parts: Sequence[Retrodiction], name: str) -> Numbers:
    """The mean absolute error in each window."""
    return np.array([float(np.mean(np.abs(part.actual - getattr(part, name)))) for part in parts])


def bootstrap(mine: Numbers, theirs: Numbers) -> tuple[float | None, float | None]:
    """The 95 % interval of the skill; None, None where the baseline is never wrong."""
    if not theirs.any():
        return None, None
    count = len(mine)
    length = max(round(count ** (1 / 3)), 1)
    starts = np.random.default_rng(_SEED).integers(count, size=(_RESAMPLES, -(-count // length)))
    drawn = (starts[:, :, None] + np.arange(length)).reshape(_RESAMPLES, -1)[:, :count] % count
    sums = theirs[drawn].sum(axis=1)
    skills = 1 - mine[drawn].sum(axis=1)[sums > 0] / sums[sums > 0]
    low, high = np.quantile(skills, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    return float(low), float(high)


def diebold_mariano(differences: Numbers) -> float | None:
    """The two-sided p-value that the differences have mean 0; None where there are none to speak of.

    With a horizon of one the correction is sqrt((n - 1) / n), and the statistic has n - 1 degrees of freedom.
    """
    count, spread = len(differences), float(np.std(differences))
    if count < 2 or spread == 0 or not math.isfinite(spread):  # noqa: PLR2004 - one has no spread
        return None
    statistic = float(np.mean(differences)) / (spread / math.sqrt(count)) * math.sqrt((count - 1) / count)
    return student_tails(abs(statistic), count - 1)


def student_tails(statistic: float, free: int) -> float:
    """The chance of Student's t beyond +- the statistic: with t = sqrt(free) tan(a), cos(a)^(free - 1) da."""
    angles = np.linspace(0, math.pi / 2, _GRID)
    density = np.cos(angles) ** (free - 1)
    below = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2)])
    return float(1 - np.interp(math.atan(statistic / math.sqrt(free)), angles, below / below[-1]))


def credible_interval(trust: Trust) -> tuple[float, float]:
    """The central 95 % of the Beta posterior of trust (Gelman et al., Bayesian Data Analysis, section
    2.3).
    """
    share = np.linspace(0, 1, _GRID)[1:-1]
    density = trust.successes * np.log(share) + trust.failures * np.log1p(-share)
    below = np.cumsum(np.exp(density - density.max()))
    low, high = np.interp([(1 - _LEVEL) / 2, (1 + _LEVEL) / 2], below / below[-1], share)
    return float(low), float(high)


def _skill(mine: float, theirs: float) -> float | None:
    return 1 - mine / theirs if theirs > 0 else None


def _verdict(best: str, windows: int, low: float | None, high: float | None, p_value: float | None) -> str:
    baseline = _BASELINES[best]
    if windows < FEWEST_WINDOWS:
        return f"too few windows ({windows}) to tell whether it is better than {baseline}"
    significant = p_value is not None and p_value < _SIGNIFICANT
    if low is not None and high is not None and significant:
        if low > 0:
            return f"better than every baseline, by {_range(low, high)}"
        if high < 0:
            return f"worse than {baseline}, by {_range(-high, -low)}"
    return f"no better than {baseline}"


def _range(low: float, high: float) -> str:
    ends = dict.fromkeys((_percent(low), _percent(high)))
    return " to ".join(ends) + " %"


def _percent(share: float) -> str:
    """Whole percents, below one with a digit."""
    return f"{100 * share:.0f}" if share >= 0.01 else f"{100 * share:.1f}"  # noqa: PLR2004 - a percent
