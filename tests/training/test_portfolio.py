"""The portfolio: what it sees that one model does not, what it leaves alone, and how wide it says it is."""

import numpy as np
import pytest
from recursive_training.model import artifact, intervals, seasons
from recursive_training.model.forecaster import learn
from recursive_training.model.history import HISTORY, LONGEST_PAUSE, learned_at
from recursive_training.model.inputs import NAMES, Choice
from recursive_training.model.ridge import FOLDS, Folds, folds
from recursive_training.series import Series

from tests.training.simulated import KINDS, daily

AHEAD = 21  # steps
STEADY = 94  # observations: of daily data and 21 days the fewest that are taken, or one more


def of_months(values) -> Series:
    return Series("x", (np.datetime64("1950-01", "M") + np.arange(len(values))).astype("M8[us]"), values)


def drawn(kind: str, count: int, paths: int):
    random = np.random.default_rng(8)
    for _ in range(paths):
        values = KINDS[kind](count + AHEAD, random)
        found = learn(daily(values[:count]), AHEAD).forecast_next(values[:count])
        yield values[count - 1], values[count:], found


@pytest.mark.parametrize(("count", "paths"), [(STEADY, 150), (300, 60)])
@pytest.mark.parametrize("kind", KINDS)
def test_the_interval_covers_nine_tenths_early_and_late_in_the_window(kind, count, paths):
    inside = np.mean([(f.lower <= new) & (new <= f.upper) for _, new, f in drawn(kind, count, paths)], axis=0)
    early, middle, late = (float(np.mean(third)) for third in np.split(inside, 3))
    assert inside.mean() == pytest.approx(0.9, abs=0.055)
    assert min(early, middle, late) > 0.83
    assert max(early, middle, late) < 0.97


@pytest.mark.parametrize("kind", ["random walk", "t3", "GARCH"])
def test_where_nothing_can_be_known_little_is_lost_against_the_last_value(kind):
    errors = np.sum(
        [(np.abs(f.middle - new).mean(), np.abs(last - new).mean()) for last, new, f in drawn(kind, 300, 60)],
        axis=0,
    )
    assert errors[0] < 1.07 * errors[1]


@pytest.mark.parametrize(("kind", "share"), [("seasonal", 0.35), ("trend", 0.6), ("counts", 0.85)])
def test_a_season_a_trend_and_a_mean_are_seen(kind, share):
    errors = np.sum(
        [(np.abs(f.middle - new).mean(), np.abs(last - new).mean()) for last, new, f in drawn(kind, 300, 40)],
        axis=0,
    )
    assert errors[0] < share * errors[1]


def test_a_growing_yearly_season_is_carried_on():
    months = np.arange(132)
    noise = np.random.default_rng(4).normal(0, 0.02, 144)[:132]
    values = np.exp(4 + 0.3 * np.sin(2 * np.pi * months / 12) + 0.01 * months + noise)
    learned = learn(of_months(values), 365)
    ahead = np.arange(132, 132 + learned.steps)
    expected = np.exp(4 + 0.3 * np.sin(2 * np.pi * ahead / 12) + 0.01 * ahead)
    assert learned.logarithmic
    assert learned.forecast_next(values).middle == pytest.approx(expected, rel=0.06)


@pytest.mark.parametrize(
    ("step", "unit", "lengths"),
    [
        (1, "h", [24, 168]),
        (15, "m", [96, 672]),
        (1, "D", [7, 365]),
        (7, "D", [52]),
        (1, "M", [12]),
        (3, "M", [4]),
        (1, "Y", []),
    ],
)
def test_the_spacing_suggests_seasons(step, unit, lengths):
    times = (np.datetime64("2000-01", unit) + step * np.arange(120)).astype("M8[us]")
    assert seasons.candidates(times) == lengths


def test_business_days_suggest_weeks_and_years_of_business_days():
    days = np.arange("2000-01-03", "2006-01-01", dtype="M8[D]")
    assert seasons.candidates(days[np.is_busday(days)].astype("M8[us]")) == [5, 261]


def test_a_season_is_found_where_the_series_comes_back_and_nowhere_else():
    random = np.random.default_rng(2)
    assert seasons.find(KINDS["seasonal"](400, random), [7, 365]) == [7]
    assert seasons.find(np.cumsum(random.normal(0, 1, 800)), [7, 365]) == []


def test_the_fold_that_is_judged_and_its_neighbours_take_no_part_in_its_fit():
    random = np.random.default_rng(3)
    features, targets = random.normal(0, 1, (120, 4)), random.normal(0, 1, (120, 3))
    first, end = folds(120)[2]
    judged = np.arange(first, end)
    before = Folds.of(features, targets, 3).predicted(judged, (10.0,))
    targets[first - 3 : end + 3] += 1000
    assert Folds.of(features, targets, 3).predicted(judged, (10.0,)) == pytest.approx(before, abs=1e-6)
    targets[first - 4] += 1000
    assert Folds.of(features, targets, 3).predicted(judged, (10.0,)) != pytest.approx(before, abs=1e-6)
    assert len(folds(120)) == FOLDS


def test_fits_on_some_of_the_features_are_those_on_them_alone():
    random = np.random.default_rng(6)
    features, targets, judged = (
        random.normal(1, 2, (200, 6)),
        random.normal(0, 1, (200, 3)),
        np.arange(0, 200, 7),
    )
    for width in (0, 2, 6):
        nested, alone = Folds.of(features, targets, 9).first(width), Folds.of(features[:, :width], targets, 9)
        assert nested.predicted(judged, (1.0, 50.0)) == pytest.approx(alone.predicted(judged, (1.0, 50.0)))
        some = features[:5, :width]
        assert nested.fit(3.0).predict(some) == pytest.approx(alone.fit(3.0).predict(some))


def test_a_ridge_is_what_the_formula_says():
    random = np.random.default_rng(5)
    features, targets = random.normal(2, 3, (80, 3)), random.normal(0, 1, (80, 2))
    fit = Folds.of(features, targets, 3).fit(7.0)
    rows = (features - features.mean(axis=0)) / features.std(axis=0)
    slopes = np.linalg.solve(rows.T @ rows + 7 * np.eye(3), rows.T @ (targets - targets.mean(axis=0)))
    assert fit.predict(features) == pytest.approx(targets.mean(axis=0) + rows @ slopes)


def test_of_few_independent_residuals_the_interval_covers_nine_tenths_at_every_step():
    random, steps, inside = np.random.default_rng(11), 20, []
    for _ in range(150):
        levels, residuals = np.cumsum(random.normal(0, 1, 60)), random.normal(0, 1, (52, steps))
        found = intervals.fit(levels, np.arange(52), residuals, 52, 0.1)
        scale = found.scale(levels, np.array([59]))[0]
        new = random.normal(0, 1, (400, steps))
        inside.append(((found.lower * scale <= new) & (new <= found.upper * scale)).mean(axis=0))
    assert np.mean(inside) == pytest.approx(0.9, abs=0.012)
    assert np.mean(inside, axis=0) == pytest.approx(0.9, abs=0.03)


@pytest.mark.parametrize(("free", "quantile"), [(3, 2.3534), (5, 2.0150), (10, 1.8125), (60, 1.6706)])
def test_students_quantiles_are_those_of_the_tables(free, quantile):
    assert intervals.student(np.array([float(free)]))[0] == pytest.approx(quantile, rel=0.01)


@pytest.mark.parametrize("name", NAMES)
def test_a_model_asked_for_is_the_one_that_answers(name):
    values = KINDS["seasonal"](200, np.random.default_rng(1))
    assert learn(daily(values), AHEAD, Choice((name,))).name == name


def test_without_a_season_there_is_no_seasonal_model_and_naive_answers():
    values = KINDS["random walk"](200, np.random.default_rng(1))
    assert learn(daily(values), AHEAD, Choice(("seasonal-naive",))).name == "naive"
    assert learn(daily(values), AHEAD, Choice(("seasonal-naive",), season=9)).models[0].model.season == 9


def test_a_stored_model_forecasts_from_what_was_observed_since():
    values = KINDS["seasonal"](300, np.random.default_rng(1))
    learned = learn(daily(values[:280]), AHEAD)
    loaded, history = artifact.load(artifact.dump(learned, daily(values[:280])))
    since = np.concatenate([history, values[280:]])
    assert loaded.forecast_next(since).upper.tolist() == learned.forecast_next(values).upper.tolist()


@pytest.mark.parametrize(
    "spoil", [{"schema": 1}, {"models": 3}, {"interval": {}}, {"models": [{"weight": 1}]}]
)
def test_what_is_no_stored_model_is_refused(spoil):
    stored = artifact.dump(learn(daily(np.arange(100.0)), 5), daily(np.arange(100.0)))
    with pytest.raises(ValueError, match="It"):
        artifact.load(stored | spoil)


def test_models_are_learned_at_places_that_hang_on_the_number_of_observations_alone():
    places = [learned_at(known) for known in range(1, 5000)]
    assert places[:255] == list(range(1, 256))
    assert places == sorted(places)
    assert max(known - place for known, place in enumerate(places, 1)) == LONGEST_PAUSE - 1
    assert max((known - place) / known for known, place in enumerate(places, 1)) < 1 / 7
    assert LONGEST_PAUSE < HISTORY


def test_residuals_that_are_nothing_at_first_are_no_overflow():
    spread = np.array([np.finfo(float).tiny, 1e3, 1e30])
    with np.errstate(all="raise"):
        assert (intervals.freedom(spread, 60) >= 2.5).all()
