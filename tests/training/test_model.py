"""The forecaster on series whose future is known, and its interval on ones whose spread is."""

import gc
import weakref
from datetime import date

import numpy as np
import pytest
from recursive_training.model.forecaster import learn
from recursive_training.model.history import horizon, observations_needed
from recursive_training.model.scores import score
from recursive_training.model.trust import CRITERIA
from recursive_training.model.windows import cut, usable
from recursive_training.series import LARGEST, Series
from recursive_training.steps import walk
from recursive_training.steps.walk import retrodictions, tasks

DAY = np.timedelta64(1, "D")


def series(values) -> Series:
    return Series(
        "x", np.datetime64("2010-01-01", "us") + np.arange(len(values)) * DAY, np.asarray(values, float)
    )


def forecast(known: Series, days: int):
    return learn(known, days).forecast_next(known.values)


def test_steady_growth_is_carried_on():
    known = series(100 * 1.001 ** np.arange(600))
    middle = forecast(known, 10).middle
    assert middle == pytest.approx(100 * 1.001 ** np.arange(600, 610), rel=1e-3)


@pytest.mark.parametrize("value", [3.0, 7.8, 0.1, 1e-300, LARGEST, -7.8, 0.0])
def test_a_constant_stays_that_very_number_with_an_interval_of_no_width(value):
    found = forecast(series(np.full(200, value)), 10)
    for numbers in (found.middle, found.lower, found.upper):
        assert numbers.tolist() == [value] * 10


def test_a_constant_is_always_within_its_interval_and_never_beats_persistence():
    pegged = series(np.full(400, 7.8))
    windows = cut(date(2010, 9, 1), date(2011, 1, 31), 30)
    parts = [part for task in tasks(pegged, usable(pegged, windows, 30).windows, 30) for part in task.run()]
    assert (score(parts).coverage, score(parts).mae) == (1, 0)
    assert {name: {succeeds(part) for part in parts} for name, succeeds in CRITERIA.items()} == {
        "beats-persistence": {False},
        "beats-baselines": {False},
        "within-interval": {True},
    }


def test_a_forecast_ends_at_the_largest_number_that_may_be_observed():
    soaring = series(LARGEST / 10.0 ** np.arange(200)[::-1])
    assert forecast(soaring, 10).upper == pytest.approx(np.full(10, LARGEST))


def test_values_that_go_below_zero_are_forecast_by_their_differences():
    values = np.cumsum(np.random.default_rng(1).normal(0, 1, 500))
    learned = learn(series(values), 10)
    assert not learned.logarithmic
    assert abs(learned.forecast_next(values).middle[0] - values[-1]) < 1


@pytest.mark.parametrize("tiny", [1e-9, 1e-3, 1.0])
def test_one_tiny_value_among_positive_ones_does_not_ruin_the_skill(tiny):
    values = 100 * np.exp(np.cumsum(np.random.default_rng(11).normal(0, 0.01, 600)))
    values[250] = tiny
    walk = series(values)
    windows = cut(date(2010, 10, 1), date(2011, 6, 30), 15)
    parts = [part for task in tasks(walk, usable(walk, windows, 15).windows, 15) for part in task.run()]
    assert score(parts).skill_vs_persistence > -0.1
    assert max(part.upper.max() for part in parts) < 2 * values.max()


@pytest.mark.long
def test_the_interval_leaves_a_twentieth_of_a_random_walk_on_either_side():
    random = np.random.default_rng(3)
    below, above = [], []
    for _ in range(400):
        path = 100 * np.exp(np.cumsum(random.normal(0, 0.01, 1310)))
        found = forecast(series(path[:1300]), 10)
        below.append(path[1300:] < found.lower)
        above.append(path[1300:] > found.upper)
    assert np.mean(below) == pytest.approx(0.05, abs=0.02)
    assert np.mean(above) == pytest.approx(0.05, abs=0.02)
    assert np.mean(below, axis=0) + np.mean(above, axis=0) == pytest.approx(np.full(10, 0.1), abs=0.05)


def test_steps_past_the_horizon_repeat_the_last():
    learned = learn(series(np.cumprod(1 + np.random.default_rng(5).normal(0, 0.01, 300))), 5)
    assert learned.step(9).tolist() == [0, 1, 2, 3, 4, 4, 4, 4, 4]


def test_steps_past_the_horizon_repeat_the_last_season():
    values = np.tile([1.0, 2, 3, 9, 9, 2, 1], 40) + np.random.default_rng(6).normal(0, 0.1, 280)
    learned = learn(series(values), 10)
    assert learned.step(20).tolist() == [*range(10), *range(3, 10), *range(3, 6)]


def test_the_horizon_is_the_most_a_window_of_the_known_times_held():
    times = np.datetime64("2020-01-01", "us") + np.array([0, 1, 2, 3, 10, 20, 21, 22, 23, 24]) * DAY
    assert horizon(times, 4) == 4
    assert horizon(times, 30) == 10


def test_the_stated_minimum_of_history_is_enough_and_deterministic():
    known = series(100 + np.random.default_rng(2).normal(0, 1, 400))
    needed = observations_needed(known.times, 30)
    one, two = (forecast(known.latest(needed), 30) for _ in range(2))
    assert np.isfinite(one.middle).all()
    assert np.array_equal(one.upper, two.upper)


def test_nothing_of_a_series_is_kept_when_its_windows_are_done(market, monkeypatch):
    frame = market(300)
    price, made = Series("price", frame["timestamp"].to_numpy(), frame["price"].to_numpy()), []

    class Seen(walk.Scales):
        def __init__(self, series):
            super().__init__(series)
            made.append(weakref.ref(self))

    monkeypatch.setattr(walk, "Scales", Seen)
    windows = cut(date(2020, 8, 1), date(2020, 9, 30), 15)
    assert list(retrodictions(price, usable(price, windows, 15).windows, 15))
    gc.collect()
    assert [one() for one in made] == [None]
