"""How good the retrodictions of one variable were, over all points of all its windows."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recursive_training.model.retrodiction import INTERVAL_LEVEL, Retrodiction
from recursive_training.series import Numbers

_STEP_GROUPS = 8


@dataclass(frozen=True)
class Scores:
    """mae, rmse: in the variable's unit. coverage: share of observations inside the interval, 0 to 1.

    mase, mase_seasonal_naive: mean absolute scaled error, each error over the in-sample MAE of the one-step
    persistence (one-season seasonal-naive) forecast on the history its window was fitted on
    (Hyndman & Koehler 2006, doi 10.1016/j.ijforecast.2006.03.001).
    rmsse: root mean squared scaled error, over the root mean square error of the same one-step persistence
    (Makridakis et al. 2022, doi 10.1016/j.ijforecast.2021.11.013).
    interval_score, mean_pinball_loss: of the 90 % interval, and of its ends and the middle as the quantiles
    5, 50 and 95 %, in the variable's unit (Gneiting & Raftery 2007, doi 10.1198/016214506000001437). crps:
    twice the mean pinball loss, the continuous ranked probability score as far as three quantiles tell.
    skill_vs_*: 1 - MAE / MAE of the baseline on the same observations; 1 is perfect, 0 is no better, below 0
    is worse. None where it is not defined: a baseline that knows nothing yet, or one that is never wrong.
    """

    observations: int
    mae: float
    rmse: float
    mase: float | None
    mase_seasonal_naive: float | None
    skill_vs_persistence: float | None
    skill_vs_seasonal_naive: float | None
    coverage: float
    rmsse: float | None
    interval_score: float
    mean_pinball_loss: float
    crps: float


def score(parts: Sequence[Retrodiction]) -> Scores:
    """The scores over at least one retrodicted window."""
    actual, middle = _all(parts, "actual"), _all(parts, "retrodicted")
    error = np.abs(actual - middle)
    lengths = [len(part.actual) for part in parts]
    pinball = _mean_pinball_loss(parts)
    inside = (_all(parts, "lower") <= actual) & (actual <= _all(parts, "upper"))
    return Scores(
        observations=len(actual),
        mae=float(np.mean(error)),
        rmse=float(np.sqrt(np.mean(error**2))),
        mase=_mean_scaled(error, np.repeat([part.naive_error for part in parts], lengths)),
        mase_seasonal_naive=_mean_scaled(
            error, np.repeat([part.seasonal_naive_error for part in parts], lengths)
        ),
        skill_vs_persistence=_skill(error, np.abs(actual - _all(parts, "persistence"))),
        skill_vs_seasonal_naive=_skill(error, np.abs(actual - _all(parts, "seasonal_naive"))),
        coverage=float(np.mean(inside)),
        rmsse=_root_mean_scaled(error, np.repeat([part.naive_root_mean_square for part in parts], lengths)),
        interval_score=float(np.mean(interval_scores(actual, _all(parts, "lower"), _all(parts, "upper")))),
        mean_pinball_loss=pinball,
        crps=2 * pinball,
    )


@dataclass(frozen=True)
class StepScores:
    """Errors and calibration along the windows: lists, one number for each group of steps.

    `to_step`: the last step of each group, the first of them begins at 1 and each where the one before ends.
    `mae`, `mae_persistence`: in the variable's unit. `coverage`: the share inside the interval.
    """

    to_step: list[int]
    observations: list[int]
    mae: list[float]
    mae_persistence: list[float]
    coverage: list[float]


def score_steps(parts: Sequence[Retrodiction]) -> StepScores:
    """The scores by step, of eight groups at most, over at least one retrodicted window."""
    steps = np.concatenate([np.arange(len(part.actual)) for part in parts])
    count = int(steps.max()) + 1
    ends = np.unique(np.linspace(0, count, min(count, _STEP_GROUPS) + 1).round().astype(np.int64))[1:]
    group = np.searchsorted(ends, steps, side="right")
    sizes = np.bincount(group)
    actual = _all(parts, "actual")

    def means(values: NDArray[Any]) -> list[float]:
        found: list[float] = (np.bincount(group, weights=values) / sizes).tolist()
        return found

    return StepScores(
        to_step=ends.tolist(),
        observations=sizes.tolist(),
        mae=means(np.abs(actual - _all(parts, "retrodicted"))),
        mae_persistence=means(np.abs(actual - _all(parts, "persistence"))),
        coverage=means((_all(parts, "lower") <= actual) & (actual <= _all(parts, "upper"))),
    )


def interval_scores(actual: Numbers, lower: Numbers, upper: Numbers) -> Numbers:
    """The width of each interval, and 2 / (1 - level) times how far outside the observation was."""
    outside = np.maximum(lower - actual, 0) + np.maximum(actual - upper, 0)
    scores: Numbers = upper - lower + 2 / (1 - INTERVAL_LEVEL) * outside
    return scores


def pinball_losses(actual: Numbers, predicted: Numbers, quantile: float) -> Numbers:
    """The loss that the quantile minimizes: 1 - quantile a unit above the observation, quantile a unit
    below.
    """
    above = predicted - actual
    losses: Numbers = np.maximum((1 - quantile) * above, -quantile * above)
    return losses


def _mean_pinball_loss(parts: Sequence[Retrodiction]) -> float:
    """Over the three quantiles that are known."""
    actual, tail = _all(parts, "actual"), (1 - INTERVAL_LEVEL) / 2
    quantiles = {"lower": tail, "retrodicted": 0.5, "upper": 1 - tail}
    losses = [pinball_losses(actual, _all(parts, name), quantile) for name, quantile in quantiles.items()]
    return float(np.mean(losses))


def _all(parts: Sequence[Retrodiction], name: str) -> Numbers:
    return np.concatenate([getattr(part, name) for part in parts])


def _mean_scaled(error: Numbers, scale: NDArray[np.float64]) -> float | None:
    defined = scale > 0  # false for NaN too
    return _finite(float(np.mean(error[defined] / scale[defined]))) if defined.any() else None


def _root_mean_scaled(error: Numbers, scale: NDArray[np.float64]) -> float | None:
    defined = scale > 0  # false for NaN too
    if not defined.any():
        return None
    return _finite(float(np.sqrt(np.mean((error[defined] / scale[defined]) ** 2))))


def _skill(error: Numbers, baseline_error: Numbers) -> float | None:
    defined = ~np.isnan(baseline_error)
    baseline = float(np.sum(baseline_error[defined]))
    return _finite(1 - float(np.sum(error[defined])) / baseline) if baseline > 0 else None


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
