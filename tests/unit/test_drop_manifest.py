import pytest
from recursive_training.data.names import TABLE_SUFFIXES

from pulse.domain.request.manifest import MAX_FILES, difference, read
from tests.hostile_keys import DATASET_KEYS

FOLDER = "datasets/run 1+/"


def test_should_take_paths_below_the_folder_and_whole_keys():
    keys, faults = read(
        {"files": ["part-0.csv", f"{FOLDER}part-1.parquet", "year=2020/p.CSV"]}, FOLDER, TABLE_SUFFIXES
    )
    assert faults == []
    assert keys == (f"{FOLDER}part-0.csv", f"{FOLDER}part-1.parquet", f"{FOLDER}year=2020/p.CSV")


@pytest.mark.parametrize("key", DATASET_KEYS)
def test_should_take_any_key_that_s3_takes(key):
    name = key.removeprefix("datasets/")
    assert read({"files": [name]}, "datasets/", TABLE_SUFFIXES) == ((key,), [])
    assert read({"files": [key]}, "datasets/", TABLE_SUFFIXES) == ((key,), [])


@pytest.mark.parametrize(
    "name",
    [
        "../other/part-0.csv",
        "a/../../part-0.csv",
        "a/..",
        "./part-0.csv",
        "a/./part-0.csv",
        f"{FOLDER}../other/part-0.csv",
        "/etc/passwd.csv",
        "datasets/other/part-0.csv",
        "datasets/run 1+",
        "s3://pulse-data/datasets/run 1+/part-0.csv",
        "nul\x00.csv",
        "x" * 1020 + ".csv",
        "",
        ".csv",
        "_hidden.csv",
        "a/",
        "manifest.json",
        "readme.txt",
    ],
)
def test_should_refuse_what_is_no_table_below_the_folder(name):
    _, faults = read({"files": ["part-0.csv", name]}, FOLDER, TABLE_SUFFIXES)
    assert [fault.field for fault in faults] == ["files[1]"]
    assert str(faults[0]).isprintable()


def test_should_report_every_fault_at_once():
    _, faults = read(
        {"files": ["a.txt", "b.csv", "datasets/x/c.csv", f"{FOLDER}b.csv"], "colour": 1},
        FOLDER,
        TABLE_SUFFIXES,
    )
    assert [fault.field for fault in faults] == ["colour", "files[0]", "files[2]", "files[3]"]
    assert faults[-1].allowed == "each file once"


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ([], "the whole"),
        ("part-0.csv", "the whole"),
        ({}, "files"),
        ({"files": []}, "files"),
        ({"files": "part-0.csv"}, "files"),
        ({"files": {"part-0.csv": 1}}, "files"),
        ({"files": ["a.csv"] * (MAX_FILES + 1)}, "files"),
        ({"files": ["a.csv"], "entries": []}, "entries"),
    ],
)
def test_should_refuse_what_is_no_list_of_files(raw, field):
    keys, faults = read(raw, FOLDER, TABLE_SUFFIXES)
    assert [fault.field for fault in faults] == [field], faults
    assert keys in {(), (f"{FOLDER}a.csv",)}


def test_should_say_what_is_no_name_of_a_file():
    _, faults = read({"files": ["a.csv", 7, None]}, FOLDER, TABLE_SUFFIXES)
    assert [fault.field for fault in faults] == ["files[1]", "files[2]"]


def test_should_take_as_many_files_as_there_may_be():
    keys, faults = read({"files": [f"part-{i}.csv" for i in range(MAX_FILES)]}, FOLDER, TABLE_SUFFIXES)
    assert (len(keys), faults) == (MAX_FILES, [])


def test_should_see_no_difference_when_the_folder_holds_the_tables_and_other_files():
    found = [
        f"{FOLDER}{name}" for name in ("a.csv", "b/c.parquet", "manifest.json", "_SUCCESS", "readme.txt")
    ]
    assert not difference([f"{FOLDER}a.csv", f"{FOLDER}b/c.parquet"], found, FOLDER, TABLE_SUFFIXES)


def test_should_name_what_is_missing_and_what_is_too_much():
    told = difference(
        [f"{FOLDER}a.csv", f"{FOLDER}b\n.csv"], [f"{FOLDER}a.csv", f"{FOLDER}old.csv"], FOLDER, TABLE_SUFFIXES
    )
    assert told.splitlines() == [
        "files names 1 that are not in 'datasets/run 1+/':",
        r"- 'b\n.csv'",
        "'datasets/run 1+/' holds 1 that files does not name, and the job would read them:",
        "- 'old.csv'",
    ]


def test_should_name_some_of_both_kinds_when_there_are_many():
    wanted = [f"{FOLDER}{'w' * 100}{i}.csv" for i in range(5000)]
    found = [f"{FOLDER}{'f' * 100}{i}.csv" for i in range(5000)]
    told = difference(wanted, found, FOLDER, TABLE_SUFFIXES)
    assert told.count("and 4980 more") == 2
    assert len(told) < 4000
