"""How long from a fresh process to the first answer of each function, against the same calls by boto3 alone?

    python -m benchmarks.cold_start [FUNCTION ...] [--runs 15] [--profile] [--json]

The floor makes the same clients and sends the same requests, which a run of the function before has noted.
Both talk to an AWS on loopback that answers at once; runs are interleaved. "zip": the function's code and
libraries with compiled files, as deployed where the interpreter that synthesizes is the functions' own.
"sources": the same zip without them.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks import invocations, stub_aws
from infra import lambda_code
from infra.config.function_settings import USE_CASES

TARGET_RATIO = 1.1
_PULSE = """
import importlib, json, os, sys, types
handler = importlib.import_module(f"lambdas.{sys.argv[3]}").handler
context = types.SimpleNamespace(function_name=sys.argv[3], memory_limit_in_mb=512, aws_request_id="1",
    invoked_function_arn="arn", get_remaining_time_in_millis=lambda: 28000)
answer = handler(json.load(open(sys.argv[2])), context)
assert answer.get("statusCode", 200) < 300 and not answer.get("batchItemFailures"), answer
os.write(int(sys.argv[1]), b".")
os._exit(0)
"""
_NOTED = """
import json, os, sys
from http.client import HTTPConnection
from botocore.client import BaseClient
calls, inside = [], BaseClient._make_api_call
def noted(client, operation, parameters):
    calls.append((client.meta.service_model.service_name, operation, parameters))
    return inside(client, operation, parameters)
BaseClient._make_api_call = noted
asked = HTTPConnection.request
def posted(connection, method, path, body=None, headers={}, **more):
    if type(connection) is HTTPConnection:
        calls.append(("", path, {"host": connection.host, "port": connection.port, "body": body.decode()}))
    return asked(connection, method, path, body, headers, **more)
HTTPConnection.request = posted
""" + _PULSE.replace("os.write(", "json.dump(calls, open(sys.argv[4], 'w'), default=str); os.write(")
_FLOOR = """
import json, os, sys
import boto3
from botocore.config import Config
clients = {}
for service, operation, parameters in json.load(open(sys.argv[2])):
    if not service:
        from http.client import HTTPConnection
        connection = HTTPConnection(parameters["host"], parameters["port"])
        connection.request("POST", operation, parameters["body"])
        connection.getresponse().read()
        continue
    if service not in clients:
        clients[service] = boto3.client(service, config=Config(retries={"mode": "standard"}))
    answer = clients[service]._make_api_call(operation, parameters)
    if "Body" in answer:
        answer["Body"].read()
os.write(int(sys.argv[1]), b".")
os._exit(0)
"""


@dataclass(frozen=True)
class Process:
    """A program with its arguments, in an environment of its own."""

    code: str
    arguments: tuple[str, ...]
    environment: dict[str, str]

    def command(self, answered: int, *options: str) -> list[str]:
        return [sys.executable, *options, "-c", self.code, str(answered), *self.arguments]


@dataclass(frozen=True)
class Taken:
    """Milliseconds to the answer, and of processor time to the end."""

    wall_ms: float
    cpu_ms: float


def main(
    functions: Annotated[list[str] | None, typer.Argument(help="all where none is named")] = None,
    runs: Annotated[int, typer.Option(min=3, help="of each, interleaved")] = 15,
    profile: Annotated[bool, typer.Option(help="where the time of the imports goes")] = False,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    console = Console(stderr=as_json)
    measured = {}
    for function in functions or USE_CASES:
        with tempfile.TemporaryDirectory() as folder, stub_aws.serving() as aws:
            processes = _processes(function, aws, Path(folder))
            measured[function] = _result(_measure(processes, runs))
            if profile:
                _show_imports(console, function, processes["zip"], processes["floor"])
    _show(console, measured, runs)
    if as_json:
        told = {"runs": runs, "target_ratio": TARGET_RATIO, "functions": measured}
        print(json.dumps(told, indent=2))  # noqa: T201 - data on stdout


def _measure(processes: dict[str, Process], runs: int) -> dict[str, list[Taken]]:
    for process in processes.values():
        _run(process)  # reads the files once
    taken: dict[str, list[Taken]] = {name: [] for name in processes}
    for _ in range(runs):
        for name, process in processes.items():
            taken[name].append(_run(process))
    return taken


def invoked(function: str, aws: stub_aws.StubAws, folder: Path) -> Process:
    """The function as it is deployed, with compiled files, and its invocation."""
    invocation = invocations.of(function, aws)
    event = folder / "event.json"
    event.write_text(json.dumps(invocation.event))
    zipped = lambda_code.build(runtime="", architecture="", bundle_for=lambda_code.HOST)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        **stub_aws.environment(aws.url, function),
        **invocation.environment,
        "PYTHONPATH": str(zipped),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return Process(_PULSE, (str(event), function), environment)


def _processes(function: str, aws: stub_aws.StubAws, folder: Path) -> dict[str, Process]:
    """The function is invoked once before, so that the floor can be given what it asked for."""
    zipped, calls = invoked(function, aws, folder), str(folder / "calls.json")
    _run(replace(zipped, code=_NOTED, arguments=(*zipped.arguments, calls)))
    # With a prefix, Python looks for compiled files nowhere else.
    sources = zipped.environment | {"PYTHONPYCACHEPREFIX": str(folder / "empty")}
    without_own = {name: value for name, value in zipped.environment.items() if name != "PYTHONPATH"}
    return {
        "zip": zipped,
        "sources": replace(zipped, environment=sources),
        "floor": Process(_FLOOR, (calls,), without_own),
    }


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
    return {"medians": rows, "ratio": ratios}


def _show(console: Console, measured: dict[str, dict[str, Any]], runs: int) -> None:
    table = Table(title=f"cold: medians of {runs}; target at most {TARGET_RATIO} x the floor")
    for column in ("function", "", "to the answer", "processor", "ratio", "of processor", "of fastest"):
        table.add_column(column, justify="left" if column in {"function", ""} else "right")
    for function, result in measured.items():
        for name, row in result["medians"].items():
            ratio = [f"{result['ratio'][name][what]:.2f}" for what in ("wall_ms", "cpu_ms", "fastest_ms")]
            times = [f"{row[what]:.0f} ms" for what in ("wall_ms", "cpu_ms")]
            table.add_row(function, name, *times, *ratio)
    console.print(table)


def _show_imports(console: Console, function: str, process: Process, floor: Process) -> None:
    """By package, what is imported beyond what the floor imports."""
    known = imports(floor)
    beyond: Counter[str] = Counter()
    for module, microseconds in imports(process).items():
        if module not in known:
            beyond[".".join(module.split(".")[:2])] += microseconds
    table = Table(f"{function} imports beyond the floor", "ms")
    for package, microseconds in beyond.most_common(30):
        table.add_row(package, f"{microseconds / 1000:.1f}")
    table.add_row("all", f"{sum(beyond.values()) / 1000:.1f}")
    console.print(table)


def imports(process: Process) -> dict[str, int]:
    """What the process imports, each module with its own microseconds."""
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
