"""The statements of the deployed roles: found, taken away, given back one by one."""

import json
import uuid
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from tests.local.deployment import Deployment

STACKS = ("PulseCompute", "PulseJobs")
PRINCIPALS = ("lambda.amazonaws.com", "ecs-tasks.amazonaws.com", "scheduler.amazonaws.com")


@dataclass(frozen=True)
class Statement:
    role: str
    policy: str
    index: int
    document: dict[str, Any] = field(repr=False)

    @property
    def actions(self) -> list[str]:
        actions = self.document["Statement"][self.index]["Action"]
        return actions if isinstance(actions, list) else [actions]

    def allows(self, role: str, action: str) -> bool:
        return role == self.role and any(fnmatchcase(action, one) for one in self.actions)

    def could_be_taken_for(self, other: "Statement") -> bool:
        """Whether a denial may be for want of either."""
        return any(self.allows(other.role, one) for one in other.actions) or any(
            other.allows(self.role, one) for one in self.actions
        )

    def __str__(self) -> str:
        return f"{self.role.removeprefix('Pulse')[:40]}: {', '.join(self.actions)}"


class Missing:
    """Statements to be taken away, and given back one by one."""

    def __init__(self, pulse: Deployment, statements: Iterable[Statement]) -> None:
        self._pulse, self.statements = pulse, list(statements)

    @contextmanager
    def away(self) -> Iterator[None]:
        self._write(self.statements)
        _restart_functions(self._pulse, {one.role for one in self.statements})
        try:
            yield
        finally:
            self.give_back(self.statements)

    def allowing(self, role: str, action: str) -> list[Statement]:
        return [one for one in self.statements if one.allows(role, action)]

    def give_back(self, statements: Collection[Statement]) -> None:
        self.statements = [one for one in self.statements if one not in statements]
        self._write(statements)

    def _write(self, changed: Collection[Statement]) -> None:
        """The policies that these are of, without what is away."""
        policies = {(one.role, one.policy): one.document for one in changed}
        for (role, policy), document in policies.items():
            away = {one.index for one in self.statements if (one.role, one.policy) == (role, policy)}
            rest = [one for index, one in enumerate(document["Statement"]) if index not in away]
            if rest:
                text = json.dumps({**document, "Statement": rest})
                self._pulse.iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=text)
            else:
                self._pulse.iam.delete_role_policy(RoleName=role, PolicyName=policy)


def distinct(statements: Iterable[Statement]) -> Iterator[list[Statement]]:
    """The statements in parts; when all of a part are away, a denial says which one it is for want of."""
    left = list(statements)
    while left:
        part: list[Statement] = []
        for one in left:
            if not any(one.could_be_taken_for(other) for other in part):
                part.append(one)
        left = [one for one in left if one not in part]
        yield part


def all_statements(pulse: Deployment) -> Iterator[Statement]:
    cloudformation = pulse.found.client("cloudformation")
    for stack in STACKS:
        for resource in cloudformation.describe_stack_resources(StackName=stack)["StackResources"]:
            if resource["ResourceType"] == "AWS::IAM::Role":
                yield from _statements_of(pulse, resource["PhysicalResourceId"])


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


def _restart_functions(pulse: Deployment, roles: Collection[str]) -> None:
    """A new configuration starts a function anew: what it keeps in memory (a secret) is read again."""
    functions = pulse.found.client("lambda")
    for function in functions.list_functions()["Functions"]:
        if function["Role"].rpartition("/")[2] in roles:
            variables = function["Environment"]["Variables"] | {"STARTED_ANEW": uuid.uuid4().hex}
            functions.update_function_configuration(
                FunctionName=function["FunctionName"], Environment={"Variables": variables}
            )
