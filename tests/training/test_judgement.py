"""The verdict on a variable: numbers by hand, and no praise where there is nothing to know."""

import io

import numpy as np
import polars as pl
import pytest
from recursive_training.model import judgement
from recursive_training.model.retrodiction import Retrodiction
from recursive_training.model.scores import interval_scores, pinball_losses
from recursive_training.model.trust import Trust
from recursive_training.series import Window

START = np.datetime64("2020-01-01", "us")
WIDTH = 20  # a 90 % interval costs 2 / 0.1 for each unit outside


def windows(mine, persistence, seasonal) -> list[Retrodiction]:
    """A window for each error: the actual value is 0."""
    return [
        Retrodiction(
            variable="x",
            window=Window(index, START, START),
            times=np.array([START]),
            actual=np.zeros(1),
            retrodicted=np.array([a]),
            lower=np.array([a - 1]),
            upper=np.array([a + 1]),
            persistence=np.array([b]),
            seasonal_naive=np.array([c]),
            naive_error=1.0,
            seasonal_naive_error=1.0,
            season="one week",
        )
        for index, (a, b, c) in enumerate(zip(mine, persistence, seasonal, strict=True))
    ]


@pytest.mark.parametrize(
    ("statistic", "free", "tails"), [(2.228, 10, 0.05), (1.0, 1, 0.5), (2.0, 60, 0.0500)]
)
def test_the_tails_of_students_t_are_those_of_the_tables(statistic, free, tails):
    assert judgement.student_tails(statistic, free) == pytest.approx(tails, abs=2e-4)


def test_the_diebold_mariano_test_by_hand():
    # mean 2, spread sqrt(2): 2 / (1.41421 / 2) * sqrt(3 / 4) = 2.449, three degrees of freedom
    assert judgement.diebold_mariano(np.array([0.0, 2, 2, 4])) == pytest.approx(
        judgement.student_tails(6**0.5, 3)
    )
    assert judgement.diebold_mariano(np.array([1.0, 1.0])) is None
    assert judgement.diebold_mariano(np.array([1.0])) is None


@pytest.mark.parametrize(
    ("successes", "failures", "interval"),
    [(0, 0, (0.025, 0.975)), (9, 1, (0.587, 0.977)), (70, 0, (0.949, 1.0))],
)
def test_the_credible_interval_is_the_posteriors(successes, failures, interval):
    found = judgement.credible_interval(Trust(successes, failures))
    assert found == pytest.approx(interval, abs=2e-3)


def test_the_best_baseline_is_the_one_that_is_least_wrong_and_known_in_every_window():
    assert judgement.judge(windows([1, 1], [3, 3], [2, 2])).best_baseline == "seasonal_naive"
    assert judgement.judge(windows([1, 1], [3, 3], [2, np.nan])).best_baseline == "persistence"


def test_what_is_better_in_every_window_is_called_better_with_its_interval():
    random = np.random.default_rng(1)
    baseline = random.uniform(1, 2, 40)
    found = judgement.judge(windows(0.9 * baseline + random.normal(0, 0.25, 40), baseline, 2 * baseline))
    assert found.verdict == "better than every baseline, by 9 to 15 %"
    assert found.low < found.skill < found.high


def test_what_is_worse_is_called_worse_and_few_windows_are_not_judged():
    random = np.random.default_rng(1)
    baseline = random.uniform(1, 2, 40)
    worse = judgement.judge(windows(1.5 * baseline, baseline, 2 * baseline))
    assert worse.verdict.startswith("worse than copying the last value, by 50 %")
    few = judgement.judge(windows([1] * 5, [3] * 5, [2] * 5))
    assert few.verdict == "too few windows (5) to tell whether it is better than copying the last season"


def test_a_baseline_that_is_never_wrong_is_not_beaten():
    found = judgement.judge(windows([0] * 10, [0] * 10, [1] * 10))
    assert (found.skill, found.verdict) == (None, "no better than copying the last value")


@pytest.mark.long
def test_of_seventy_windows_of_nothing_one_in_twenty_at_most_is_called_better():
    """Errors as of random walks: the model's are the baseline's and noise that helps as often as it harms."""
    random = np.random.default_rng(7)
    better = 0
    for _ in range(300):
        baseline = np.abs(random.standard_t(4, 70))
        mine = np.abs(baseline + random.normal(0, 0.3, 70) * baseline)
        better += judgement.judge(windows(mine, baseline, baseline * 1.2)).verdict.startswith("better")
    assert better <= 15


def test_interval_scores_and_pinball_losses_by_hand():
    scores = interval_scores(np.array([5.0, 0, 9]), np.full(3, 2.0), np.full(3, 7.0))
    assert scores.tolist() == pytest.approx([5, 5 + WIDTH * 2, 5 + WIDTH * 2])
    assert pinball_losses(np.array([5.0, 5]), np.array([4.0, 6]), 0.95).tolist() == pytest.approx(
        [0.95, 0.05]
    )


def test_every_score_can_be_computed_again_from_the_retrodictions(sample, train):
    assert train("--start-date", "2015-01-01", "--variables", "spx_close").code == 0
    rows = pl.read_parquet(io.BytesIO(sample.result("retrodictions.parquet")))
    error = (pl.col("actual") - pl.col("retrodicted")).abs()
    naive = (pl.col("actual") - pl.col("persistence")).abs()
    outside = (pl.col("lower") - pl.col("actual")).clip(0) + (pl.col("actual") - pl.col("upper")).clip(0)
    again = rows.select(
        mae=error.mean(),
        rmse=(error**2).mean().sqrt(),
        mase=(error / pl.col("naive_error")).mean(),
        rmsse=((error / pl.col("naive_root_mean_square")) ** 2).mean().sqrt(),
        skill_vs_persistence=1 - error.sum() / naive.sum(),
        coverage=(outside == 0).mean(),
        interval_score=(pl.col("upper") - pl.col("lower") + WIDTH * outside).mean(),
    ).row(0, named=True)
    metrics = sample.metrics()["variables"]["spx_close"]
    assert {name: metrics[name] for name in again} == pytest.approx(again)
    by_window = rows.group_by("window").agg(mine=error.mean(), theirs=naive.mean())
    skill = 1 - by_window["mine"].sum() / by_window["theirs"].sum()
    assert metrics["best_baseline"] == "persistence"
    assert metrics["skill_vs_best_baseline"] == pytest.approx(skill)
    assert metrics["skill_interval"][0] < skill < metrics["skill_interval"][1]
    assert sum(metrics["models"].values()) == metrics["windows"]
    assert rows.group_by("window").agg(pl.col("step").max() == pl.len())["step"].all()
