"""How soon after its end does somebody hear of a job, against a script that asks AWS Batch every 30 seconds?

    python -m benchmarks.alert_delay [--jobs 30] [--json]

The real stacks, deployed by the CDK to the AWS on this machine. Each job trains for real; its end is the
`stoppedAt` of AWS Batch, and it is heard of when the e-mail is in the inbox. The peer runs beside it, a loop
a job, as the script that Pulse replaces did: DescribeJobs, and sleep for 30 seconds as long as the job has
not ended. Jobs of hours end at any time between two questions, so each loop begins at a random one.
"""

import json
import random
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from botocore.config import Config
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.deployed import deployed
from localaws.instance import Instance
from pulse.aws.client.signed_api import SignedApi
from pulse.cli.local.stacks import Addresses
from pulse.domain.history import percentile

POLL_SECONDS = 30
TARGET = 100
_SAMPLE = Path(__file__).parents[1] / "samples" / "market_daily.csv"
_DATASET = "datasets/market.csv"
_ROWS = 400
_PAUSE_SECONDS = 3.0
_PATIENCE_SECONDS = 120
_ENDS = ("SUCCEEDED", "FAILED")
_SEED = 4


def main(
    jobs: Annotated[int, typer.Option(min=3)] = 30,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    console = Console(stderr=as_json)
    with deployed(console) as (found, where), ThreadPoolExecutor(jobs) as pool:
        delays = _measured(found, where, jobs, pool, console)
    result = {name: _summary(seconds) for name, seconds in delays.items()}
    sooner = {
        at: round(result["polling"][at] / result["pulse"][at]) for at in ("median_seconds", "p99_seconds")
    }
    _show(console, result, sooner)
    if as_json:
        print(json.dumps({"jobs": jobs, **result, "times_sooner": sooner}, indent=2))  # noqa: T201 - stdout


def _measured(
    found: Instance, where: Addresses, jobs: int, pool: ThreadPoolExecutor, console: Console
) -> dict[str, list[float]]:
    """Seconds from the end of each job, to its e-mail and to the answer that tells the polling script."""
    lines = _SAMPLE.read_text().splitlines(keepends=True)
    dataset = "".join([lines[0], *lines[-_ROWS:]]).encode()
    found.client("s3").put_object(Bucket=where.data_bucket, Key=_DATASET, Body=dataset)
    api = SignedApi(where.api_url, found.session())
    chance = random.Random(_SEED)  # noqa: S311 - spreads questions, hides nothing
    batch = found.client("batch", config=Config(max_pool_connections=jobs))
    loops, submitted = [], []
    for number in track(range(jobs), "jobs", console=console):
        request = {"dataset": _DATASET, "profile": "small", "tags": {"Number": str(number)}}
        answer = api.call("POST", "/jobs", body=request).raise_for_status().json()
        submitted.append(answer)
        phase = chance.uniform(0, POLL_SECONDS)
        loops.append(pool.submit(_polled, batch, answer["batch_job_id"], phase))
        time.sleep(_PAUSE_SECONDS)
    mails = {job["job_id"]: _mail(found, job["job_id"]) for job in submitted}
    heard = {job["batch_job_id"]: loop.result() for job, loop in zip(submitted, loops, strict=True)}
    ended = {job["batch_job_id"]: _ended(batch, job["batch_job_id"]) for job in submitted}
    return {
        "pulse": [mails[job["job_id"]] - ended[job["batch_job_id"]] for job in submitted],
        "polling": [heard[job["batch_job_id"]] - ended[job["batch_job_id"]] for job in submitted],
    }


def _polled(batch: Any, batch_job_id: str, phase: float) -> float:
    """When the script knows, seconds since the epoch."""
    time.sleep(phase)
    while batch.describe_jobs(jobs=[batch_job_id])["jobs"][0]["status"] not in _ENDS:
        time.sleep(POLL_SECONDS)
    return time.time()


def _mail(found: Instance, job_id: str) -> float:
    """When the e-mail about the job came, seconds since the epoch."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        for message in httpx.get(f"{found.inbox_url}/messages", trust_env=False).json():
            if message["channel"] == "email" and job_id in message["text"]:
                return datetime.fromisoformat(message["received_at"]).timestamp()
        time.sleep(0.5)
    raise SystemExit(f"No e-mail about job {job_id} within {_PATIENCE_SECONDS} s")


def _ended(batch: Any, batch_job_id: str) -> float:
    (job,) = batch.describe_jobs(jobs=[batch_job_id])["jobs"]
    return float(job["stoppedAt"]) / 1000


def _summary(seconds: list[float]) -> dict[str, float]:
    return {
        "median_seconds": round(statistics.median(seconds), 3),
        "p99_seconds": round(percentile(seconds, 99) or 0.0, 3),
    }


def _show(console: Console, result: dict[str, dict[str, float]], sooner: dict[str, int]) -> None:
    table = Table(title=f"From the end of a job to its alert (target: {TARGET} times sooner)")
    for column in ("", "median", "99th percentile"):
        table.add_column(column, justify="right" if column else "left")
    for label, name in (("polling every 30 s (peer)", "polling"), ("Pulse, to the e-mail", "pulse")):
        table.add_row(label, *(f"{result[name][at]:.2f} s" for at in ("median_seconds", "p99_seconds")))
    table.add_row("times sooner", *(str(sooner[at]) for at in ("median_seconds", "p99_seconds")))
    console.print(table)


if __name__ == "__main__":
    typer.run(main)
