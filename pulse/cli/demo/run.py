"""The two jobs of the demo, one of a dropped file and one of an API call, on whatever Pulse is deployed to.
What a person sees of them is in view.py.
"""

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from pulse.aws.client import demo_objects
from pulse.aws.client.demo_objects import DemoObjects
from pulse.aws.client.demo_tap import DemoTap, Message
from pulse.aws.client.signed_api import SignedApi
from pulse.cli.client import calls
from pulse.cli.client.environment import CLONE
from pulse.cli.demo import view
from pulse.cli.demo.job import Job
from pulse.cli.demo.removals import Removals
from pulse.domain.demo.record import Answer, Event, ResultFile, SentAlert
from pulse.domain.errors import PulseError
from pulse.domain.fault import printable
from pulse.domain.job.event import JOB_ID_VARIABLE
from pulse.domain.job.status import TERMINAL
from pulse.domain.s3.layout import DATASETS, checkpoints_prefix, results_prefix

SAMPLE = CLONE / "samples" / "market_daily.csv"
API_REQUEST = CLONE / "samples" / "requests" / "spx_2018_2022.json"


class DemoFailed(PulseError):
    """The message says what did not happen and where to look."""


@dataclass(frozen=True, kw_only=True)
class DemoTarget:
    """Where the demo runs: `client` makes a boto3 client by its service's name. `jobs_seconds`: how long the
    jobs may take, `alerts_seconds` their alerts after that.
    """

    client: Callable[[str], Any]
    api: SignedApi
    data_bucket: str
    results_bucket: str
    alerts_topic: str
    jobs_seconds: float
    alerts_seconds: float
    data: Path = SAMPLE


def run(target: DemoTarget, removals: Removals) -> list[Job]:
    """Runs both jobs and shows what happens; `removals` gets all that is made on the way.

    Raises PulseError: DemoFailed when the API refuses.
    """
    return _Demo(target, removals).run()


class _Demo:
    def __init__(self, target: DemoTarget, removals: Removals) -> None:
        self._target, self._removals = target, removals
        self._objects = DemoObjects(target.client)
        self._name = f"pulse-demo-{uuid.uuid4().hex[:8]}"
        self._folder = f"{DATASETS}{self._name}/"
        """The demo's own folder: no data set of anybody is replaced, and earlier runs change no quote."""
        self._dataset = f"{self._folder}{target.data.name}"
        self._jobs: list[Job] = []

    def run(self) -> list[Job]:
        target = self._target
        tap = DemoTap(target.client, target.alerts_topic, self._name)
        self._removals.note(
            f"s3://{target.data_bucket}/{self._folder}",
            lambda: self._objects.remove(target.data_bucket, self._folder),
            demo_objects.removal(target.data_bucket, self._folder),
        )
        for part in tap.parts():
            self._removals.note(part.what, part.remove, part.command)
            part.make()
        tap.wait()
        self._removals.note(
            f"the jobs on {self._dataset} and their results",
            self._stop_jobs,
            f"pulse list --dataset {self._dataset}   # and with each of them: pulse cancel JOB_ID\n"
            + demo_objects.removal(target.results_bucket, results_prefix("JOB_ID")),
        )
        dropped = Job("drop", self._objects.put(target.data, target.data_bucket, self._dataset))
        posted = Job("API", datetime.now(UTC))
        self._jobs = [dropped, posted]
        self._post(posted)
        view.jobs_begin(target.data, f"s3://{target.data_bucket}/{self._dataset}", API_REQUEST, posted)
        for message in tap.until(lambda: all(job.outcome for job in self._jobs), target.jobs_seconds):
            self._take(message)
        for message in tap.until(lambda: all(job.alerts for job in self._jobs), target.alerts_seconds):
            self._take(message)
        for job in self._jobs:
            self._collect(job)
        return self._jobs

    def _post(self, job: Job) -> None:
        request = json.loads(API_REQUEST.read_text()) | {"dataset": self._dataset}
        key = {"Idempotency-Key": self._name}
        answer = calls.call(self._target.api, "POST", "/jobs", body=request, headers=key)
        body = _content(answer)
        job.job_id, job.batch_job_id = body["job_id"], body["batch_job_id"]
        job.answers.append(Answer("POST /jobs", answer.status_code, body))

    def _stop_jobs(self) -> None:
        """Cancels what has not ended, and removes the results. The ledger knows jobs that nobody here has
        heard of yet; and it may show a caller only jobs of its own, of which a dropped file's is none.
        """
        api = self._target.api
        listed = _content(calls.call(api, "GET", calls.path("/jobs", {"dataset": self._dataset})))
        states = {job["job_id"]: job["status"] for job in listed["jobs"]}
        states |= {job.job_id: job.outcome or "unknown" for job in self._jobs if job.job_id}
        try:
            running = [job_id for job_id, state in states.items() if state not in TERMINAL]
            for answer in [calls.call(api, "POST", f"/jobs/{job_id}/cancel") for job_id in running]:
                if answer.status_code != httpx.codes.CONFLICT:  # it has ended meanwhile
                    _content(answer)
        finally:
            for job_id in states:
                for prefix in (results_prefix(job_id), checkpoints_prefix(job_id)):
                    self._objects.remove(self._target.results_bucket, prefix)

    def _take(self, message: Message) -> None:
        """An event or an alert; those of other jobs of the account are left alone."""
        if "TopicArn" in message.body:
            self._take_alert(message)
        elif job := self._job_of(message.body["detail"]):
            self._take_event(job, message)

    def _job_of(self, detail: dict[str, Any]) -> Job | None:
        dropped, posted = self._jobs
        if detail["jobId"] == posted.batch_job_id:
            return posted
        command = detail.get("container", {}).get("command", [])
        return dropped if any(self._dataset in word for word in command) else None

    def _take_event(self, job: Job, message: Message) -> None:
        detail = message.body["detail"]
        job.batch_job_id = detail["jobId"]
        job.job_id = job.job_id or _environment(detail).get(JOB_ID_VARIABLE, "")
        first_seen = detail["status"] not in job.states
        job.events.append(Event(message.arrived_at, message.body))
        if first_seen:
            view.state(job, detail["status"])

    def _take_alert(self, message: Message) -> None:
        alert = _object(message.body["Message"])
        for job in self._jobs:
            if job.job_id and job.job_id == alert.get("job_id"):
                attributes = message.body.get("MessageAttributes", {})
                job.alerts.append(SentAlert(message.arrived_at, attributes, alert))

    def _collect(self, job: Job) -> None:
        """What the job left: its results in the bucket, and what the API tells of it."""
        if not job.job_id:
            return
        bucket, prefix = self._target.results_bucket, results_prefix(job.job_id)
        job.results = [ResultFile(*found) for found in self._objects.below(bucket, prefix)]
        if any(file.name == "metrics.json" for file in job.results):
            job.metrics = self._objects.json(bucket, f"{prefix}metrics.json")
        answer = calls.call(self._target.api, "GET", f"/jobs/{job.job_id}")
        # Also a refusal: a caller may be allowed to see only jobs of its own.
        job.answers.append(Answer("GET /jobs/{id}", answer.status_code, _object(answer.text)))
        view.results(job, f"s3://{bucket}/{prefix}")


def _content(answer: httpx.Response) -> dict[str, Any]:
    """Raises DemoFailed when it is no success."""
    if not answer.is_success:
        call = f"{answer.request.method} {answer.request.url.path}"
        raise DemoFailed(f"{call} answered {answer.status_code}: {printable(answer.text)}")
    return _object(answer.text)


def _object(text: str) -> dict[str, Any]:
    """Empty when it is no JSON object."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _environment(detail: dict[str, Any]) -> dict[str, str]:
    return {item["name"]: item["value"] for item in detail.get("container", {}).get("environment", [])}
