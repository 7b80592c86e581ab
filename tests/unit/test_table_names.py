import pytest
from recursive_training.data.names import TABLE_SUFFIXES

from pulse.domain.s3.table_names import advice, ending, ends_like_table, sentence


def test_should_say_how_the_names_of_data_sets_end():
    assert sentence(TABLE_SUFFIXES) == (
        "A data set's name ends in .csv, .tsv, .parquet, .feather, .arrow or .zip; "
        ".csv and .tsv may be compressed (.gz, .zst, .bz2, .xz)."
    )
    assert sentence((".csv",)) == "A data set's name ends in .csv."
    assert sentence((".csv", ".zip", ".csv.gz")) == (
        "A data set's name ends in .csv or .zip; .csv may be compressed (.gz)."
    )


@pytest.mark.parametrize("suffix", TABLE_SUFFIXES)
def test_should_have_no_advice_against_the_name_of_a_data_set(suffix):
    assert ends_like_table(f"datasets/A{suffix.upper()}", TABLE_SUFFIXES)
    assert ending(f"datasets/A{suffix.upper()}", TABLE_SUFFIXES) == suffix


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("datasets/Budget.XLSX", "Save the sheet as CSV"),
        ("datasets/a.xls", "Save the sheet as CSV"),
        ("datasets/a.json", "A request in JSON belongs under requests/"),
        ("datasets/a.txt", "name it .csv (.tsv where tabs separate its cells)"),
        ("datasets/a.orc", "Write the table as Parquet"),
        ("datasets/a.avro", "Write the table as Parquet"),
        ("datasets/a.gz", "such as .csv.gz"),
    ],
)
def test_should_say_what_to_do_with_a_file_of_another_kind(key, told):
    assert told in advice(key)
    assert not ends_like_table(key, TABLE_SUFFIXES)


@pytest.mark.parametrize("key", ["datasets/a", "datasets/a.bin", "datasets/xlsx"])
def test_should_have_no_advice_for_what_it_does_not_know(key):
    assert advice(key) == ""
