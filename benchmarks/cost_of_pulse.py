"""What does Pulse itself cost for 1,000 jobs, by part, and which AWS calls does a job make?

    python -m benchmarks.cost_of_pulse [--jobs 40] [--json]

The real stacks, deployed by the CDK to the AWS on this machine: half of the jobs are dropped, half are
asked for through the API, all train, and an e-mail and a Slack message tell of each. They run one after the
other: functions on AWS share their processors with no training. Calls and DynamoDB's capacity units are
counted by that AWS, function by function; times are those of the functions' REPORT lines.
Prices are those of `list_prices.yaml`, without free tiers. Not in it: what costs the same without any job.
"""

import json
import re
import time
from collections import Counter
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import httpx
import msgspec
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.deployed import deployed
from localaws.instance import Instance
from pulse.aws.client.signed_api import SignedApi
from pulse.cli.local.stacks import Addresses

TARGET_USD = 0.10
_PER = 1000
_MILLION = 1_000_000
_SAMPLE = Path(__file__).parents[1] / "samples" / "market_daily.csv"
_PRICES = Path(__file__).parent / "list_prices.yaml"
_ROWS = 400
_PATIENCE_SECONDS = 60
_LATE_SECONDS = 3
_REPORT = re.compile(r"Billed Duration: (\d+) ms\tMemory Size: (\d+) MB")
_LINE_BYTES = 26
"""What CloudWatch Logs adds to each line: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html"""
_READS = ("GetItem", "Query")
_SQS_REQUESTS = 3
_CLIENTS = ("SubmitJob", "CancelJob", "GetJob", "OnJobEvent", "SendAlert", "ReconcileJobs")


class Used(NamedTuple):
    """By a run of `jobs`. `calls` and `units` of DynamoDB by function and IAM action."""

    jobs: int
    calls: Counter[tuple[str, str]]
    units: Counter[tuple[str, str]]
    invocations: int
    mb_seconds: float
    log_bytes: int
    messages: int


def main(
    jobs: Annotated[int, typer.Option(min=2)] = 40,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    console = Console(stderr=as_json)
    with deployed(console) as (found, where):
        used = _used(found, where, jobs, console)
    prices = msgspec.yaml.decode(_PRICES.read_bytes())
    parts = _parts(used, prices["million"])
    total = sum(parts.values())
    _show_calls(console, used)
    _show_parts(console, parts, prices)
    if as_json:
        calls = {f"{function} {action}": count / jobs for (function, action), count in used.calls.items()}
        print(json.dumps({"usd": parts, "total_usd": total, "calls_a_job": calls}, indent=2))  # noqa: T201
    if total > TARGET_USD:
        raise typer.Exit(1)


def _used(found: Instance, where: Addresses, jobs: int, console: Console) -> Used:
    lines = _SAMPLE.read_text().splitlines(keepends=True)
    dataset = "".join([lines[0], *lines[-_ROWS:]]).encode()
    s3, api = found.client("s3"), SignedApi(where.api_url, found.session())
    calls = f"{found.pages_url}/calls"
    httpx.delete(calls, trust_env=False)
    began_ms = int(time.time() * 1000)
    for number in track(range(jobs // 2), "pairs of jobs", console=console):
        key = f"datasets/benchmark/{number}.csv"
        s3.put_object(Bucket=where.data_bucket, Key=key, Body=dataset)
        _wait_for_alerts(found, 2 * number + 1)
        api.call("POST", "/jobs", body={"dataset": key, "profile": "small"}).raise_for_status()
        _wait_for_alerts(found, 2 * number + 2)
    time.sleep(_LATE_SECONDS)
    counted = httpx.get(calls, trust_env=False).json()
    by_function = [(_function(one["caller"]), one) for one in counted]
    messages = _logged(found, began_ms)
    reports = [match for message in messages if (match := _REPORT.search(message))]
    return Used(
        jobs=2 * (jobs // 2),
        calls=Counter({(name, one["action"]): one["calls"] for name, one in by_function if name}),
        units=Counter({(name, one["action"]): one["capacity_units"] for name, one in by_function if name}),
        invocations=len(reports),
        mb_seconds=sum(int(match[1]) / 1000 * int(match[2]) for match in reports),
        log_bytes=sum(len(message.encode()) + _LINE_BYTES for message in messages),
        messages=sum('"message":"Job changed"' in message for message in messages),
    )


def _wait_for_alerts(found: Instance, jobs: int) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        told = Counter(
            message["channel"] for message in httpx.get(f"{found.inbox_url}/messages", trust_env=False).json()
        )
        if told["email"] >= jobs and told["slack"] >= jobs:
            return
        time.sleep(0.2)
    raise SystemExit(f"Not all of {jobs} jobs were told of within {_PATIENCE_SECONDS} s: {dict(told)}")


def _function(caller: str) -> str:
    return next((name for name in _CLIENTS if f"{name}UseCase" in caller), "")


def _logged(found: Instance, began_ms: int) -> list[str]:
    """All lines of all functions."""
    logs = found.client("logs")
    groups = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
    pages = (
        page
        for group in groups
        if any(f"{name}UseCase" in group for name in _CLIENTS)
        for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=began_ms)
    )
    return [event["message"] for page in pages for event in page["events"]]


def _parts(used: Used, million: dict[str, float]) -> dict[str, float]:
    """US dollars for 1,000 jobs."""
    read = sum(units for (_, action), units in used.units.items() if action.endswith(_READS))
    written = used.units.total() - read
    drops = asked = used.jobs / 2
    messages = used.messages + drops + used.jobs
    gets = sum(n for (_, action), n in used.calls.items() if action.startswith("s3:Get"))
    bought = {
        "Lambda": [("lambda_requests", used.invocations), ("lambda_mb_seconds_arm", used.mb_seconds)],
        "DynamoDB, writes": [("dynamodb_write_units", written)],
        "DynamoDB, reads": [("dynamodb_read_units", read)],
        "SQS": [("sqs_requests", _SQS_REQUESTS * messages)],
        "SNS": [("sns_publishes", used.jobs), ("sns_emails", used.jobs)],
        "HTTP API": [("http_api_requests", asked)],
        "EventBridge": [("s3_events", drops), ("scheduler_invocations", 0)],
        "S3": [("s3_gets", gets)],
        "CloudWatch Logs": [("log_kib", used.log_bytes / 1024)],
    }
    return {
        part: sum(million[price] * count for price, count in items) / _MILLION / used.jobs * _PER
        for part, items in bought.items()
    }


def _show_calls(console: Console, used: Used) -> None:
    table = Table(title="AWS calls of a job, by function")
    for column in ("function", "call", "a job", "capacity units a job"):
        table.add_column(column, justify="right" if "a job" in column else "left")
    last = ""
    for (function, action), count in sorted(used.calls.items()):
        units = used.units[function, action]
        told = f"{units / used.jobs:.1f}" if units else ""
        table.add_row("" if function == last else function, action, f"{count / used.jobs:.2f}", told)
        last = function
    console.print(table)


def _show_parts(console: Console, parts: dict[str, float], prices: dict[str, Any]) -> None:
    table = Table(title=f"Pulse itself, {_PER:,} jobs ({prices['region']}, prices of {prices['as_of']})")
    table.add_column("part")
    table.add_column("US dollars", justify="right")
    for part, usd in sorted(parts.items(), key=lambda item: -item[1]):
        table.add_row(part, f"{usd:.4f}")
    table.add_section()
    table.add_row(f"total (target: under {TARGET_USD:.2f})", f"{sum(parts.values()):.4f}")
    console.print(table)


if __name__ == "__main__":
    typer.run(main)
