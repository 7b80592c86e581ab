"""The statements of the deployed roles, one by one: found, taken away, put back."""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.local.deployment import Deployment

STACKS = ("PulseCompute", "PulseJobs")
PRINCIPALS = ("lambda.amazonaws.com", "ecs-tasks.amazonaws.com", "scheduler.amazonaws.com")


@dataclass(frozen=True)
class Statement:
    role: str
    policy: str
    index: int
    document: dict[str, Any]

    @property
    def actions(self) -> list[str]:
        actions = self.document["Statement"][self.index]["Action"]
        return actions if isinstance(actions, list) else [actions]

    def __str__(self) -> str:
        return f"{self.role.removeprefix('Pulse')[:40]}: {', '.join(self.actions)}"


def all_statements(pulse: Deployment) -> Iterator[Statement]:
    cloudformation = pulse.found.client("cloudformation")
    for stack in STACKS:
        for resource in cloudformation.describe_stack_resources(StackName=stack)["StackResources"]:
            if resource["ResourceType"] == "AWS::IAM::Role":
                yield from _statements_of(pulse, resource["PhysicalResourceId"])


@contextmanager
def without(pulse: Deployment, statement: Statement) -> Iterator[None]:
    rest = [s for i, s in enumerate(statement.document["Statement"]) if i != statement.index]
    _put(pulse, statement, {**statement.document, "Statement": rest})
    _restart_functions(pulse, statement.role)
    try:
        yield
    finally:
        _put(pulse, statement, statement.document)


def _statements_of(pulse: Deployment, role: str) -> Iterator[Statement]:
    trust = json.dumps(pulse.iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"])
    if not any(principal in trust for principal in PRINCIPALS):
        return
    assert not pulse.iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"], role
    for policy in pulse.iam.list_role_policies(RoleName=role)["PolicyNames"]:
        document = pulse.iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
        document = json.loads(document) if isinstance(document, str) else document
        for index, statement in enumerate(document["Statement"]):
            # Without a denial more is allowed: what it is for has tests of its own.
            if statement["Effect"] == "Allow":
                yield Statement(role, policy, index, document)


def _restart_functions(pulse: Deployment, role: str) -> None:
    """A new configuration starts a function anew: what it keeps in memory (a secret) is read again."""
    functions = pulse.found.client("lambda")
    for function in functions.list_functions()["Functions"]:
        if function["Role"].endswith(f"/{role}"):
            variables = function["Environment"]["Variables"] | {"STARTED_ANEW": uuid.uuid4().hex}
            functions.update_function_configuration(
                FunctionName=function["FunctionName"], Environment={"Variables": variables}
            )


def _put(pulse: Deployment, statement: Statement, document: dict[str, Any]) -> None:
    if not document["Statement"]:
        pulse.iam.delete_role_policy(RoleName=statement.role, PolicyName=statement.policy)
        return
    pulse.iam.put_role_policy(
        RoleName=statement.role, PolicyName=statement.policy, PolicyDocument=json.dumps(document)
    )
