"""Findings of cdk-nag and checkov accepted at the narrowest place, with the reason beside each."""

import json
from collections.abc import Mapping
from typing import Any

import aws_cdk as cdk
import jsii
from aws_cdk import aws_iam as iam
from constructs import IConstruct, IValidation

LOG_STREAMS = ".Value>:*"
"""How the ARN of a log group ends whose name is read from another stack: it takes in the streams."""

ENCRYPTED_LOGS = {
    "CKV_AWS_158": "CloudWatch Logs encrypts them; a key of our own costs $1 a month and a policy."
}


def acknowledge(construct: IConstruct, rule: str, reason: str) -> None:
    """`rule` as AwsSolutions names it: `S1`, or `IAM5[Resource::*]` for one granular finding."""
    cdk.Validations.of(construct).acknowledge(
        cdk.Acknowledgment(id=f"AwsSolutions::AwsSolutions-{rule}", reason=reason)
    )


def accept(construct: IConstruct, reasons: Mapping[str, str]) -> None:
    """Accepts findings of checkov, `CKV_AWS_117`, at the resource of `construct`, each for its reason."""
    resource = construct.node.default_child
    assert isinstance(resource, cdk.CfnResource)  # noqa: S101 - for the type checker
    skipped = [{"id": rule, "comment": reason} for rule, reason in reasons.items()]
    resource.add_metadata("checkov", {"skip": skipped})


def acknowledge_wildcards(holder: iam.Role | iam.ManagedPolicy, reasons: Mapping[str, str]) -> None:
    """Accepts IAM5 for the resources of a role or a managed policy that end as the keys say (`/results/*`),
    each for its reason.

    cdk-nag names such a finding by the whole resource, in which a reference to another stack is known only
    when all stacks are put together: hence at validation, the first moment after that.
    """
    holder.node.add_validation(_Wildcards(holder, reasons))


@jsii.implements(IValidation)
class _Wildcards:
    def __init__(self, holder: iam.Role | iam.ManagedPolicy, reasons: Mapping[str, str]) -> None:
        self._holder = holder
        self._reasons = reasons

    def validate(self) -> list[str]:
        holder = self._holder
        policy = holder if isinstance(holder, iam.ManagedPolicy) else holder.node.find_child("DefaultPolicy")
        assert isinstance(policy, iam.Policy | iam.ManagedPolicy)  # noqa: S101 - for the type checker
        stack = cdk.Stack.of(holder)
        document = stack.resolve(policy.document)
        resources = {_flat(each) for s in document["Statement"] for each in _listed(s["Resource"])}
        for ending, reason in self._reasons.items():
            for resource in resources:
                if resource.endswith(_flat(stack.resolve(ending))):
                    acknowledge(holder, f"IAM5[Resource::{resource}]", reason)
        return []


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _flat(value: Any) -> str:
    """A reference as cdk-nag writes it."""
    match value:
        case str():
            return value
        case {"Fn::Join": [delimiter, items]}:
            return str(delimiter).join(_flat(item) for item in items)
        case {"Fn::GetAtt": [resource, attribute]}:
            return f"<{resource}.{attribute}>"
        case {"Ref": name}:
            return f"<{name}>"
        case _:
            return json.dumps(value, separators=(",", ":"))
