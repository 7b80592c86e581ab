import time

import pytest

from pulse.domain.plan.command import COMMAND
from pulse.domain.training.program import is_training, without_revision

MODULE = "recursive_training.run_training"
DEFINITION = "arn:aws:batch:us-east-1:123456789012:job-definition/pulse-retrodiction-training"


@pytest.mark.parametrize(
    "command",
    [
        [*COMMAND, "--batch-size-days", "30"],
        ["python3", "-m", MODULE],
        ["/usr/local/bin/python3.11", "-u", "-X", "dev", "-m", MODULE, "--use-dask"],
        ["python", f"-m{MODULE}"],
        ["python", "/app/recursive_training/run_training.py", "--help"],
        ["python3", "recursive_training/run_training.py"],
        ["sh", "-c", f"exec python -m {MODULE} --shards=4"],
        ["bash", "-c", f"cd /app && (python3 -m {MODULE}; echo $?)"],
        ["/bin/sh", "-c", f"python -m '{MODULE}'"],
        [f"python -m {MODULE}"],
        ["opentelemetry-instrument", "python", "-m", MODULE],
    ],
)
def test_should_recognise_the_training_in_any_spelling(command):
    assert is_training(command)


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["./nightly.sh"],
        ["python", "-m", "recursive_training.results.report"],
        ["python", "-m", f"{MODULE}s"],
        ["python", "-m", f"old_{MODULE}"],
        ["python", "report.py", "--variables", "spx_close"],
        ["python", "other_recursive_training/run_training.py"],
        ["grep", "-r", MODULE],
        ["pythonista", "-m", MODULE],
        [MODULE],
        ["Rscript", "recursive_training/run_training.R"],
    ],
)
def test_should_take_no_other_program_for_the_training(command):
    assert not is_training(command)


@pytest.mark.parametrize("hostile", ["python ", "python/", " ", "'", "/", "-m", "python -m "])
def test_should_cost_little_whatever_the_command_is(hostile):
    started = time.perf_counter()
    assert not is_training([hostile * 30_000] * 10)
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize("name", [DEFINITION, "pulse-retrodiction-training"])
def test_should_know_a_definition_in_whatever_revision(name):
    assert {without_revision(name), without_revision(f"{name}:7"), without_revision(f"{name}:12")} == {name}
