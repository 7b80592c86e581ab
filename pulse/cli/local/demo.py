"""`pulse local demo`: one dropped file and one API call, to two trained models and their alerts.

Runs on an instance of its own, which it erases when all went well, and writes a record that `pulse demo`
compares with that of a deployed Pulse.
"""

import json
import time
from pathlib import Path

import httpx
import typer

from localaws import instance
from localaws.errors import AlreadyRunning
from localaws.instance import DEFAULT_ROOT, Instance
from pulse.aws.client.signed_api import SignedApi
from pulse.cli.demo import record_file, view
from pulse.cli.demo import run as demo_run
from pulse.cli.demo.job import Job
from pulse.cli.demo.record_file import LOCAL, Record
from pulse.cli.demo.removals import Removals
from pulse.cli.demo.run import DemoFailed, DemoTarget
from pulse.cli.exit_codes import ExitCode
from pulse.cli.local import stacks
from pulse.cli.local.stacks import Addresses

ROOT = DEFAULT_ROOT.with_name(f"{DEFAULT_ROOT.name}-demo")
JOBS_SECONDS = 90
ALERTS_SECONDS = 15
CHANNELS = ("email", "slack")


def demo(*, record: Record = None) -> None:
    """Deploy to a fresh AWS on this machine, run two jobs, show all that happens, and clean up."""
    began = time.monotonic()
    logs = f"Logs: {ROOT / 'logs'}"
    if found := instance.running(ROOT):
        view.failed(AlreadyRunning(found.root, found.port, found.pid), logs)
        raise typer.Exit(ExitCode.FAILED)
    try:
        instance.down(ROOT, erase=True)
        found, where = _deploy()
        jobs = run(found, where)
        file = record_file.write(jobs, LOCAL, record)
    except Exception as error:  # noqa: BLE001 - whatever it is: nothing stays running, and a person hears where to look
        instance.down(ROOT)
        view.failed(error, logs)
        raise typer.Exit(ExitCode.FAILED) from None
    except BaseException:
        instance.down(ROOT, erase=True)
        raise
    instance.down(ROOT, erase=True)
    view.done(time.monotonic() - began, file)


def run(found: Instance, where: Addresses, data: Path = demo_run.SAMPLE) -> list[Job]:
    """The demo on an instance that is deployed to. Raises DemoFailed with all that is missing; shows what
    arrived first.
    """
    target = DemoTarget(
        client=found.client,
        api=SignedApi(where.api_url, found.session()),
        data_bucket=where.data_bucket,
        results_bucket=where.results_bucket,
        alerts_topic=stacks.alerts_topic(found),
        jobs_seconds=JOBS_SECONDS,
        alerts_seconds=ALERTS_SECONDS,
        data=data,
    )
    with Removals() as removals:
        jobs = demo_run.run(target, removals)
        _collect_messages(found, jobs)
        view.all_of(jobs)
        missing = [sentence for job in jobs for sentence in _missing(job)]
    if missing:
        raise DemoFailed("\n".join([*missing, f"Server log: {found.log}"]))
    return jobs


def _deploy() -> tuple[Instance, Addresses]:
    view.title()
    with view.step("AWS on this machine") as step:
        found = instance.up(ROOT, on_progress=step.doing)
        stacks.prepare(found)
        step.note = found.endpoint_url
    with view.step("cdk bootstrap"):
        stacks.bootstrap(found)
    with view.step("cdk deploy --all") as step:
        where = stacks.deploy(found)
        step.note = "PulseStorage, PulseCompute, PulseJobs"
    return found, where


def _collect_messages(found: Instance, jobs: list[Job]) -> None:
    """The e-mail and the Slack message of each job, in the inbox once they arrive."""
    deadline = time.monotonic() + ALERTS_SECONDS
    while True:
        received = httpx.get(f"{found.inbox_url}/messages", trust_env=False).json()
        for job in filter(lambda job: job.job_id, jobs):
            job.messages = {m["channel"]: m for m in received if job.job_id in json.dumps(m)}
        if all(len(job.messages) == len(CHANNELS) for job in jobs) or time.monotonic() > deadline:
            return
        time.sleep(0.05)


def _missing(job: Job) -> list[str]:
    name = f"The job of the {job.door} ({job.job_id or 'never submitted'})"
    arrived = [f"{name}: no {channel} arrived." for channel in CHANNELS if channel not in job.messages]
    return job.missing + arrived
