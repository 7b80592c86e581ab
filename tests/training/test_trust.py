"""Trust is the mean of a Beta posterior, and success is what the criterion says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from recursive_training.model.retrodiction import Retrodiction
from recursive_training.model.trust import CRITERIA, Trust
from recursive_training.results.outcome import judge
from recursive_training.series import Series, Window

TIMES = np.datetime64("2020-01-01", "us") + np.arange(10) * np.timedelta64(1, "D")


def part(error: float, persistence_error: float, seasonal_error: float, inside: int = 10) -> Retrodiction:
    actual = np.full(10, 50.0)
    width = np.where(np.arange(10) < inside, abs(error) + 1, abs(error) / 2)
    return Retrodiction(
        variable="x",
        window=Window(0, TIMES[0], TIMES[-1]),
        times=TIMES,
        actual=actual,
        retrodicted=actual + error,
        lower=actual + error - width,
        upper=actual + error + width,
        persistence=actual - persistence_error,
        seasonal_naive=actual + seasonal_error,
        naive_error=1.0,
        seasonal_naive_error=1.0,
        season="one day",
    )


@given(st.lists(st.booleans(), max_size=60))
def test_the_mean_is_that_of_a_beta_posterior_from_a_uniform_prior(outcomes):
    trust = Trust()
    for success in outcomes:
        trust = trust.after(success)
    grid = np.linspace(0, 1, 20_001)
    likelihood = grid ** sum(outcomes) * (1 - grid) ** (len(outcomes) - sum(outcomes))
    assert trust.mean == pytest.approx(
        float(np.trapezoid(grid * likelihood) / np.trapezoid(likelihood)), abs=1e-6
    )


@pytest.mark.parametrize(
    ("criterion", "window", "success"),
    [
        ("beats-persistence", part(1, 2, 0.5), True),
        ("beats-persistence", part(2, 2, 9), False),
        ("beats-baselines", part(1, 2, 0.5), False),
        ("beats-baselines", part(1, 2, 3), True),
        ("beats-baselines", part(1, 2, np.nan), True),
        ("beats-baselines", part(3, 2, np.nan), False),
        ("within-interval", part(9, 1, 1, inside=9), True),
        ("within-interval", part(0.1, 1, 1, inside=8), False),
    ],
)
def test_a_window_succeeds_by_its_criterion(criterion, window, success):
    assert CRITERIA[criterion](window) is success


def test_trust_follows_the_windows_and_the_chosen_criterion():
    series = Series("x", TIMES, np.full(10, 50.0))
    parts = [part(1, 2, 0.5), part(1, 2, 3), part(3, 2, 9)]
    lenient, strict = judge(series, parts, "beats-persistence"), judge(series, parts, "beats-baselines")
    assert [trust.mean for trust in lenient.trusts] == [2 / 3, 3 / 4, 3 / 5]
    assert (strict.trust.successes, strict.trust.mean) == (1, 2 / 5)
