"""A retrodiction may know nothing of its window or what came after. A leak of one row fails here."""

import io
from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest
from recursive_training.model.inputs import NAMES, Choice
from recursive_training.model.windows import cut, usable
from recursive_training.series import Series
from recursive_training.steps.walk import retrodict, retrodictions, tasks

pytestmark = pytest.mark.long

SAID = (
    "retrodicted",
    "lower",
    "upper",
    "persistence",
    "seasonal_naive",
    "naive_error",
    "seasonal_naive_error",
    "season",
    "model",
)
CHOICES = [Choice(), *(Choice((name,)) for name in NAMES), Choice(season=63)]
DAY = np.timedelta64(1, "D")


@pytest.fixture(scope="module")
def spx(sample_path) -> Series:
    frame = pl.read_csv(sample_path, try_parse_dates=True).select("timestamp", "spx_close").drop_nulls()
    times = frame["timestamp"].to_numpy().astype("datetime64[us]")
    return Series("spx_close", times, frame["spx_close"].to_numpy())


@pytest.fixture(scope="module")
def windows(spx):
    return usable(spx, cut(date(2003, 1, 2), date(2008, 12, 31), 30), 30).windows


def said(part) -> list[np.ndarray]:
    return [np.asarray(getattr(part, name)) for name in SAID]


def same(one, other) -> bool:
    return [a.tobytes() for a in said(one)] == [b.tobytes() for b in said(other)]


@pytest.mark.parametrize("choice", CHOICES, ids=str)
def test_changing_everything_from_a_windows_first_observation_on_changes_nothing_said_of_it(
    spx, windows, choice
):
    for window in windows if choice == Choice() else windows[::9]:
        future = spx.times >= window.start
        poisoned = replace(spx, values=np.where(future, spx.values[::-1] * 3 + 17, spx.values))
        one, other = (retrodict(series, window, 30, choice) for series in (spx, poisoned))
        assert same(one, other), window


def test_windows_forecast_together_say_what_each_says_alone(spx, windows):
    """They share what was learned before the first of them, and none sees the others' observations."""
    together = retrodictions(spx, windows, 30)
    assert all(same(one, retrodict(spx, one.window, 30)) for one in together)


def test_changing_only_a_windows_first_observation_changes_nothing_said_of_it(spx, windows):
    for window in windows:
        first = int(np.searchsorted(spx.times, window.start))
        values = spx.values.copy()
        values[first] *= 1.5
        assert same(retrodict(spx, window, 30), retrodict(replace(spx, values=values), window, 30))


def test_changing_the_last_known_observation_changes_what_is_said(spx, windows):
    """The check on the checks: what is said does hang on the row next to the window's edge."""
    for window in windows:
        last = int(np.searchsorted(spx.times, window.start)) - 1
        values = spx.values.copy()
        values[last] *= 1.001
        assert not same(retrodict(spx, window, 30), retrodict(replace(spx, values=values), window, 30))


def test_cutting_the_future_off_changes_nothing_said_of_what_is_left(spx, windows):
    for window in windows[::5]:
        end = int(np.searchsorted(spx.times, window.start)) + 3
        short = retrodict(Series(spx.name, spx.times[:end], spx.values[:end]), window, 30)
        whole = retrodict(spx, window, 30)
        assert short.season == whole.season
        for name in SAID[:5]:
            assert np.array_equal(getattr(short, name), getattr(whole, name)[:3], equal_nan=True), name


def thickened(series: Series, moment: np.datetime64) -> Series:
    """From the moment on, 24 observations a day where there was one."""
    past, future = series.before(moment), series.times[series.times >= moment]
    dense = (future[:, None] + np.arange(24) * np.timedelta64(1, "h")).ravel()
    return Series(
        series.name,
        np.concatenate([past.times, dense]),
        np.concatenate([past.values, np.repeat(series.values[len(past) :], 24)]),
    )


def thinned(series: Series, moment: np.datetime64) -> Series:
    """From the moment on, one observation in 40."""
    past = len(series.before(moment))
    kept = np.r_[np.arange(past), np.arange(past, len(series), 40)]
    return Series(series.name, series.times[kept], series.values[kept])


@pytest.mark.parametrize("change", [thickened, thinned])
@pytest.mark.parametrize("past_days", [95, 130, 1500])
def test_the_dates_of_the_future_change_nothing_of_earlier_windows(market, change, past_days):
    frame = market(4000)
    series = Series("price", frame["timestamp"].to_numpy(), frame["price"].to_numpy())
    moment = np.datetime64("2020-01-01", "us") + past_days * DAY
    end = (moment - DAY).astype("datetime64[D]").item()
    earlier = cut(date(2020, 1, 1), end, 15)
    outcomes = []
    for one in (series, change(series, moment)):
        usable_windows = usable(one, earlier, 15)
        parts = [part for task in tasks(one, usable_windows.windows, 15) for part in task.run()]
        outcomes.append((usable_windows, [[a.tobytes() for a in said(part)] for part in parts]))
    assert len(change(series, moment)) != len(series)
    assert outcomes[0][1], "no window to compare"
    assert outcomes[0] == outcomes[1]


def test_the_season_follows_what_was_known_before_each_window(market):
    frame = market(1500)
    daily = Series("price", frame["timestamp"].to_numpy(), frame["price"].to_numpy())
    moment = daily.times[400]
    both = thickened(daily, moment)
    windows = cut(date(2020, 1, 1), date(2021, 12, 31), 30)
    seasons = [
        retrodict(both, window, 30).season
        for window in usable(both, windows, 30).windows
        if window.start <= moment or window.start > moment + 60 * DAY
    ]
    assert list(dict.fromkeys(seasons)) == ["one week (7 days)", "one day"]


@pytest.mark.parametrize("poison_from", ["2012-03-01", "2015-08-17"])
def test_a_whole_run_on_a_poisoned_future_says_the_same_of_the_past(store, train, sample_path, poison_from):
    original = pl.read_csv(sample_path, infer_schema_length=None)
    poisoned = original.with_columns(
        pl.when(pl.col("timestamp") >= poison_from).then(pl.lit(0.001)).otherwise(pl.col(name)).alias(name)
        for name in original.columns[1:]
    )
    said_of = []
    for frame in (original, poisoned):
        store.put("datasets/market.csv", frame.write_csv())
        run = train(
            "--start-date", "2011-01-03", "--end-date", "2016-12-31", "--variables", "spx_close", "wti_spot"
        )
        assert run.code == 0
        table = pl.read_parquet(io.BytesIO(store.result("retrodictions.parquet")))
        cutoff = pl.lit(poison_from).str.to_datetime()
        before = table.filter(pl.col("window_start") <= cutoff).drop("actual")
        said_of.append(before)
    assert said_of[0].height > 400
    assert said_of[0]["timestamp"].max() >= pl.Series([poison_from]).str.to_datetime()[0], (
        "the window cut by the poison"
    )
    assert said_of[0].equals(said_of[1])
