"""A drop of 1,000 data sets: is each submitted exactly once, and how fast against a bare SubmitJob loop?

    python -m benchmarks.thousand_drops [--drops 1000] [--no-limit] [--json]

The real stacks, deployed by the CDK to the AWS on this machine, whose SubmitJob takes 50 a second as AWS's
does (`--no-limit`: as many as it can). The compute environments are switched off, so nothing else runs.
"""

import json
import os
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any

import typer
from botocore.config import Config
from rich.console import Console
from rich.table import Table

from benchmarks.deployed import deployed
from localaws.instance import Instance
from pulse.cli.local.stacks import Addresses

_LIMIT_VARIABLE = "LOCALAWS_BATCH_SUBMITS_PER_SECOND"
_PUTTERS = 4
_PATIENCE_SECONDS = 600
_QUIET_SECONDS = 5
"""A second job for a drop would come by then."""
_BODY = b"timestamp,spx_close\n2022-01-03,4796.56\n"
_PAGE = 100


def main(
    drops: Annotated[int, typer.Option(min=10)] = 1000,
    limit: Annotated[bool, typer.Option(help="50 SubmitJobs a second, as on AWS")] = True,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    console = Console(stderr=as_json)
    if not limit:
        os.environ[_LIMIT_VARIABLE] = "0"
    with deployed(console) as (found, where):
        _switch_off(found)
        bare = _bare(found, where, drops)
        dropped = _dropped(found, where, drops)
    result = {
        "drops": drops,
        "limit_per_second": 50 if limit else None,
        "bare_per_second": round(drops / bare, 1),
        "pulse_per_second": round(drops / dropped["seconds"], 1),
        "ratio": round(bare / dropped["seconds"], 2),
        **{name: dropped[name] for name in ("jobs", "lost", "doubled")},
    }
    _show(console, result)
    if as_json:
        print(json.dumps(result, indent=2))  # noqa: T201 - data on stdout
    if result["lost"] or result["doubled"]:
        raise typer.Exit(1)


def _switch_off(found: Instance) -> None:
    """Every compute environment, so that what is submitted waits."""
    batch = found.client("batch")
    for environment in batch.describe_compute_environments()["computeEnvironments"]:
        name = environment["computeEnvironmentName"]
        batch.update_compute_environment(computeEnvironment=name, state="DISABLED")


def _bare(found: Instance, where: Addresses, count: int) -> float:
    """Seconds that one client takes for as many SubmitJobs, one after the other, throttled ones again."""
    batch = found.client("batch", config=Config(retries={"mode": "standard", "total_max_attempts": 20}))
    parameters = {"jobQueue": where.job_queue, "jobDefinition": where.job_definition}
    begun = time.monotonic()
    for i in range(count):
        batch.submit_job(jobName=f"bare-{i}", **parameters)
    return time.monotonic() - begun


def _dropped(found: Instance, where: Addresses, count: int) -> dict[str, Any]:
    """Until every drop has its job, and then until the queues are quiet, for what comes twice."""
    s3, batch = found.client("s3", config=Config(max_pool_connections=_PUTTERS)), found.client("batch")
    keys = [f"datasets/drop-{i:04}.csv" for i in range(count)]
    begun = time.time()
    with ThreadPoolExecutor(_PUTTERS) as pool:
        list(pool.map(lambda key: s3.put_object(Bucket=where.data_bucket, Key=key, Body=_BODY), keys))
    while len(_submitted(batch, where.job_queue)) < count and time.time() - begun < _PATIENCE_SECONDS:
        time.sleep(1)
    time.sleep(_QUIET_SECONDS)
    jobs = _described(batch, _submitted(batch, where.job_queue))
    per_key = Counter(map(_key, jobs))
    return {
        "seconds": max(job["createdAt"] for job in jobs) / 1000 - begun,
        "jobs": per_key.total(),
        "lost": sum(key not in per_key for key in keys),
        "doubled": sum(jobs > 1 for jobs in per_key.values()),
    }


def _submitted(batch: Any, queue: str) -> list[str]:
    """The ids of Pulse's jobs, the newest first."""
    pages = batch.get_paginator("list_jobs").paginate(
        jobQueue=queue, filters=[{"name": "AFTER_CREATED_AT", "values": ["0"]}]
    )
    jobs = [job for page in pages for job in page["jobSummaryList"]]
    return [job["jobId"] for job in jobs if not job["jobName"].startswith("bare-")]


def _described(batch: Any, ids: list[str]) -> list[dict[str, Any]]:
    pages = [ids[start : start + _PAGE] for start in range(0, len(ids), _PAGE)]
    return [job for page in pages for job in batch.describe_jobs(jobs=page)["jobs"]]


def _key(job: dict[str, Any]) -> str:
    command: list[str] = job["container"]["command"]
    return next(word for word in command if word.startswith("datasets/"))


def _show(console: Console, result: dict[str, Any]) -> None:
    pace = f"{result['limit_per_second']} a second" if result["limit_per_second"] else "without limit"
    table = Table(title=f"{result['drops']} drops; SubmitJob {pace}")
    for column in ("", "a second", "jobs", "lost", "doubled"):
        table.add_column(column, justify="right" if column else "left")
    told = (str(result[name]) for name in ("jobs", "lost", "doubled"))
    table.add_row("bare SubmitJob loop (floor)", str(result["bare_per_second"]), str(result["drops"]), "", "")
    table.add_row("dropped into the stacks", str(result["pulse_per_second"]), *told)
    table.add_row("ratio", f"{result['ratio']:.2f}", "", "", "")
    console.print(table)


if __name__ == "__main__":
    typer.run(main)
