"""Scores against numbers worked out by hand, and against formulas written another way."""

import numpy as np
import pytest
from recursive_training.model import baselines
from recursive_training.model.retrodiction import Retrodiction
from recursive_training.model.scores import score
from recursive_training.series import Series, Window

DAY = np.timedelta64(1, "D")
WEEK = baselines.season(np.datetime64("2020-01-01", "us") + np.arange(20) * DAY)


def days(*numbers: int) -> np.ndarray:
    return (np.datetime64("2020-01-01", "us") + np.array(numbers) * DAY).astype("datetime64[us]")


def part(actual, retrodicted, *, persistence, seasonal, scales=(1.0, 1.0)) -> Retrodiction:
    middle = np.array(retrodicted, dtype=float)
    return Retrodiction(
        variable="x",
        window=Window(0, days(0)[0], days(30)[0]),
        times=days(*range(len(actual))),
        actual=np.array(actual, dtype=float),
        retrodicted=middle,
        lower=middle - 1.5,
        upper=middle + 1.5,
        persistence=np.array(persistence, dtype=float),
        seasonal_naive=np.array(seasonal, dtype=float),
        naive_error=scales[0],
        seasonal_naive_error=scales[1],
        season="one day",
    )


@pytest.fixture
def two_windows() -> list[Retrodiction]:
    # errors 1, 2 and 3; persistence errors 2, 4 and 6; seasonal errors 4, 4 and (unknown)
    return [
        part([10, 12], [11, 10], persistence=[8, 8], seasonal=[14, 8], scales=(0.5, 2)),
        part([20], [23], persistence=[14], seasonal=[np.nan], scales=(1.5, np.nan)),
    ]


def test_mae_and_rmse_are_over_all_points(two_windows):
    scores = score(two_windows)
    assert scores.observations == 3
    assert scores.mae == pytest.approx(2)
    assert scores.rmse == pytest.approx(np.sqrt(14 / 3))


def test_mase_divides_each_error_by_the_scale_of_its_own_history(two_windows):
    scores = score(two_windows)
    assert scores.mase == pytest.approx((1 / 0.5 + 2 / 0.5 + 3 / 1.5) / 3)
    assert scores.mase_seasonal_naive == pytest.approx((1 / 2 + 2 / 2) / 2)


def test_skill_compares_on_the_points_the_baseline_knows(two_windows):
    scores = score(two_windows)
    assert scores.skill_vs_persistence == pytest.approx(1 - 6 / 12)
    assert scores.skill_vs_seasonal_naive == pytest.approx(1 - 3 / 8)


def test_coverage_is_the_share_inside_the_interval_edges_included(two_windows):
    assert score(two_windows).coverage == pytest.approx(1 / 3)
    edge = part([10], [8.5], persistence=[9], seasonal=[9])
    assert score([edge]).coverage == 1


def test_what_is_not_defined_is_none_and_not_nan():
    flat = part([5], [5], persistence=[5], seasonal=[np.nan], scales=(0.0, np.nan))
    scores = score([flat])
    assert (scores.mase, scores.mase_seasonal_naive) == (None, None)
    assert (scores.skill_vs_persistence, scores.skill_vs_seasonal_naive) == (None, None)


def test_naive_errors_are_the_in_sample_ones_of_hyndman_and_koehler():
    known = Series("x", days(*range(10)), np.array([1, 2, 4, 7, 11, 16, 22, 30, 40, 53], dtype=float))
    assert baselines.Scales(known).naive_error(0, len(known)) == pytest.approx(
        (1 + 2 + 3 + 4 + 5 + 6 + 8 + 10 + 13) / 9
    )
    assert baselines.Scales(known).seasonal_naive_error(WEEK, 0, len(known)) == pytest.approx(
        (29 + 38 + 49) / 3
    )


def test_seasonal_naive_repeats_the_last_known_season():
    known = Series("x", days(*range(10)), np.arange(10, dtype=float))
    ahead = days(10, 11, 16, 17, 24)
    assert baselines.seasonal_naive(known, ahead, WEEK).tolist() == [3, 4, 9, 3, 3]


def test_seasonal_naive_takes_the_last_value_before_a_day_that_is_missing():
    known = Series("x", days(0, 1, 2, 5, 6, 7), np.array([0.0, 1, 2, 5, 6, 7]))
    assert baselines.seasonal_naive(known, days(10, 11), WEEK).tolist() == [2, 2]


def test_seasonal_naive_knows_nothing_before_the_first_season():
    known = Series("x", days(4, 5), np.array([4.0, 5]))
    assert np.isnan(baselines.seasonal_naive(known, days(6), WEEK)).all()


@pytest.mark.parametrize(
    ("spacing", "name"),
    [(np.timedelta64(1, "h"), "one day"), (DAY, "one week (7 days)"), (30 * DAY, "one year")],
)
def test_the_season_goes_with_how_dense_the_data_are(spacing, name):
    times = np.datetime64("2020-01-01", "us") + np.arange(20) * spacing
    assert baselines.season(times).name == name


def dates(first: str, last: str, unit: str) -> np.ndarray:
    """The first days of the months, quarters (3M) or years from first to before last."""
    return np.arange(first, last, dtype=f"datetime64[{unit}]").astype("datetime64[us]")


def ends(firsts: np.ndarray, weekmask: str = "1111111") -> np.ndarray:
    """The last (working) day before each of the dates."""
    before = np.busday_offset(firsts.astype("datetime64[D]") - DAY, 0, roll="backward", weekmask=weekmask)
    return before.astype("datetime64[us]")


MONTHS, QUARTERS = dates("2001-01", "2025-01", "M"), dates("2001-01", "2025-01", "3M")
FRIDAYS = np.arange("2001-01-05", "2025-01-01", 7, dtype="datetime64[D]").astype("datetime64[us]")


@pytest.mark.parametrize(
    ("times", "a_year"),
    [
        pytest.param(MONTHS, 12, id="first days of months"),
        pytest.param(ends(MONTHS), 12, id="last days of months"),
        pytest.param(ends(MONTHS, "1111100"), 12, id="last working days of months"),
        pytest.param(QUARTERS, 4, id="first days of quarters"),
        pytest.param(ends(QUARTERS, "1111100"), 4, id="last working days of quarters"),
        pytest.param(dates("1900", "2025", "Y"), 1, id="years"),
        pytest.param(np.sort(np.concatenate([MONTHS, MONTHS + 14 * DAY])), 24, id="half months"),
    ],
)
def test_seasonal_naive_of_a_part_of_the_year_is_that_part_a_year_before(times, a_year):
    """For every cut-off, two years ahead: the same months of the last known year, twice."""
    for cut in range(3 * a_year, len(times) - 2 * a_year):
        known = Series("x", times[:cut], np.arange(cut, dtype=float))
        ahead = times[cut : cut + 2 * a_year]
        said = baselines.seasonal_naive(known, ahead, baselines.season(known.times))
        assert said.tolist() == [*range(cut - a_year, cut)] * 2, times[cut]
        assert (
            baselines.Scales(known).seasonal_naive_error(baselines.season(known.times), 0, len(known))
            == a_year
        )


def test_seasonal_naive_of_weeks_is_the_same_week_a_year_before():
    known = Series("x", FRIDAYS[:200], np.arange(200, dtype=float))
    said = baselines.seasonal_naive(known, FRIDAYS[200:252], baselines.season(known.times))
    assert said.tolist() == [*range(148, 200)]


def test_seasonal_naive_takes_the_month_before_one_that_is_missing():
    kept = np.arange(36) != 16  # May 2002
    known = Series("x", MONTHS[:36][kept], np.arange(36, dtype=float)[kept])
    ahead = MONTHS[36 + 3 : 36 + 6]
    assert baselines.seasonal_naive(known, ahead, baselines.season(known.times)).tolist() == [27, 28, 29]
    early = Series("x", known.times[:23], known.values[:23])
    said = baselines.seasonal_naive(early, MONTHS[24 + 3 : 24 + 6], baselines.season(early.times))
    assert said.tolist() == [15, 15, 17]


def test_a_year_is_no_season_of_decades():
    times = dates("1000", "2020", "10Y")
    known = Series("x", times[:100], np.arange(100, dtype=float))
    season = baselines.season(known.times)
    assert baselines.seasonal_naive(known, times[100:], season).tolist() == [99, 99]
    assert baselines.Scales(known).seasonal_naive_error(season, 0, len(known)) == 1


@pytest.mark.parametrize("hours", [(11, 13), (12, 96), (24, 97), (24, 800), (700, 760)])
def test_the_season_at_a_cut_is_that_of_the_times_before_it(hours):
    spacings = np.random.default_rng(3).choice(hours, 60).astype("timedelta64[h]")
    times = np.datetime64("2000-01-01", "us") + np.cumsum(spacings)
    scales = baselines.Scales(Series("x", times, np.arange(60.0)))
    for start in (0, 7):
        for stop in range(start + 2, 61):
            assert scales.season(start, stop) == baselines.season(times[start:stop])
