"""Least privilege, proved: take away any one statement of any role and the path is denied."""

import json
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from tests.local.deployment import Deployment, pulse_job_id, sample, until

pytestmark = pytest.mark.local
STACKS = ("PulseCompute", "PulseJobs")
PRINCIPALS = ("lambda.amazonaws.com", "ecs-tasks.amazonaws.com")
DENIALS = ("AccessDenied", "is not authorized to perform")
SECONDS = 45


@dataclass(frozen=True)
class Statement:
    role: str
    policy: str
    index: int
    document: dict[str, Any]

    def __str__(self) -> str:
        actions = self.document["Statement"][self.index]["Action"]
        actions = actions if isinstance(actions, list) else [actions]
        return f"{self.role.removeprefix('Pulse')[:40]}: {', '.join(actions)}"


def test_should_be_denied_without_any_one_statement(pulse: Deployment, subtests: pytest.Subtests):
    statements = list(all_statements(pulse))
    assert len({statement.role for statement in statements}) == 5, "three functions, the job, its start"
    assert runs_through(pulse, Moment.now(pulse)) == "completed"

    for statement in statements:
        before = Moment.now(pulse)
        with subtests.test(str(statement)), without(pulse, statement):
            assert runs_through(pulse, before) == "denied"

    # What was refused is delivered again meanwhile, and may still be denied once.
    until(lambda: runs_through(pulse, Moment.now(pulse)) == "completed", "the path as it was before")


@dataclass(frozen=True)
class Moment:
    """From when on denials count: in the logs of functions and jobs, and in the server's."""

    time: float
    logged: int

    @classmethod
    def now(cls, pulse: Deployment) -> "Moment":
        return cls(time.time(), pulse.found.log.stat().st_size)


def runs_through(pulse: Deployment, since: Moment) -> str:
    """Goes through every door; "denied" as soon as a denial shows, "completed" when all came out right."""
    empty_datasets(pulse)
    run = uuid.uuid4().hex
    version = pulse.drop(f"datasets/{run}.csv", sample(500))
    pulse.drop(f"requests/{run}.json", b'{"profile": "huge"}')
    # One that reads a version, one that reads all that lies under datasets/.
    posted = [
        pulse.post({**dataset, "profile": "small", "tags": {"Run": run}})
        for dataset in ({"dataset": f"datasets/{run}.csv", "dataset_version_id": version}, {})
    ]

    def outcome() -> str | None:
        if denied(pulse, since):
            return "denied"
        jobs = pulse.jobs_of(version) + [job for job in pulse.all_jobs() if job["tags"].get("Run") == run]
        ids = {pulse_job_id(job) for job in jobs if job["status"] == "SUCCEEDED"}
        done = (
            all(answer.is_success for answer in posted)
            and len(ids) == 3
            and all(pulse.messages(job_id, channel) for job_id in ids for channel in ("email", "slack"))
            and pulse.messages(f"{run}.json", "email")
            and logged_by_every_function(pulse, since.time)
        )
        return "completed" if done else None

    return until(outcome, f"an outcome of run {run}, posted {[answer.text for answer in posted]}", SECONDS)


def empty_datasets(pulse: Deployment) -> None:
    bucket = pulse.where.data_bucket
    for item in pulse.s3.list_objects_v2(Bucket=bucket, Prefix="datasets/").get("Contents", []):
        pulse.s3.delete_object(Bucket=bucket, Key=item["Key"])


def denied(pulse: Deployment, since: Moment) -> bool:
    """A denial in what functions and jobs logged, what AWS Batch or an alert says, or the server refused."""
    with pulse.found.log.open() as log:
        log.seek(since.logged)
        if any(is_denial(line) for line in log):
            return True
    recent = [job for job in pulse.all_jobs() if job["createdAt"] / 1000 >= since.time]
    told = [message for word in DENIALS for message in pulse.messages(word)]
    return (
        any(is_denial(line) for line in log_lines(pulse, since.time))
        or any(is_denial(json.dumps(job, default=str)) for job in recent)
        or any(datetime.fromisoformat(m["received_at"]).timestamp() >= since.time for m in told)
    )


def is_denial(line: str) -> bool:
    return any(word in line for word in DENIALS)


def log_lines(pulse: Deployment, since: float) -> Iterator[str]:
    for group in pulse.logs.describe_log_groups()["logGroups"]:
        events = pulse.logs.filter_log_events(
            logGroupName=group["logGroupName"], startTime=int(since * 1000)
        )["events"]
        yield from (event["message"] for event in events)


def logged_by_every_function(pulse: Deployment, since: float) -> bool:
    groups = [g["logGroupName"] for g in pulse.logs.describe_log_groups()["logGroups"]]
    functions = [name for name in groups if any(f in name for f in ("SubmitJob", "OnJobEvent", "SendAlert"))]
    return len(functions) >= 3 and all(
        pulse.logs.filter_log_events(logGroupName=name, startTime=int(since * 1000))["events"]
        for name in functions
    )


def all_statements(pulse: Deployment) -> Iterator[Statement]:
    cloudformation = pulse.found.client("cloudformation")
    for stack in STACKS:
        for resource in cloudformation.describe_stack_resources(StackName=stack)["StackResources"]:
            if resource["ResourceType"] == "AWS::IAM::Role":
                yield from statements_of(pulse, resource["PhysicalResourceId"])


def statements_of(pulse: Deployment, role: str) -> Iterator[Statement]:
    trust = json.dumps(pulse.iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"])
    if not any(principal in trust for principal in PRINCIPALS):
        return
    assert not pulse.iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"], role
    for policy in pulse.iam.list_role_policies(RoleName=role)["PolicyNames"]:
        document = pulse.iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
        document = json.loads(document) if isinstance(document, str) else document
        for index in range(len(document["Statement"])):
            yield Statement(role, policy, index, document)


@contextmanager
def without(pulse: Deployment, statement: Statement) -> Iterator[None]:
    rest = [s for i, s in enumerate(statement.document["Statement"]) if i != statement.index]
    put(pulse, statement, {**statement.document, "Statement": rest})
    restart_functions(pulse, statement.role)
    try:
        yield
    finally:
        put(pulse, statement, statement.document)


def restart_functions(pulse: Deployment, role: str) -> None:
    """A new configuration starts a function anew: what it keeps in memory (a secret) is read again."""
    functions = pulse.found.client("lambda")
    for function in functions.list_functions()["Functions"]:
        if function["Role"].endswith(f"/{role}"):
            variables = function["Environment"]["Variables"] | {"STARTED_ANEW": uuid.uuid4().hex}
            functions.update_function_configuration(
                FunctionName=function["FunctionName"], Environment={"Variables": variables}
            )


def put(pulse: Deployment, statement: Statement, document: dict[str, Any]) -> None:
    if not document["Statement"]:
        pulse.iam.delete_role_policy(RoleName=statement.role, PolicyName=statement.policy)
        return
    pulse.iam.put_role_policy(
        RoleName=statement.role, PolicyName=statement.policy, PolicyDocument=json.dumps(document)
    )
