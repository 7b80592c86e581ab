"""The environment of the data container, checked once with every fault."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from data_sidecar import sweep
from data_sidecar.checks import Check, is_text, is_value
from data_sidecar.failure import ExitCode, Failure
from data_sidecar.sweep import MOST_COMBINATIONS, Grid, Value

FOLDER = "PULSE_FOLDER"
INDEX = "AWS_BATCH_JOB_ARRAY_INDEX"
_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_MOST_ATTEMPTS = 10
"""https://docs.aws.amazon.com/batch/latest/APIReference/API_RetryStrategy.html"""


@dataclass(frozen=True)
class Rank:
    """`by`: the metric, a number in the `file` of each child of the array `results_of`."""

    results_of: str
    file: str
    by: str
    better: Literal["higher", "lower"]


@dataclass(frozen=True)
class Settings:
    """`results_prefix`: where this container stores; it ends in a slash. `index`: of an array's child.
    `grid` and `command`: of a sweep; `rank`: of the job that ranks one. `dataset`: empty, a key, or a folder
    that ends in a slash.
    """

    folder: Path
    job_id: str
    data_bucket: str
    results_bucket: str
    results_prefix: str
    dataset: str
    dataset_version_id: str | None
    parameters: dict[str, Value]
    grid: Grid
    command: Sequence[str]
    places: dict[str, str]
    index: int | None
    rank: Rank | None
    batch_job_id: str | None
    attempt: int
    region: str | None

    @property
    def checkpoints_prefix(self) -> str:
        return f"checkpoints/{self.job_id}/" + ("" if self.index is None else f"{self.index}/")

    @property
    def run(self) -> str:
        """The run's name for people."""
        return f"Run {self.job_id}" + ("" if self.index is None else f", child {self.index}")


def read(env: Mapping[str, str]) -> Settings:
    """Raises Failure (2) that names every fault."""
    check = Check(env)
    rank = _rank(check)
    grid = _grid(check) if rank or env.get("PULSE_SWEEP") else {}
    is_child = not rank and bool(grid or env.get(INDEX))
    children = sweep.size(grid) if grid else MOST_COMBINATIONS
    index = check.number(INDEX, 0, children - 1) if is_child else None
    parameters = check.json("PULSE_PARAMETERS", "a JSON object of values", _is_values, "{}") or {}
    dataset = "" if rank else env.get("PULSE_DATASET", "")
    found = Settings(
        folder=Path(check.text(FOLDER, "an absolute path", lambda text: text.startswith("/"))),
        job_id=check.text("PULSE_JOB_ID", "the id of a job", _is_id),
        data_bucket=check.text("S3_DATA_BUCKET", "the name of a bucket", bool) if dataset else "",
        results_bucket=check.text("S3_RESULTS_BUCKET", "the name of a bucket", bool),
        results_prefix=f"results/{rank.results_of}/" if rank else _results_prefix(check, grid, index),
        dataset=dataset,
        dataset_version_id=env.get("PULSE_DATASET_VERSION_ID") or None,
        parameters=parameters | (sweep.combination(grid, index) if grid and index is not None else {}),
        grid=grid,
        command=check.json("PULSE_COMMAND", "a JSON list of words", _is_words) if grid and not rank else (),
        places={name: env.get(f"PULSE_{name.upper()}", "") for name in ("data", "results", "checkpoints")},
        index=index,
        rank=rank,
        batch_job_id=env.get("AWS_BATCH_JOB_ID") or None,
        attempt=check.number("AWS_BATCH_JOB_ATTEMPT", 1, _MOST_ATTEMPTS, default="1"),
        region=env.get("AWS_REGION") or None,
    )
    if check.faults:
        raise Failure(ExitCode.USAGE, " ".join(check.faults))
    return found


def _results_prefix(check: Check, grid: Grid, index: int | None) -> str:
    wanted = "a prefix that ends in a slash"
    prefix = check.text("PULSE_RESULTS_PREFIX", wanted, lambda text: text.endswith("/"))
    return f"{prefix}sweep/{index}/" if grid else prefix


def _grid(check: Check) -> Grid:
    wanted = f"a JSON object of lists of values by parameter, with at most {MOST_COMBINATIONS} combinations"
    return check.json("PULSE_SWEEP", wanted, _is_grid) or {}


def _rank(check: Check) -> Rank | None:
    task = check.text("PULSE_TASK", "run or rank", lambda text: text in {"", "run", "rank"})
    if task != "rank":
        return None
    results_of = check.text("PULSE_RESULTS_OF", "the id of the array", _is_id)
    wanted = 'a JSON object such as {"file": "metrics.json", "by": "auc", "better": "higher"}'
    how = check.json("PULSE_RANK", wanted, _is_rank) or {"file": "", "by": "", "better": "higher"}
    return Rank(results_of, **how)


def _is_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None


def _is_values(found: Any) -> bool:
    return isinstance(found, dict) and all(map(is_text, found)) and all(map(is_value, found.values()))


def _is_words(found: Any) -> bool:
    return isinstance(found, list) and bool(found) and all(map(is_text, found))


def _is_grid(found: Any) -> bool:
    if not isinstance(found, dict) or not found or not all(map(is_text, found)):
        return False
    if not all(isinstance(values, list) and values for values in found.values()):
        return False
    # Not every value of a list that is far too long is looked at.
    is_possible = sweep.size(found) <= MOST_COMBINATIONS
    return is_possible and all(is_value(value) for values in found.values() for value in values)


def _is_rank(found: Any) -> bool:
    return (
        isinstance(found, dict)
        and found.keys() == {"file", "by", "better"}
        and all(map(is_text, found.values()))
        and found["better"] in {"higher", "lower"}
    )
