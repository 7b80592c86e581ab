"""What this container does of its run: all of it, one share as AWS Batch's array index says, or what follows.

https://docs.aws.amazon.com/batch/latest/userguide/array_jobs.html
"""

from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import prod

from recursive_training import grid
from recursive_training.checks import Check
from recursive_training.grid import Grid

FEWEST, MOST = 2, 10_000  # children of an array job
INDEX = "AWS_BATCH_JOB_ARRAY_INDEX"


class Kind(StrEnum):
    RUN = "run"
    SHARD = "shard"
    MERGE = "merge"
    COMBINATION = "combination"
    SUMMARY = "summary"


_OPTIONS = {
    "--shards": Kind.SHARD,
    "--merge-shards": Kind.MERGE,
    "--sweep": Kind.COMBINATION,
    "--summarize-sweep": Kind.SUMMARY,
}
_FOLLOWERS = {Kind.MERGE, Kind.SUMMARY}
_SWEEPS = {Kind.COMBINATION, Kind.SUMMARY}


@dataclass(frozen=True)
class Role:
    """`count`: how many shards or combinations there are. `index`: which of them this is, of a child."""

    kind: Kind = Kind.RUN
    count: int = 1
    index: int | None = None
    grid: Grid = field(default_factory=dict)

    @property
    def folder(self) -> str:
        """Where below the run's folder this container writes: "" or a prefix that ends in a slash."""
        return "" if self.index is None else child_folder(self.kind, self.index)


def child_folder(kind: Kind, index: int) -> str:
    return f"{'shards' if kind is Kind.SHARD else 'sweep'}/{index}/"


def read(args: Namespace, env: Mapping[str, str], check: Check) -> Role:
    """The role that the options ask for."""
    given = {name: text for name in _OPTIONS if (text := getattr(args, _destination(name))) is not None}
    if len(given) > 1:
        check.faults.append(f"{' and '.join(given)} exclude each other. Give one of them.")
    name, text = next(iter(given.items()), ("", ""))
    kind = _OPTIONS.get(name, Kind.RUN)
    if (kind in _FOLLOWERS) != (args.results_of is not None):
        check.faults.append(
            "--results-of is for --merge-shards and --summarize-sweep: give both, or neither."
        )
    if kind is Kind.RUN:
        return Role()
    swept: Grid = {}
    if kind in _SWEEPS:
        swept = grid.read(name, text, check)
        count = prod(len(values) for values in swept.values())
        if swept and not FEWEST <= count <= MOST:
            check.fault(name, f"a grid of {FEWEST} to {MOST} combinations", f"{count} combinations")
    else:
        count = check.number(name, text, FEWEST, MOST)
    index = None
    if kind not in _FOLLOWERS and FEWEST <= count <= MOST:
        name = f"{INDEX} (AWS Batch sets it for each child of an array job)"
        index = check.number(name, env.get(INDEX, ""), 0, count - 1)
    return Role(kind, count, index, swept)


def _destination(option: str) -> str:
    return option.removeprefix("--").replace("-", "_")
