"""What a sweep's child runs: its combination, and the words of its command."""

import itertools
import json
import subprocess

import pytest
from data_sidecar import sweep
from hypothesis import given
from hypothesis import strategies as st

GRID = {"rate": [0.1, 1e-05], "depth": [3, 4, 5], "deep": [True, False]}
WORD = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)


def test_children_have_the_combinations_in_the_order_of_the_product():
    expected = [dict(zip(GRID, values, strict=True)) for values in itertools.product(*GRID.values())]
    assert [sweep.combination(GRID, index) for index in range(12)] == expected == sweep.combinations(GRID)


@pytest.mark.parametrize(
    ("word", "filled"),
    [
        ("--rate={rate}", "--rate=1e-05"),
        ("{depth}{deep}", "3true"),
        ("{text}", "{rate} $(id)"),
        ("{unknown} {Rate} {} {{rate}}", "{unknown} {Rate} {} {1e-05}"),
    ],
)
def test_placeholders_are_filled_once_and_anything_else_stays(word, filled):
    values = {"rate": 1e-05, "depth": 3, "deep": True, "text": "{rate} $(id)"}
    assert sweep.filled([word], values) == [filled]


@given(st.lists(WORD, max_size=4))
def test_no_shell_reads_anything_into_a_word(words):
    script = sweep.script(["printf", r"%s\0", *words])
    done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, check=True)
    assert done.stdout.decode() == "".join(f"{word}\0" for word in words or [""])


def test_a_child_gets_its_own_values_and_stores_below_its_index(store, run):
    sweep_ = {"rate": [0.1, 0.2], "note": ["it's", '$(id) "ü"']}
    run.go(
        lambda: (run.write("results/a.txt"), run.write("checkpoints/b.bin"), run.end(3)()),
        PULSE_PARAMETERS=json.dumps({"rate": 0.5, "depth": 2, "note": ""}),
        PULSE_SWEEP=json.dumps(sweep_),
        PULSE_COMMAND=json.dumps(
            ["train", "--rate={rate}", "--depth", "{depth}", "{note}", "{data}", "{other}"]
        ),
        PULSE_DATA="/pulse/data/{depth}.csv",
        AWS_BATCH_JOB_ARRAY_INDEX="3",
        AWS_BATCH_JOB_ID="batch-1:3",
    )
    own = {"rate": 0.2, "depth": 2, "note": '$(id) "ü"'}
    assert json.loads((run.folder / "parameters.json").read_text()) == own
    command = (run.folder / "command").read_text()
    assert command == "exec train --rate=0.2 --depth 2 '$(id) \"ü\"' '/pulse/data/{depth}.csv' '{other}'\n"
    assert store.keys() == [
        "checkpoints/run-1/3/b.bin",
        "results/run-1/sweep/3/a.txt",
        "results/run-1/sweep/3/claim.json",
    ]


@pytest.mark.parametrize("index", [None, "", "4", "-1", "99999999999999999999", "²"])
def test_an_index_outside_of_the_sweep_is_refused(store, run, index):
    run.go(
        PULSE_SWEEP='{"rate": [1, 2], "depth": [1, 2]}',
        PULSE_COMMAND='["x"]',
        AWS_BATCH_JOB_ARRAY_INDEX=index,
    )
    assert (run.code, run.failed) == (2, 2)
    assert "AWS_BATCH_JOB_ARRAY_INDEX is " in run.why


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("PULSE_SWEEP", '{"rate": []}'),
        ("PULSE_SWEEP", '{"rate": [[1]]}'),
        ("PULSE_SWEEP", json.dumps({"rate": list(range(10_001))})),
        ("PULSE_SWEEP", "[" * 100_000),
        ("PULSE_COMMAND", "[]"),
        ("PULSE_COMMAND", '["a\\u0000b"]'),
        ("PULSE_PARAMETERS", '{"a": "\\ud800"}'),
    ],
)
def test_what_is_no_sweep_is_refused(store, run, name, text):
    env = {"PULSE_SWEEP": '{"rate": [1, 2]}', "PULSE_COMMAND": '["x"]', "AWS_BATCH_JOB_ARRAY_INDEX": "0"}
    run.go(**env | {name: text})
    assert (run.code, run.failed) == (2, 2)
    assert f"{name} is " in run.why
