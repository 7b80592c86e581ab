"""`pulse local demo`: one dropped file and one API call, to two trained models and their alerts.

Runs on an instance of its own, which it erases when all went well. What a person sees is in `demo_view`.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import typer

from localaws import instance as localaws
from localaws.errors import AlreadyRunning
from localaws.instance import DEFAULT_ROOT, Instance
from localaws.layout import CLONE
from pulse.aws.signed_api import SignedApi
from pulse.cli import demo_view as view
from pulse.cli import local_stacks
from pulse.cli.exit_codes import ExitCode
from pulse.cli.local_stacks import Addresses

ROOT = DEFAULT_ROOT.with_name(f"{DEFAULT_ROOT.name}-demo")
SAMPLE = CLONE / "samples" / "market_daily.csv"
DATASET = f"datasets/{SAMPLE.name}"
API_REQUEST = CLONE / "samples" / "requests" / "spx_2018_2022.json"
JOBS_SECONDS = 90
ALERTS_SECONDS = 15
OUTCOMES = ("SUCCEEDED", "FAILED")


class DemoFailed(Exception):
    """The message says what did not happen and where to look."""


@dataclass
class Job:
    """One of the two jobs, as its events tell it. `states` says when each event arrived, UTC."""

    door: str
    asked_at: datetime
    job_id: str = ""
    batch_job_id: str = ""
    states: dict[str, datetime] = field(default_factory=dict)
    detail: dict[str, Any] = field(default_factory=dict)
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    results: list[dict[str, Any]] = field(default_factory=list)

    @property
    def outcome(self) -> str | None:
        return next((state for state in OUTCOMES if state in self.states), None)


def demo() -> None:
    """Deploy to a fresh AWS on this machine, run two jobs, show all that happens, and clean up."""
    began = time.monotonic()
    if found := localaws.running(ROOT):
        view.failed(AlreadyRunning(found.root, found.port, found.pid), ROOT / "logs")
        raise typer.Exit(ExitCode.FAILED)
    try:
        localaws.down(ROOT, erase=True)
        found, where = _deploy()
        jobs = _run(found, where)
        _check(found, jobs)
    except Exception as error:  # noqa: BLE001 - whatever it is: nothing stays running, and a person hears where to look
        localaws.down(ROOT)
        view.failed(error, ROOT / "logs")
        raise typer.Exit(ExitCode.FAILED) from None
    except BaseException:
        localaws.down(ROOT, erase=True)
        raise
    localaws.down(ROOT, erase=True)
    view.done(time.monotonic() - began)


def _deploy() -> tuple[Instance, Addresses]:
    view.title()
    with view.step("AWS on this machine") as step:
        found = localaws.up(ROOT, on_progress=step.doing)
        local_stacks.prepare(found)
        step.told = found.endpoint_url
    with view.step("cdk bootstrap"):
        local_stacks.bootstrap(found)
    with view.step("cdk deploy --all") as step:
        where = local_stacks.deploy(found)
        step.told = "PulseStorage, PulseCompute, PulseJobs"
    return found, where


def _run(found: Instance, where: Addresses) -> list[Job]:
    events = EventTap(found)
    dropped = _drop(found, where.data_bucket)
    posted = _post(found, where)
    jobs = [dropped, posted]
    view.jobs_begin(f"s3://{where.data_bucket}/{DATASET}", API_REQUEST.relative_to(CLONE), posted.job_id)
    for event in events.until(lambda: all(job.outcome for job in jobs), JOBS_SECONDS):
        detail = event["detail"]
        job = posted if detail["jobId"] == posted.batch_job_id else dropped
        first_seen = detail["status"] not in job.states
        job.batch_job_id = detail["jobId"]
        job.job_id = _environment(detail).get("PULSE_JOB_ID", "")
        job.states.setdefault(detail["status"], datetime.now(UTC))
        if job.outcome in (None, detail["status"]):
            job.detail = detail
        if first_seen:
            view.state(job, detail["status"])
    for job in jobs:
        if job.outcome:
            _collect(found, where, job)
    return jobs


def _drop(found: Instance, bucket: str) -> Job:
    job = Job("drop", datetime.now(UTC))
    found.client("s3").upload_file(str(SAMPLE), bucket, DATASET)
    return job


def _post(found: Instance, where: Addresses) -> Job:
    job = Job("API", datetime.now(UTC))
    answer = SignedApi(where.api_url, found.session()).call(
        "POST", "/jobs", body=json.loads(API_REQUEST.read_text())
    )
    if answer.status_code != httpx.codes.ACCEPTED:
        raise DemoFailed(f"POST /jobs answered {answer.status_code}: {answer.text}")
    body = answer.json()
    job.job_id, job.batch_job_id = body["job_id"], body["batch_job_id"]
    return job


def _collect(found: Instance, where: Addresses, job: Job) -> None:
    """What the job left: its results in the bucket, and its alerts in the inbox once they arrive."""
    s3 = found.client("s3")
    prefix = f"results/{job.job_id}/"
    job.results = s3.list_objects_v2(Bucket=where.results_bucket, Prefix=prefix).get("Contents", [])
    if any(item["Key"] == f"{prefix}metrics.json" for item in job.results):
        body = s3.get_object(Bucket=where.results_bucket, Key=f"{prefix}metrics.json")["Body"].read()
        job.metrics = json.loads(body)
    deadline = time.monotonic() + ALERTS_SECONDS
    while len(job.messages) < 2 and time.monotonic() < deadline:  # noqa: PLR2004 - e-mail and Slack
        received = httpx.get(f"{found.inbox_url}/messages", trust_env=False).json()
        job.messages = {m["channel"]: m for m in received if job.job_id in json.dumps(m)}
        time.sleep(0.05)
    view.results(job, where.results_bucket)


def _check(found: Instance, jobs: list[Job]) -> None:
    """Raises DemoFailed with all that is missing; shows what arrived first."""
    for job in jobs:
        view.alerts(job)
    view.hops(jobs)
    missing = []
    for job in jobs:
        name = f"The job of the {job.door} ({job.job_id or 'never submitted'})"
        if job.outcome != "SUCCEEDED":
            reason = job.detail.get("statusReason", "no event says why")
            missing.append(f"{name} is {job.outcome or 'still not finished'}: {reason}")
        if not job.metrics:
            missing.append(f"{name} left no metrics.json in the results bucket.")
        missing += [f"{name}: no {c} arrived." for c in ("email", "slack") if c not in job.messages]
    if missing:
        raise DemoFailed("\n".join([*missing, f"Server log: {found.log}"]))


class EventTap:
    """An SQS queue behind an EventBridge rule: every Batch event of the account, as it arrives."""

    def __init__(self, found: Instance) -> None:
        self._sqs = found.client("sqs")
        self._queue = self._sqs.create_queue(QueueName="demo-tap")["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])
        events = found.client("events")
        pattern = {"source": ["aws.batch"], "detail-type": ["Batch Job State Change"]}
        events.put_rule(Name="demo-tap", EventPattern=json.dumps(pattern))
        events.put_targets(Rule="demo-tap", Targets=[{"Id": "tap", "Arn": arn["Attributes"]["QueueArn"]}])

    def until(self, enough: Any, seconds: float) -> Iterator[dict[str, Any]]:
        """Events until `enough()` or until no more time is left; whoever reads decides what that means."""
        deadline = time.monotonic() + seconds
        while not enough() and time.monotonic() < deadline:
            received = self._sqs.receive_message(
                QueueUrl=self._queue, WaitTimeSeconds=1, MaxNumberOfMessages=10
            ).get("Messages", [])
            for message in received:
                self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
                yield json.loads(message["Body"])


def _environment(detail: dict[str, Any]) -> dict[str, str]:
    return {item["name"]: item["value"] for item in detail.get("container", {}).get("environment", [])}
