"""Which cells of the data a message quotes: numbers and dates, never what may be a secret or a name."""

import pytest
from recursive_training.data.columns.lookalikes import example
from recursive_training.data.tables import read_table
from recursive_training.errors import UnreadableFileError

URI = "s3://b/datasets/x.csv"
DAYS = [f"2022-01-{day:02}" for day in range(1, 29)]
SECRET_CELLS = [
    "AKIA" + "IOSFODNN7EXAMPLE",
    "postgres://pulse:hunter2@db/x",
    "hunter2",
    "Maria Smith",
    "12 Jane Doe",
    "123-45-6789",
    "4111 1111 1111 1111",
    "+1 212 555 0199",
    "DE89370400440532013000",
    "m.smith@example.com",
    "1600 Pennsylvania Avenue",
]


@pytest.mark.parametrize(
    "cell",
    [
        "1,234.5", "-3", "€ 1.234,56", "USD 12", "(1,234)", "<0.5", "12*", "1 234 567", "5 kWh", "12 m³/s",
        "1e5",
        "2022-13-01", "2022-01-03T09:30:00+01:00", "03 Jan 2022", "Mon, 3 January 2022", "2022Q1", "2022-W05",
        "2022-01-03 09:30 Europe/Berlin", "00:15-00:30", "2022-01-03 to 2022-01-05", "n/a", "#DIV/0!", "-",
    ],
)  # fmt: skip
def test_should_quote_what_looks_like_a_number_or_a_date(cell):
    assert example(cell) == repr(cell)


@pytest.mark.parametrize("cell", [*SECRET_CELLS, "soon", "x" * 100, "1" * 100])
def test_should_quote_nothing_else(cell):
    assert not example(cell)


def table(cell: str, place: str) -> str:
    """A file with the cell where a number, a date, an id, a title or a unit is expected."""
    rows = [f"{day},{number},a" for number, day in enumerate(DAYS)]
    written = {
        "number": [*rows[:20], f'2022-02-01,"{cell}",a', *rows[20:]],
        "date": [*rows[:20], f'"{cell}",7,a', *rows[20:]],
        "all dates": [f'"{cell}",{number},a' for number in range(28)],
        "words": [f'{day},{number},"{cell}"' for number, day in enumerate(DAYS)],
        "unit": [f',"{cell}",', *rows],
    }
    head = {"title": [f"{cell.replace(',', '')}", ""], "no header": [f'2022-01-01,1,"{cell}"', *rows]}
    lines = [*head.get(place, []), "date,price,note", *written.get(place, rows)]
    return "\n".join(lines[: len(rows)] if place == "no header" else lines)


@pytest.mark.parametrize("cell", SECRET_CELLS)
@pytest.mark.parametrize("place", ["number", "date", "all dates", "words", "unit", "title", "no header"])
def test_should_say_nothing_of_a_cell_wherever_it_stands(cell, place):
    try:
        notes = read_table(table(cell, place).encode(), URI).notes
        said = [*notes.left_out, *notes.reading, *(sentence for _, sentence in notes.warnings)]
    except UnreadableFileError as error:
        said = [str(error)]
    assert cell not in "\n".join(said)
