"""Ridge regressions of all steps at once, judged on folds that they have not seen.

Rows that lie within the horizon of a fold share changes with it. They are left out of the fold's fit (purged
cross-validation: Lopez de Prado, Advances in Financial Machine Learning, 2018, section 7.4; blocks for
dependent data: Racine 2000, doi 10.1016/S0304-4076(00)00030-0). The sums of products without a fold are those
of all rows less the fold's, so each fold costs one solve.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from recursive_training.series import Numbers

FOLDS = 5
_ROUNDING = 1e-12  # of the mean: what varies by less is constant
_INTERCEPT = 1e-9  # no penalty, but a matrix that can be solved


@dataclass(frozen=True)
class Ridge:
    """Predicts all steps: `coefficients` are 1 + features by steps, the first row the intercepts.

    A feature counts as its difference to `mean` times `precision`, which is 0 for what never varied.
    """

    mean: Numbers
    precision: Numbers
    coefficients: Numbers

    def predict(self, features: Numbers) -> Numbers:
        """Row by row the same numbers, however many rows: a matrix product would round by their number."""
        rows = _design(features, self.mean, self.precision)
        predicted: Numbers = (rows[:, :, None] * self.coefficients).sum(axis=1)
        return predicted


class Folds:
    """Fits of `targets` (rows by steps) on `features`, for each penalty and without each fold."""

    def __init__(self, features: Numbers, targets: Numbers, penalties: Sequence[float]) -> None:
        spread: Numbers = features.std(axis=0)
        self._mean: Numbers = features.mean(axis=0)
        varied = spread > _ROUNDING * np.abs(self._mean)
        self._precision: Numbers = np.divide(1.0, spread, out=np.zeros_like(spread), where=varied)
        self._rows = _design(features, self._mean, self._precision)
        self._targets = targets
        self._penalties = np.array(penalties)
        self._gram, self._cross = self._rows.T @ self._rows, self._rows.T @ targets

    def _solved(self, gram: Numbers, cross: Numbers, penalties: Numbers) -> Numbers:
        """Folds by penalties by 1 + features by steps; `penalties` are folds by penalties."""
        added: Numbers = penalties[:, :, None, None] * np.eye(gram.shape[-1])
        added[:, :, 0, 0] = _INTERCEPT
        each = np.broadcast_to(cross[:, None], (*penalties.shape, *cross.shape[1:]))
        return np.linalg.solve(gram[:, None] + added, each).astype(np.float64, copy=False)

    def predicted(self, judged: NDArray[np.int64], horizon: int) -> Numbers:
        """Penalties by judged rows by steps: what the fit without the row's fold predicts of it."""
        count = len(self._targets)
        edges = folds(count)
        purged = min(horizon, count // 3)  # a short history would have nothing left to learn from
        left_out = [slice(max(0, first - purged), min(count, end + purged)) for first, end in edges]
        gram: Numbers = self._gram - np.array([self._rows[one].T @ self._rows[one] for one in left_out])
        cross: Numbers = self._cross - np.array([self._rows[one].T @ self._targets[one] for one in left_out])
        shares = np.array([1 - (one.stop - one.start - 1) / count for one in left_out])
        fits = self._solved(gram, cross, shares[:, None] * self._penalties)
        bounds = np.searchsorted(judged, edges)
        predictions = [self._rows[judged[a:b]] @ fit for (a, b), fit in zip(bounds, fits, strict=True)]
        return np.concatenate(predictions, axis=1)

    def fit(self, penalty: float) -> Ridge:
        """The fit on all rows."""
        solved = self._solved(self._gram[None], self._cross[None], np.array([[penalty]]))
        return Ridge(self._mean, self._precision, solved[0, 0])


def folds(rows: int) -> list[tuple[int, int]]:
    """The first row and the end of each fold: contiguous, of almost equal length."""
    edges = [rows * fold // FOLDS for fold in range(FOLDS + 1)]
    return list(pairwise(edges))


def _design(features: Numbers, mean: Numbers, precision: Numbers) -> Numbers:
    return np.column_stack([np.ones(len(features)), (features - mean) * precision])
