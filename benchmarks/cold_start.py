"""How long from a fresh process to the first answer of submit_job, against the same calls by boto3 alone?

    python -m benchmarks.cold_start [--runs 15] [--profile] [--json]

The floor makes the same two clients and sends the same three requests. Both talk to an AWS on loopback that
answers at once; runs are interleaved. "zip": the function's code and libraries as they are deployed where the
interpreter that synthesizes is the functions' own, with compiled files. "sources": the same zip without them.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks import stub_aws
from infra import lambda_code

ROOT = Path(__file__).parents[1]
TARGET_RATIO = 1.3
_PULSE = """
import json, os, sys, types
from lambdas.submit_job import handler
context = types.SimpleNamespace(function_name="submit_job", memory_limit_in_mb=512, aws_request_id="1",
    invoked_function_arn="arn", get_remaining_time_in_millis=lambda: 28000)
answer = handler(json.load(open(sys.argv[2])), context)
assert answer["statusCode"] == 202, answer
os.write(int(sys.argv[1]), b".")
"""
_FLOOR = """
import json, os, sys
import boto3
from botocore.config import Config
calls = json.load(open(sys.argv[2]))
batch = boto3.client("batch", config=Config(retries={"total_max_attempts": 1}))
dynamodb = boto3.client("dynamodb", config=Config(retries={"mode": "standard", "total_max_attempts": 3}))
dynamodb.transact_write_items(**calls["TransactWriteItems"])
assert batch.submit_job(**calls["submitjob"])["jobId"]
dynamodb.update_item(**calls["UpdateItem"])
os.write(int(sys.argv[1]), b".")
"""


@dataclass(frozen=True)
class Process:
    """A program with its input, in an environment of its own."""

    code: str
    given: Path
    environment: dict[str, str]

    def command(self, answered: int, *options: str) -> list[str]:
        return [sys.executable, *options, "-c", self.code, str(answered), str(self.given)]


@dataclass(frozen=True)
class Taken:
    """Milliseconds to the answer, and of processor time to the end."""

    wall_ms: float
    cpu_ms: float


def main(
    runs: Annotated[int, typer.Option(min=3, help="of each, interleaved")] = 15,
    profile: Annotated[bool, typer.Option(help="where the time of the imports goes")] = False,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    console = Console(stderr=as_json)
    with tempfile.TemporaryDirectory() as folder, stub_aws.serving() as aws:
        processes = _processes(aws, Path(folder))
        for process in processes.values():
            _run(process)  # reads the files once
        taken: dict[str, list[Taken]] = {name: [] for name in processes}
        for _ in range(runs):
            for name, process in processes.items():
                taken[name].append(_run(process))
        result = _result(taken)
        if profile:
            _show_imports(console, processes["zip"], processes["floor"])
    _show(console, result)
    if as_json:
        print(json.dumps(result, indent=2))  # noqa: T201 - data on stdout


def _processes(aws: stub_aws.StubAws, folder: Path) -> dict[str, Process]:
    """`zip` runs first, once, so that the floor can be given what it sent."""
    event, calls = folder / "event.json", folder / "calls.json"
    event.write_text(json.dumps(stub_aws.call()))
    outside = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    base = outside | stub_aws.environment(aws.url)
    zipped = lambda_code.build(runtime="", architecture="", bundle_for=lambda_code.HOST)
    deployed = base | {"PYTHONPATH": str(zipped), "PYTHONDONTWRITEBYTECODE": "1"}
    # With a prefix, Python looks for compiled files nowhere else.
    sources = deployed | {"PYTHONPYCACHEPREFIX": str(folder / "empty")}
    processes = {
        "zip": Process(_PULSE, event, deployed),
        "sources": Process(_PULSE, event, sources),
        "floor": Process(_FLOOR, calls, base),
    }
    _run(processes["zip"])
    calls.write_text(json.dumps(dict(aws.calls)))
    return processes


def _run(process: Process) -> Taken:
    reading, writing = os.pipe()
    begun = time.perf_counter()
    child = subprocess.Popen(
        process.command(writing),
        env=process.environment,
        pass_fds=[writing],
        stdout=subprocess.DEVNULL,
        cwd="/",
    )
    os.close(writing)
    answered = os.read(reading, 1)
    wall_ms = (time.perf_counter() - begun) * 1000
    os.close(reading)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if not answered or child.returncode:
        raise SystemExit("A run gave no answer; its error stands above.")
    return Taken(wall_ms, (usage.ru_utime + usage.ru_stime) * 1000)


def _result(taken: dict[str, list[Taken]]) -> dict[str, Any]:
    rows = {
        name: {
            "wall_ms": round(statistics.median(one.wall_ms for one in all_), 1),
            "cpu_ms": round(statistics.median(one.cpu_ms for one in all_), 1),
            "fastest_ms": round(min(one.wall_ms for one in all_), 1),
        }
        for name, all_ in taken.items()
    }
    ratios = {
        name: {what: round(row[what] / rows["floor"][what], 2) for what in row} for name, row in rows.items()
    }
    return {"runs": len(taken["floor"]), "medians": rows, "ratio": ratios, "target_ratio": TARGET_RATIO}


def _show(console: Console, result: dict[str, Any]) -> None:
    table = Table(
        title=f"submit_job, cold: medians of {result['runs']}; target at most {TARGET_RATIO} x the floor"
    )
    for column in ("", "to the answer", "processor", "fastest", "ratio", "ratio of processor", "of fastest"):
        table.add_column(column, justify="right" if column else "left")
    for name, row in result["medians"].items():
        ratio = [f"{result['ratio'][name][what]:.2f}" for what in ("wall_ms", "cpu_ms", "fastest_ms")]
        table.add_row(name, *(f"{row[what]:.0f} ms" for what in ("wall_ms", "cpu_ms", "fastest_ms")), *ratio)
    console.print(table)


def _show_imports(console: Console, process: Process, floor: Process) -> None:
    """By package, what is imported beyond what the floor imports."""
    known = _imports(floor)
    beyond: Counter[str] = Counter()
    for module, microseconds in _imports(process).items():
        if module not in known:
            beyond[".".join(module.split(".")[:2])] += microseconds
    table = Table("imported beyond the floor", "ms")
    for package, microseconds in beyond.most_common(30):
        table.add_row(package, f"{microseconds / 1000:.1f}")
    table.add_row("all", f"{sum(beyond.values()) / 1000:.1f}")
    console.print(table)


def _imports(process: Process) -> dict[str, int]:
    """Microseconds of each module itself."""
    reading, writing = os.pipe()
    done = subprocess.run(
        process.command(writing, "-X", "importtime"),
        env=process.environment,
        pass_fds=[writing],
        check=True,
        capture_output=True,
        text=True,
        cwd="/",
    )
    os.close(reading)
    os.close(writing)
    rows = [line.removeprefix("import time:").split("|") for line in done.stderr.splitlines() if "|" in line]
    return {name.strip(): int(own) for own, _, name in rows if own.strip().isdigit()}


if __name__ == "__main__":
    typer.run(main)
