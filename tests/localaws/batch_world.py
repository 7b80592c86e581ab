"""What the tests of the Batch engine share: an AWS that only listens, images and resources that are ready."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from localaws.batch.calls import definitions, environments, policies, queues, submit
from localaws.batch.engine import Engine
from localaws.batch.memory.state import Job, Region, State
from localaws.batch.ports import Credentials, LogsRefusedError, RoleNotAssumableError, Settings
from localaws.batch.scope import Scope
from tests.localaws.batch_containers import EXECUTION_ROLE, several

if TYPE_CHECKING:
    from collections.abc import Callable

Document = dict[str, Any]

SCOPE = Scope("000000000000", "us-east-1")

JOB_ROLE = "arn:aws:iam::000000000000:role/job"
VENV = Path(sys.prefix)


# ruff: noqa: ARG002, ASYNC110 - the listener has ports.Aws's own signatures; tests poll


@dataclass
class ListeningAws:
    """Keeps what the engine tells it; denies the actions and refuses the roles it is told to."""

    endpoint_url: str = "http://127.0.0.1:1"
    events: list[Document] = field(default_factory=list)
    lines: dict[str, list[str]] = field(default_factory=dict)
    denied: set[str] = field(default_factory=set)
    strangers: set[str] = field(default_factory=set)
    absent_groups: set[str] = field(default_factory=set)
    sessions: set[str] = field(default_factory=set)

    def publish(self, scope: Scope, entry: Document) -> None:
        self.events.append({**entry, "Detail": json.loads(entry["Detail"])})

    def assume(self, scope: Scope, role_arn: str, session: str) -> Credentials:
        if role_arn in self.strangers:
            raise RoleNotAssumableError(f"ECS was unable to assume the role '{role_arn}'")
        self.sessions.add(role_arn)
        return Credentials(role_arn, "secret", "token")

    def trusts(self, scope: Scope, role_arn: str, service: str) -> bool:
        return role_arn not in self.strangers

    def forget(self, credentials: Credentials) -> None:
        self.sessions.discard(credentials.access_key_id)

    def denial(self, scope: Scope, credentials: Credentials, action: str, resource: str) -> str | None:
        return (
            f"not authorized to perform: {action} on resource: {resource}" if action in self.denied else None
        )

    def zone(self, scope: Scope, subnet_ids: list[str]) -> str:
        return f"{scope.region}b"

    def create_log_stream(self, scope: Scope, group: str, stream: str, *, create_group: bool) -> None:
        if group in self.absent_groups and not create_group:
            raise LogsRefusedError("ResourceNotFoundException: The specified log group does not exist")
        self.lines[f"{group} {stream}"] = []

    def put_log_events(self, scope: Scope, group: str, stream: str, events: list[Document]) -> None:
        self.lines[f"{group} {stream}"] += [event["message"] for event in events]

    def statuses(self, job: Job) -> list[str]:
        return [
            event["Detail"]["status"]
            for event in self.events
            if event["Detail"]["jobId"] == job.id and event["DetailType"] == "Batch Job State Change"
        ]


@dataclass(frozen=True)
class PlainImage:
    workdir: str
    entrypoint: list[str] = field(default_factory=list)
    cmd: list[str] = field(default_factory=list)
    env: dict[str, str] = field(default_factory=dict)
    venv: Path | None = VENV


class World:
    """An engine with one Fargate queue `queue`, one image `image`, and a definition made on demand."""

    def __init__(self, folder: Path, *, vcpus: int = 4, scale: float = 0.01) -> None:
        self.workdir = folder / "image"
        self.workdir.mkdir()
        self.images = {
            "image": PlainImage(str(self.workdir), cmd=["python", "-c", "print('from the image')"])
        }
        self.aws = ListeningAws()
        self.jobs_folder = folder / "jobs"
        settings = Settings(self.jobs_folder, self.images.get, lambda: int(time.time() * 1000), scale)
        self.engine = Engine(State(), self.aws, settings)
        self.region = region_with_queue(self.engine.state, vcpus=vcpus)

    def submit(self, code: str | None = None, **members: Any) -> Job:
        """A job that runs the code with the image's Python; `container` goes to its definition."""
        container = members.pop("container", {})
        definitions.register(self.region, definition(**container))
        overrides = {"command": ["python", "-c", code]} if code is not None else {}
        overrides.update(members.pop("containerOverrides", {}))
        request = {"jobName": "job", "jobQueue": "queue", "jobDefinition": "definition", **members}
        return self.engine.submit(self.region, {**request, "containerOverrides": overrides})

    def submit_several(self, *containers: Document, task: Document | None = None, **members: Any) -> Job:
        """A job of these containers, which `part` makes."""
        definitions.register(self.region, several(*containers, **(task or {})))
        request = {"jobName": "job", "jobQueue": "queue", "jobDefinition": "definition", **members}
        return self.engine.submit(self.region, request)

    async def until(self, job: Job, *statuses: str, seconds: float = 20) -> Job:
        await self.when(lambda: job.status in (statuses or ("SUCCEEDED", "FAILED")), seconds)
        return job

    @staticmethod
    async def when(question: Callable[[], object], seconds: float = 20) -> None:
        """Returns once the answer is true."""
        async with asyncio.timeout(seconds):
            while not question():
                await asyncio.sleep(0.01)

    def log(self, job: Job, number: int = 0) -> list[str]:
        """What the job's container with this place has written in its last attempt."""
        return self.aws.lines[f"/aws/batch/job {job.containers[number]['logStreamName']}"]


def region_with_queue(
    state: State | None = None, *, vcpus: int = 4, fairshare: Document | None = None
) -> Region:
    region = (state or State()).region(SCOPE)
    environments.create(region, environment("environment", vcpus=vcpus))
    members: Document = {
        "jobQueueName": "queue",
        "priority": 1,
        "computeEnvironmentOrder": order("environment"),
    }
    if fairshare is not None:
        members["schedulingPolicyArn"] = policies.create(
            region, {"name": "policy", "fairsharePolicy": fairshare}
        )["arn"]
    queues.create(region, members)
    return region


def environment(name: str, *, vcpus: int = 4) -> Document:
    resources = {"type": "FARGATE", "maxvCpus": vcpus, "subnets": ["subnet-1"], "securityGroupIds": ["sg-1"]}
    return {"computeEnvironmentName": name, "type": "MANAGED", "computeResources": resources}


def order(*names: str) -> list[Document]:
    return [{"order": place, "computeEnvironment": name} for place, name in enumerate(names, 1)]


def definition(
    name: str = "definition", *, vcpus: str = "1", memory: str = "2048", **container: Any
) -> Document:
    return {
        "jobDefinitionName": name,
        "type": "container",
        "platformCapabilities": ["FARGATE"],
        "containerProperties": {
            "image": "image",
            "executionRoleArn": EXECUTION_ROLE,
            "resourceRequirements": [{"type": "VCPU", "value": vcpus}, {"type": "MEMORY", "value": memory}],
            **container,
        },
    }


def waiting(
    region: Region, name: str, *, vcpus: str = "1", memory: str = "2048", queue: str = "queue", **members: Any
) -> Job:
    """A RUNNABLE job that no engine knows of."""
    definitions.register(region, definition(name, vcpus=vcpus, memory=memory))
    number = len(region.jobs) + 1
    job = submit.plan(
        region,
        {"jobName": name, "jobQueue": queue, "jobDefinition": name, **members},
        job_id=name,
        now_ms=number,
        sequence=number,
    )
    job.detail["status"] = "RUNNABLE"
    region.jobs.add(job)
    return job
