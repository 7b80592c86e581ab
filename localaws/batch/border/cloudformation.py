"""AWS::Batch::* for MiniStack's CloudFormation (border: imports ministack).

Every handler goes through the same operations as the API. `create` answers (Ref, GetAtt values); an update
answers another Ref when the resource was replaced, and the stack engine then deletes the old one after the
update. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Batch.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ministack.core import responses
from ministack.services.cloudformation import provisioners

from localaws.batch.border import api
from localaws.batch.border.properties import request
from localaws.batch.errors import ClientException
from localaws.batch.model import Document, checked, service_model
from localaws.batch.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Mapping

    from localaws.batch.engine import Engine

Created = tuple[str, dict[str, str]]


@dataclass(frozen=True)
class Kind:
    """How one resource type maps to operations. `attribute` is its ARN's name for GetAtt, `answered` that of
    the create operation, `reference` the member that names it in updates and deletions; a change of a
    property in `create_only` replaces it.
    """

    name: str
    create: str
    update: str
    delete: str
    name_property: str
    attribute: str
    answered: str
    reference: str
    create_only: tuple[str, ...]
    stays_enabled: bool = True


# createOnlyProperties of the types' registry schemas.
KINDS: Mapping[str, Kind] = {
    "AWS::Batch::ComputeEnvironment": Kind(
        "compute-environment",
        "CreateComputeEnvironment",
        "UpdateComputeEnvironment",
        "DeleteComputeEnvironment",
        "ComputeEnvironmentName",
        "ComputeEnvironmentArn",
        "computeEnvironmentArn",
        "computeEnvironment",
        ("ComputeEnvironmentName", "Type", "Tags"),
        stays_enabled=False,
    ),
    "AWS::Batch::JobQueue": Kind(
        "job-queue",
        "CreateJobQueue",
        "UpdateJobQueue",
        "DeleteJobQueue",
        "JobQueueName",
        "JobQueueArn",
        "jobQueueArn",
        "jobQueue",
        ("JobQueueName", "JobQueueType"),
        stays_enabled=False,
    ),
    "AWS::Batch::SchedulingPolicy": Kind(
        "scheduling-policy",
        "CreateSchedulingPolicy",
        "UpdateSchedulingPolicy",
        "DeleteSchedulingPolicy",
        "Name",
        "Arn",
        "arn",
        "arn",
        ("Name",),
    ),
}
# Changes of computeResources that CloudFormation makes in place; others replace the environment unless
# ReplaceComputeEnvironment is false.
_IN_PLACE = frozenset({"MinvCpus", "MaxvCpus", "DesiredvCpus", "Subnets", "SecurityGroupIds"})


def handlers(engine: Engine) -> dict[str, dict[str, Any]]:
    """What `_RESOURCE_HANDLERS` holds for each AWS::Batch type."""
    found: dict[str, dict[str, Any]] = {}
    for resource_type, kind in KINDS.items():
        one = _Resource(engine, kind)
        found[resource_type] = {
            "create": one.create,
            "update": one.update,
            "update_with_logical_id": True,
            "delete": one.delete,
        }
    definition = _Definition(engine)
    found["AWS::Batch::JobDefinition"] = {
        "create": definition.create,
        "update": definition.update,
        "update_with_logical_id": True,
        "delete": definition.delete,
    }
    return found


def _perform(engine: Engine, operation: str, members: Document) -> Document:
    scope = Scope(responses.get_account_id(), responses.get_region())
    shape = service_model().operation_model(operation).input_shape
    return api.perform(engine, scope, operation, checked(shape, members))


def _changed(old: Document, new: Document) -> set[str]:
    return {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}


def _retag(engine: Engine, arn: str, old: Document, new: Document) -> None:
    before, after = old.get("Tags") or {}, new.get("Tags") or {}
    if gone := sorted(before.keys() - after.keys()):
        _perform(engine, "UntagResource", {"resourceArn": arn, "tagKeys": gone})
    if after != before and after:
        _perform(engine, "TagResource", {"resourceArn": arn, "tags": after})


@dataclass(frozen=True)
class _Resource:
    engine: Engine
    kind: Kind

    def create(self, logical_id: str, properties: Document, stack_name: str) -> Created:
        named = {self.kind.name_property: provisioners._physical_name(stack_name, logical_id), **properties}  # noqa: SLF001
        answer = _perform(self.engine, self.kind.create, request(self.kind.create, named))
        arn = answer[self.kind.answered]
        if self.kind.name == "compute-environment" and self._is_invalid(arn):
            self.delete(arn, properties)
            kind = "AWS::Batch::ComputeEnvironment"
            raise ClientException(f"Resource of type '{kind}' with identifier '{arn}' did not stabilize.")
        return arn, {self.kind.attribute: arn}

    def update(self, arn: str, old: Document, new: Document, stack_name: str, logical_id: str) -> Created:
        if self._replaces(old, new):
            return self._replacement(old, new, stack_name, logical_id)
        members = request(self.kind.update, {name: one for name, one in new.items() if name != "Tags"})
        _perform(self.engine, self.kind.update, {**members, self.kind.reference: arn})
        _retag(self.engine, arn, old, new)
        return arn, {self.kind.attribute: arn}

    def delete(self, arn: str, _properties: Document) -> None:
        if not self.kind.stays_enabled and self._exists(arn):
            # CloudFormation disables a queue or an environment before it deletes it.
            _perform(self.engine, self.kind.update, {self.kind.reference: arn, "state": "DISABLED"})
        _perform(self.engine, self.kind.delete, {self.kind.reference: arn})

    def _exists(self, arn: str) -> bool:
        region = self.engine.state.region(Scope(responses.get_account_id(), responses.get_region()))
        return bool(region.queue(arn) if self.kind.name == "job-queue" else region.environment(arn))

    def _is_invalid(self, arn: str) -> bool:
        scope = Scope(responses.get_account_id(), responses.get_region())
        found = self.engine.state.region(scope).environment(arn)
        return bool(found and found["status"] == "INVALID")

    def _replaces(self, old: Document, new: Document) -> bool:
        if _changed(old, new).intersection(self.kind.create_only):
            return True
        keeps = str(new.get("ReplaceComputeEnvironment", "true")).lower() == "false"
        resources = _changed(old.get("ComputeResources") or {}, new.get("ComputeResources") or {})
        return not keeps and bool(resources - _IN_PLACE)

    def _replacement(self, old: Document, new: Document, stack_name: str, logical_id: str) -> Created:
        name = new.get(self.kind.name_property)
        if name and name == old.get(self.kind.name_property):
            raise ClientException(
                "CloudFormation cannot update a stack when a custom-named resource requires replacing. "
                f"Rename {name} and update the stack again."
            )
        made: Created = provisioners._seeded_create(self.create, logical_id, new, stack_name)  # noqa: SLF001
        return made


@dataclass(frozen=True)
class _Definition:
    """A job definition's Ref is its ARN with revision: an update registers another revision, and deregisters
    the old one unless SkipDeregisterOnUpdate says to keep it for submitters in flight.
    """

    engine: Engine
    kept: set[str] = field(default_factory=set)

    def create(self, logical_id: str, properties: Document, stack_name: str) -> Created:
        named = {"JobDefinitionName": provisioners._physical_name(stack_name, logical_id), **properties}  # noqa: SLF001
        answer = _perform(self.engine, "RegisterJobDefinition", request("RegisterJobDefinition", named))
        arn = answer["jobDefinitionArn"]
        self.kept.discard(arn)
        return arn, {"JobDefinitionArn": arn}

    def update(self, arn: str, old: Document, new: Document, stack_name: str, logical_id: str) -> Created:
        if _changed(old, new) == {"Tags"}:
            _retag(self.engine, arn, old, new)
            return arn, {"JobDefinitionArn": arn}
        retention = new.get("ResourceRetentionPolicy") or {}
        if str(retention.get("SkipDeregisterOnUpdate", "false")).lower() == "true":
            self.kept.add(arn)
        if "JobDefinitionName" in _changed(old, new):
            made: Created = provisioners._seeded_create(self.create, logical_id, new, stack_name)  # noqa: SLF001
            return made
        name = arn.rpartition("/")[2].partition(":")[0]
        return self.create(logical_id, {"JobDefinitionName": name, **new}, stack_name)

    def delete(self, arn: str, _properties: Document) -> None:
        if arn in self.kept:
            self.kept.discard(arn)
            return
        _perform(self.engine, "DeregisterJobDefinition", {"jobDefinition": arn})
