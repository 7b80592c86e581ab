"""Rows that end before the last column: read as far as they go, and told."""

import pytest
from recursive_training.data.tables import read_table

HEADER = "date,a,b"
ROWS = [f"2022-01-{day:02},1.{day},2.{day}" for day in range(1, 29)]
URI = "s3://data/datasets/a.csv"


def read(*rows, header=HEADER, end="\n"):
    return read_table(end.join([header, *ROWS, *rows, ""]).encode(), URI)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("row", ["2022-02-01,5", '2022-02-01,"5"', '"2022-02-01",5'])
def test_a_row_that_was_cut_is_told_with_its_line(row, end):
    table = read(row, "2022-02-02,6,7", end=end)
    assert table.notes.left_out == [
        f"{URI}: 1 row has fewer cells than the header (line 30): the rest is missing."
    ]
    assert table.frame.row(28)[1:] == (5.0, None)


def test_many_such_rows_stand_first():
    table = read(*(f"2022-02-{day:02},5" for day in range(1, 20)), header="# of a station\ndate,a,b")
    [(name, said)] = table.notes.warnings
    assert (name, said) == (
        "b",
        f"{URI}: 19 rows have fewer cells than the header (line 31): the rest is missing.",
    )


@pytest.mark.parametrize(
    "rows",
    [
        ("2022-02-01,5,",),
        ("",),
        (
            "",
            "Source: a station",
        ),
        ("2022-02-01,,3",),
    ],
)
def test_an_empty_cell_an_empty_line_and_a_line_behind_the_table_are_no_such_rows(rows):
    notes = read(*rows).notes
    assert not [said for said in [*notes.left_out, *map(str, notes.warnings)] if "fewer cells" in said]
