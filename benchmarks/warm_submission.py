"""How much time of its own does a warm submission take, and how many calls to AWS?

    python -m benchmarks.warm_submission [--runs 500] [--json]

The real handler, in this process. Its clients are botocore's own, and a hook answers each request before it
reaches a socket. "own": the time outside of botocore. The floor is what botocore itself takes for the calls.
"""

import json
import os
import statistics
import sys
import time
import uuid
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks import stub_aws

TARGET_MS, TARGET_CALLS = 5.0, 3
_WARM_UP = 20
_TAKEN = HTTPStatus.ACCEPTED
_NOBODY = "http://127.0.0.1:9"


class Meter:
    """Time inside botocore, and calls, since `begin`."""

    def __init__(self) -> None:
        self.seconds, self.calls = 0.0, 0

    def begin(self) -> None:
        self.seconds, self.calls = 0.0, 0

    def install(self) -> None:
        from botocore.client import BaseClient  # noqa: PLC0415 - after the environment is set

        from pulse.aws import clients  # noqa: PLC0415

        door: Any = BaseClient
        inside = door._make_api_call  # noqa: SLF001 - the one door of all calls

        def measured(client: Any, operation: str, parameters: Any) -> Any:
            begun = time.perf_counter()
            try:
                return inside(client, operation, parameters)
            finally:
                self.seconds += time.perf_counter() - begun
                self.calls += 1

        door._make_api_call = measured  # noqa: SLF001
        clients.session().register("before-send", _answer)


def main(
    runs: Annotated[int, typer.Option(min=10, help="of each door")] = 500,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    os.environ |= stub_aws.environment(_NOBODY)
    meter = Meter()
    meter.install()
    out, sys.stdout = sys.stdout, open(os.devnull, "w")  # noqa: SIM115, PTH123 - what functions log goes there
    try:
        from lambdas.submit_job import handler  # noqa: PLC0415

        result = {
            name: _measure(partial(handler, context=stub_aws.context()), make, meter, runs)
            for name, make in _DOORS.items()
        }
    finally:
        sys.stdout = out
    _show(Console(stderr=as_json), result)
    if as_json:
        targets = {"target_own_ms": TARGET_MS, "target_calls": TARGET_CALLS}
        print(json.dumps({"doors": result} | targets, indent=2))  # noqa: T201 - data on stdout


def _call() -> dict[str, Any]:
    event = stub_aws.call()
    event["headers"]["idempotency-key"] = uuid.uuid4().hex
    return event


def _shards() -> dict[str, Any]:
    return _call() | {"body": json.dumps({"dataset": "datasets/market_daily.csv", "shards": 4})}


def _drop() -> dict[str, Any]:
    return stub_aws.drop(f"datasets/{uuid.uuid4().hex}.csv")


_DOORS: dict[str, Callable[[], dict[str, Any]]] = {
    "POST /jobs": _call,
    "a dropped data set": _drop,
    "POST /jobs, shards: 4 (two jobs)": _shards,
}


def _measure(
    submit: Callable[[Any], dict[str, Any]], make: Callable[[], Any], meter: Meter, runs: int
) -> dict[str, float]:
    own, inside = [], []
    for i in range(runs + _WARM_UP):
        event = make()
        meter.begin()
        begun = time.perf_counter()
        answer = submit(event)
        seconds = time.perf_counter() - begun
        if answer.get("statusCode", HTTPStatus.ACCEPTED) != HTTPStatus.ACCEPTED or answer.get(
            "batchItemFailures"
        ):
            raise SystemExit(f"A submission failed: {answer}")
        if i >= _WARM_UP:
            own.append((seconds - meter.seconds) * 1000)
            inside.append(meter.seconds * 1000)
    return {
        "own_ms": round(statistics.median(own), 2),
        "own_p95_ms": round(statistics.quantiles(own, n=20)[-1], 2),
        "botocore_ms": round(statistics.median(inside), 2),
        "calls": meter.calls,
    }


def _show(console: Console, result: dict[str, dict[str, float]]) -> None:
    title = (
        f"submit_job, warm: medians; target under {TARGET_MS:.0f} ms of its own, {TARGET_CALLS} calls a job"
    )
    table = Table("door", title=title)
    for column in ("own", "own, 95 %", "botocore (floor)", "AWS calls"):
        table.add_column(column, justify="right")
    for name, row in result.items():
        times = [f"{row[what]:.2f} ms" for what in ("own_ms", "own_p95_ms", "botocore_ms")]
        table.add_row(name, *times, f"{row['calls']:.0f}")
    console.print(table)


def _answer(request: Any, **_: Any) -> Any:
    from botocore import awsrequest  # noqa: PLC0415

    make: Any = awsrequest.AWSResponse
    operation = request.headers.get("X-Amz-Target", b"").decode().rpartition(".")[2]
    body = stub_aws.answer(operation or request.url.rpartition("/")[2])
    return make(request.url, 200, {"Content-Type": "application/json"}, _Raw(body))


class _Raw:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: Any) -> Any:
        yield self._body


if __name__ == "__main__":
    typer.run(main)
