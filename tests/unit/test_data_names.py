"""The list of names of data sets: the training's own, which Pulse reads drops, folders and manifests by."""

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recursive_training.data import names
from recursive_training.data.names import MANIFEST, TABLE_SUFFIXES, is_marker

from pulse.domain.s3 import layout
from pulse.domain.s3.layout import is_hidden

ROOT = Path(__file__).parents[2]
TABLES = [
    ("part-0.csv", True),
    ("a/PART.PARQUET", True),
    ("a/b.tsv", True),
    ("a/b.Csv.GZ", True),
    *((f"b.csv{end}", True) for end in (".gz", ".zst", ".bz2", ".xz")),
    *((f"b.tsv{end}", True) for end in (".gz", ".zst", ".bz2", ".xz")),
    *((f"b{end}", True) for end in (".feather", ".arrow", ".zip")),
    ("a_b/c.d/part-0.csv", True),
    ("raw_$folder$.csv", True),
    ("_temporary/0/part-0.csv", False),
    ("a/.staging/part-0.csv", False),
    ("a/_part.csv", False),
    ("a/.part.csv", False),
    ("a/~$book.csv", False),
    ("raw_$folder$/part-0.csv", False),
    ("raw_$folder$", False),
    ("a/_SUCCESS", False),
    ("a/.part-0.csv.crc", False),
    ("a/manifest.json", False),
    ("a/readme.txt", False),
    ("a/b.csv.7z", False),
    ("a/b.parquet.gz", False),
    ("a/b.gz", False),
    ("a/csv", False),
    ("a/b.csv/", False),
]


@pytest.mark.parametrize(("path", "table"), TABLES)
def test_should_call_the_same_files_of_a_folder_tables_in_the_training_and_in_pulse(path, table):
    assert names.is_table(path) is table
    assert layout.is_table(f"datasets/{path}", "datasets/", TABLE_SUFFIXES) is table


NAMES = st.lists(
    st.sampled_from(
        ["a", "_", ".", "~$", "_$folder$", "$", "~", "/", MANIFEST, *TABLE_SUFFIXES, ".CSV", "x"]
    ),
    min_size=1,
    max_size=5,
).map("".join)


@given(NAMES)
def test_should_agree_with_the_training_on_any_name(path):
    assert layout.is_table(f"datasets/{path}", "datasets/", TABLE_SUFFIXES) is names.is_table(path)
    assert is_marker(path) is (is_hidden(f"datasets/{path}", "datasets/") or path.split("/")[-1] == MANIFEST)


def test_should_read_a_hidden_folder_that_is_asked_for():
    assert layout.is_table("datasets/_mine/part-0.csv", "datasets/_mine/", TABLE_SUFFIXES)
    assert not layout.is_table("datasets/_mine/part-0.csv", "datasets/", TABLE_SUFFIXES)


def test_should_import_nothing_so_that_infrastructure_and_command_line_can_read_it():
    tree = ast.parse(Path(names.__file__).read_text())
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]


def test_should_be_written_once():
    """No list of suffixes stands in Pulse's code or configuration."""
    found = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for folder in ("pulse", "lambdas", "infra")
        for file in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Tuple | ast.List | ast.Set)
        and {".csv", ".parquet"} <= {item.value for item in node.elts if isinstance(item, ast.Constant)}
    ]
    assert found == []
