"""A first or last time that is far from all others is told before anything else."""

from datetime import date, timedelta

import pytest
from recursive_training.data.tables import read_table

DAYS = [date(2022, 1, 3) + timedelta(days=place) for place in range(40)]


def warnings(*days):
    text = "\n".join(["date,v", *(f"{day},{place}" for place, day in enumerate(days)), ""])
    return [said for _, said in read_table(text.encode(), "s3://data/datasets/a.csv").notes.warnings]


@pytest.mark.parametrize("lonely", ["1900-01-01", "1970-01-01", "2099-12-31"])
def test_a_time_that_means_none_is_told(lonely):
    [said] = warnings(*DAYS, lonely)
    assert f"the time {lonely} 00:00:00 lies far from all others (2022-01-03 00:00:00 to 2022-02-11" in said


@pytest.mark.parametrize(
    "days",
    [
        DAYS,
        DAYS[:5] + DAYS[-10:],
        [date(1950 + year, 1, 1) for year in range(40)],
        ["2021-06-01", *DAYS[:5]],
    ],
    ids=["daily", "a gap", "yearly", "too few to tell"],
)
def test_an_ordinary_gap_is_not(days):
    assert warnings(*days) == []
