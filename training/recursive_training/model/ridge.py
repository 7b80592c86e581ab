"""Ridge regressions of all steps at once, judged on folds that they have not seen.

Rows that lie within the horizon of a fold share changes with it. They are left out of the fold's fit (purged
cross-validation: Lopez de Prado, Advances in Financial Machine Learning, 2018, section 7.4; blocks for
dependent data: Racine 2000, doi 10.1016/S0304-4076(00)00030-0). The sums of products without a fold are those
of all rows less the fold's, so each fold costs one solve.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Self

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


@dataclass(frozen=True, eq=False)
class Folds:
    """Standardised rows, and the sums of products of which a ridge is made: of all rows, and without each
    fold and the rows beside it. `shares`: of the rows that are left without a fold.
    """

    mean: Numbers
    precision: Numbers
    rows: Numbers
    gram: Numbers
    cross: Numbers
    kept_grams: Numbers
    kept_crosses: Numbers
    shares: Numbers

    @classmethod
    def of(cls, features: Numbers, targets: Numbers, horizon: int) -> Self:
        """`targets` are rows by steps. Rows within the `horizon` of a fold are left out with it."""
        mean: Numbers = features.mean(axis=0)
        centred = features - mean
        spread: Numbers = np.sqrt(np.einsum("ij,ij->j", centred, centred) / len(centred))
        varied = spread > _ROUNDING * np.abs(mean)
        precision: Numbers = np.divide(1.0, spread, out=np.zeros_like(spread), where=varied)
        count, width = len(targets), 1 + len(mean)
        both = np.empty((count, width + targets.shape[1]))
        both[:, 0] = 1
        np.multiply(centred, precision, out=both[:, 1:width])
        both[:, width:] = targets
        rows = both[:, :width]
        purged = min(horizon, count // 3)  # a short history would have nothing left to learn from
        own, left_out, shares = [], [], []
        for first, end in folds(count):
            start, stop = max(0, first - purged), min(count, end + purged)
            own.append(rows[first:end].T @ both[first:end])
            beside = ((start, first), (end, stop))
            left_out.append(own[-1] + sum(rows[a:b].T @ both[a:b] for a, b in beside if a < b))
            shares.append(1 - (stop - start - 1) / count)
        total: Numbers = np.sum(own, axis=0)
        kept: Numbers = total - np.array(left_out)
        sums = total[:, :width], total[:, width:], kept[:, :, :width], kept[:, :, width:]
        return cls(mean, precision, rows, *sums, np.array(shares))

    def first(self, features: int) -> Self:
        """The same with the first so many features alone, whose sums of products are among those of all."""
        width = features + 1
        return replace(
            self,
            mean=self.mean[:features],
            precision=self.precision[:features],
            rows=self.rows[:, :width],
            gram=self.gram[:width, :width],
            cross=self.cross[:width],
            kept_grams=self.kept_grams[:, :width, :width],
            kept_crosses=self.kept_crosses[:, :width],
        )

    def predicted(self, judged: NDArray[np.int64], penalties: Sequence[float]) -> Numbers:
        """Penalties by judged rows by steps: what the fit without the row's fold predicts of it."""
        fits = _solved(self.kept_grams, self.kept_crosses, self.shares[:, None] * np.array(penalties))
        rows, bounds = self.rows[judged], np.searchsorted(judged, folds(len(self.rows)))
        predictions = [rows[a:b] @ fit for (a, b), fit in zip(bounds, fits, strict=True)]
        return np.concatenate(predictions, axis=1)

    def fit(self, penalty: float) -> Ridge:
        """The fit on all rows."""
        solved = _solved(self.gram[None], self.cross[None], np.array([[penalty]]))
        return Ridge(self.mean, self.precision, solved[0, 0])


def _solved(grams: Numbers, crosses: Numbers, penalties: Numbers) -> Numbers:
    """Folds by penalties by 1 + features by steps; `penalties` are folds by penalties."""
    width = grams.shape[-1]
    added = np.repeat(grams[:, None], penalties.shape[1], axis=1)
    places = np.arange(1, width)
    added[:, :, places, places] += penalties[:, :, None]
    added[:, :, 0, 0] += _INTERCEPT
    return np.linalg.solve(added, crosses[:, None]).astype(np.float64, copy=False)


def folds(rows: int) -> list[tuple[int, int]]:
    """The first row and the end of each fold: contiguous, of almost equal length."""
    edges = [rows * fold // FOLDS for fold in range(FOLDS + 1)]
    return list(pairwise(edges))


def _design(features: Numbers, mean: Numbers, precision: Numbers) -> Numbers:
    return np.column_stack([np.ones(len(features)), (features - mean) * precision])
