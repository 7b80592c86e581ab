"""Simulates Pulse, seed after seed, and says which invariant broke, in which shortest story.

python -m tests.simulation [--seed 7] [--for 60s] [--requests 100000] [--json]
"""

import json
import secrets
import time
from collections import Counter
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from tests.simulation.shrink import shrunk
from tests.simulation.simulation import RATES, Run, simulate
from tests.simulation.story import story

ASKED_FOR = 200
SHRUNK_WITHIN_SECONDS = 120.0
_UNITS = {"s": 1, "m": 60, "h": 3600}


def main(
    seed: Annotated[int | None, typer.Option(help="the first seed; without one, any")] = None,
    lasting: Annotated[str, typer.Option("--for", help="how long, such as 60s, 10m, 1h")] = "60s",
    requests: Annotated[int, typer.Option(help="stop after so many; 0 for none such")] = 0,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    console = Console(stderr=as_json)
    first = secrets.randbelow(2**31) if seed is None else seed
    until = time.monotonic() + _seconds(lasting)
    totals = Totals()
    console.print(f"Simulating from seed {first} on, {ASKED_FOR} asked for in each run.")
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    broken: Run | None = None
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("seeds", total=requests or None)
        number = first
        while (
            broken is None and (time.monotonic() < until) and not (requests and totals.requests >= requests)
        ):
            run = simulate(number, ASKED_FOR)
            totals.add(run)
            progress.update(
                task, completed=totals.requests, description=f"seed {number}: {totals.requests:,} requests"
            )
            broken, number = (run if run.broken else None), number + 1
    if broken is None:
        totals.show(console, first)
        if as_json:
            print(json.dumps(totals.as_json(first)))  # noqa: T201 - data on stdout
        return
    console.print(f"[red]Seed {broken.seed} broke an invariant:[/] {broken.broken}", highlight=False)
    small = shrunk(broken, seconds=SHRUNK_WITHIN_SECONDS, tell=console.print)
    console.print(story(small), markup=False, highlight=False)
    raise typer.Exit(1)


class Totals:
    """Of all runs: seconds of this machine's processor, what was asked, and what failed meanwhile. There are
    totals of runs that held only: the first one that loses or doubles anything is told instead.
    """

    def __init__(self) -> None:
        self.runs = self.asks = self.requests = self.jobs = self.invocations = 0
        self.began, self.calls = time.process_time(), Counter[str]()
        self.faults: Counter[str] = Counter()

    def add(self, run: Run) -> None:
        self.runs += 1
        self.asks += len(run.asked)
        self.requests += run.requests
        self.jobs += run.jobs
        self.invocations += run.invocations
        self.calls += run.calls
        self.faults.update(one.kind for one in run.happened)

    def as_json(self, seed: int) -> dict[str, object]:
        return {
            "first_seed": seed,
            "runs": self.runs,
            "asked": self.asks,
            "requests": self.requests,
            "jobs": self.jobs,
            "invocations": self.invocations,
            "aws_calls": self.calls.total(),
            "cpu_seconds": round(time.process_time() - self.began, 1),
            "faults": dict(self.faults),
        }

    def show(self, console: Console, seed: int) -> None:
        seconds = time.process_time() - self.began
        table = Table("fault")
        table.add_column("times", justify="right")
        for kind in RATES:
            table.add_row(kind, f"{self.faults[kind]:,}")
        console.print(table)
        console.print("Nothing was lost and nothing doubled, while so much failed.")
        console.print(
            f"{self.runs:,} runs from seed {seed} on: {self.asks:,} asked for in {self.requests:,} requests; "
            f"{self.jobs:,} jobs, {self.invocations:,} invocations, {self.calls.total():,} calls of AWS; "
            f"{self.requests / seconds:,.0f} requests a second of one core.",
            highlight=False,
        )


def _seconds(text: str) -> float:
    unit = text[-1:] if text[-1:] in _UNITS else "s"
    try:
        return float(text.removesuffix(unit)) * _UNITS[unit]
    except ValueError:
        raise typer.BadParameter(f"60s, 10m or 1h, not {text}", param_hint="--for") from None


if __name__ == "__main__":
    typer.run(main)
