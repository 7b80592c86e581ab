"""A deployment as a user sees it: buckets, API, AWS Batch and the inbox, through public clients only."""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx

from localaws.instance import Instance
from pulse.aws.client.signed_api import SignedApi
from pulse.cli.local.stacks import Addresses

T = TypeVar("T")
SAMPLE = Path(__file__).parents[2] / "samples" / "market_daily.csv"
PATIENCE_SECONDS = 120
ENDS = ("SUCCEEDED", "FAILED")


def sample(rows: int = 900) -> bytes:
    """The last `rows` days of the real data, with its header: long enough to train on, and quick."""
    lines = SAMPLE.read_text().splitlines(keepends=True)
    return "".join([lines[0], *lines[-rows:]]).encode()


class Deployment:
    def __init__(self, found: Instance, where: Addresses) -> None:
        self.found, self.where = found, where
        self.batch, self.s3, self.iam = (found.client(name) for name in ("batch", "s3", "iam"))
        self.sqs, self.logs, self.table = (found.client(name) for name in ("sqs", "logs", "dynamodb"))
        self.api = SignedApi(where.api_url, found.session())

    def drop(self, key: str, body: bytes) -> str:
        """Puts an object into the data bucket; its version id."""
        answer = self.s3.put_object(Bucket=self.where.data_bucket, Key=key, Body=body)
        return str(answer["VersionId"])

    def post(self, request: Any, **options: Any) -> httpx.Response:
        return self.api.call("POST", "/jobs", body=request, **options)

    def get(self, job_id: str) -> dict[str, Any]:
        """The job as the API tells it."""
        answer = self.api.call("GET", f"/jobs/{job_id}")
        assert answer.is_success, answer.text
        return dict(answer.json())

    def ended(self, job_id: str, seconds: float = PATIENCE_SECONDS) -> dict[str, Any]:
        """The job once the ledger knows its end."""

        def at_its_end() -> dict[str, Any] | None:
            job = self.get(job_id)
            return job if job["status"] in ENDS else None

        return until(at_its_end, f"the end of {job_id}", seconds)

    def jobs_of(self, version_id: str) -> list[dict[str, Any]]:
        """The Batch jobs that were told to read this object version."""
        return [job for job in self.all_jobs() if any(version_id in word for word in command_of(job))]

    def all_jobs(self, since: float = 0) -> list[dict[str, Any]]:
        """Of all queues, created after `since`, seconds since 1970."""
        created = [{"name": "AFTER_CREATED_AT", "values": [str(int(since * 1000))]}]
        ids = [
            job["jobId"]
            for queue in self.batch.describe_job_queues()["jobQueues"]
            for page in self.batch.get_paginator("list_jobs").paginate(
                jobQueue=queue["jobQueueName"], filters=created
            )
            for job in page["jobSummaryList"]
        ]
        return [
            job
            for start in range(0, len(ids), 100)
            for job in self.batch.describe_jobs(jobs=ids[start : start + 100])["jobs"]
        ]

    def job_of_drop(self, version_id: str) -> dict[str, Any]:
        return until(lambda: next(iter(self.jobs_of(version_id)), None), "a job for the dropped object")

    def finished(self, batch_job_id: str) -> dict[str, Any]:
        def ended() -> dict[str, Any] | None:
            job = self.batch.describe_jobs(jobs=[batch_job_id])["jobs"][0]
            return job if job["status"] in ENDS else None

        return until(ended, f"the end of {batch_job_id}")

    def inbox(self) -> list[dict[str, Any]]:
        """All e-mails and Slack messages."""
        return list(httpx.get(f"{self.found.inbox_url}/messages", trust_env=False).json())

    def messages(self, words: str, channel: str | None = None) -> list[dict[str, Any]]:
        """What the inbox holds that contains `words`."""
        return [m for m in self.inbox() if words in json.dumps(m) and channel in (None, m["channel"])]

    def message(self, words: str, channel: str) -> dict[str, Any]:
        return until(lambda: next(iter(self.messages(words, channel)), None), f"{channel} about {words}")

    def result(self, job_id: str, name: str) -> bytes:
        body = self.s3.get_object(Bucket=self.where.results_bucket, Key=f"results/{job_id}/{name}")["Body"]
        return bytes(body.read())

    def log_of(self, job: dict[str, Any]) -> str:
        """What the job printed."""
        group = job["container"]["logConfiguration"]["options"]["awslogs-group"]
        events = self.logs.get_log_events(
            logGroupName=group, logStreamName=job["container"]["logStreamName"], startFromHead=True
        )["events"]
        return "\n".join(event["message"] for event in events)

    @property
    def ledger(self) -> str:
        """The name of its table."""
        return next(name for name in self.table.list_tables()["TableNames"] if "Ledger" in name)

    def function(self, use_case: str) -> str:
        """The name of the function that serves `SubmitJob` and the like."""
        functions = self.found.client("lambda").list_functions()["Functions"]
        (name,) = (f["FunctionName"] for f in functions if f"{use_case}UseCase" in f["FunctionName"])
        return str(name)

    @contextmanager
    def told(self, use_case: str, **variables: str) -> Iterator[str]:
        """The name of a function, with other environment variables while inside."""
        functions, name = self.found.client("lambda"), self.function(use_case)
        before = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        functions.update_function_configuration(
            FunctionName=name, Environment={"Variables": before | variables}
        )
        try:
            yield name
        finally:
            functions.update_function_configuration(FunctionName=name, Environment={"Variables": before})

    @contextmanager
    def switched_off(self) -> Iterator[None]:
        """While inside no job starts."""
        found = self.batch.describe_compute_environments()["computeEnvironments"]
        names = [environment["computeEnvironmentName"] for environment in found]
        try:
            for name in names:
                self.batch.update_compute_environment(computeEnvironment=name, state="DISABLED")
            yield
        finally:
            for name in names:
                self.batch.update_compute_environment(computeEnvironment=name, state="ENABLED")

    def queue_url(self, part: str) -> str:
        """The SQS queue whose name contains `part` and is no dead-letter queue."""
        urls = self.sqs.list_queues()["QueueUrls"]
        (url,) = (u for u in urls if part in u and "Dead" not in u)
        return str(url)


def object_created(pulse: Deployment, key: str, version: str) -> dict:
    """The envelope of "Object Created" as EventBridge delivers it, for an object that exists."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Object Created",
        "source": "aws.s3",
        "account": "000000000000",
        "time": "2026-01-01T00:00:00Z",
        "region": "us-east-1",
        "resources": [f"arn:aws:s3:::{pulse.where.data_bucket}"],
        "detail": {
            "version": "0",
            "bucket": {"name": pulse.where.data_bucket},
            "object": {
                "key": key,
                "size": 1,
                "etag": "0" * 32,
                "version-id": version,
                "sequencer": "0062E99A88DC407460",
            },
            "request-id": "N4N7GDK58NMKJ12R",
            "requester": "123456789012",
            "source-ip-address": "127.0.0.1",
            "reason": "PutObject",
        },
    }


def pulse_job_id(job: dict[str, Any]) -> str:
    return next(e["value"] for e in job["container"]["environment"] if e["name"] == "PULSE_JOB_ID")


def command_of(job: dict[str, Any]) -> list[str]:
    return list(job.get("container", {}).get("command", []))


def until(
    found: Callable[[], T | None], what: str, seconds: float = PATIENCE_SECONDS, pause: float = 0.05
) -> T:
    """Asks until there is an answer, with a pause between; fails with what was waited for."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := found():
            return answer
        time.sleep(pause)
    message = f"Waited {seconds:.0f} s in vain for {what}"
    raise AssertionError(message)
