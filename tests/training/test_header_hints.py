"""What is said of a table in which no column of dates is found: what it looks like, and what to do."""

from datetime import date, timedelta

import pytest
from recursive_training.data.tables import read_table
from recursive_training.errors import UnreadableFileError

DAYS = [date(2022, 1, 3) + timedelta(days=place) for place in range(40)]


@pytest.mark.parametrize(
    ("header", "row", "hint"),
    [
        (
            "year,month,day,v",
            "{0.year},{0.month},{0.day},5",
            "Columns year, month, day hold the parts of its dates",
        ),
        ("Year,Month,v", "{0.year},{0.month},5", "Columns Year, Month hold the parts of its dates"),
        ("year,v", "{0.year},5", "Column year holds years: write a day of each"),
        ("place,2022-01-03,2022-01-04,2022-01-05", "a,1,2,3", "Turn the table, so that each date is a row"),
        ("place,1/13/22,1/14/22,1/15/22", "a,1,2,3", "Turn the table, so that each date is a row"),
        ('{{"date":"2022-01-02","v":1}}', '{{"date":"{0}","v":2}}', "It holds JSON, no CSV"),
        ("'date','v'", "'{0}','5'", "Its cells stand in single quotes"),
        ("date v", "{0} 5", "Spaces separate its columns: write commas"),
        ("date    v", "{0}    5", "Spaces separate its columns: write commas"),
        ("day of sale,v", "{0},5", "Column day of sale seems to hold dates"),
    ],
)
def test_a_refusal_says_what_the_table_looks_like(header, row, hint):
    text = "\n".join([header.format(), *(row.format(day) for day in DAYS), ""])
    with pytest.raises(UnreadableFileError) as refused:
        read_table(text.encode(), "s3://data/datasets/a.csv")
    assert hint in str(refused.value)
