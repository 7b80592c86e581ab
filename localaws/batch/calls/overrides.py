"""How a submission changes what its definition says: parameters, command, environment, resources."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING

from localaws.batch.calls import limits
from localaws.batch.errors import ClientException, refused
from localaws.batch.memory import containers, resources

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from localaws.batch.model import Document

_REFERENCE = re.compile(r"Ref::([A-Za-z0-9_-]+)")
_OLDER_AMOUNTS = {"vcpus": "VCPU", "memory": "MEMORY"}


def substituted(command: Sequence[str], parameters: Mapping[str, str]) -> list[str]:
    """The command with each `Ref::name` replaced by its parameter.

    Raises ClientException for a reference to a parameter that neither the definition nor the request gives.
    """
    return [_value(argument, parameters) for argument in command]


def _value(argument: str, parameters: Mapping[str, str]) -> str:
    reference = _REFERENCE.fullmatch(argument)
    if reference is None:
        return argument
    name = reference.group(1)
    if name not in parameters:
        raise ClientException(f"Unable to substitute value. No parameter found for reference {name}")
    return parameters[name]


def described(definition: Document, request: Document, parameters: Mapping[str, str]) -> Document:
    """The member of the job that describes its containers, as the definition and the submission have them.

    Raises ClientException for overrides of the other kind of definition, or of a container that it has not.
    """
    if "ecsProperties" not in definition:
        if "ecsPropertiesOverride" in request:
            raise ClientException("ECS properties override should not be set for containerProperties jobs.")
        base, override = definition["containerProperties"], request.get("containerOverrides", {})
        return {"container": _container(base, override, parameters)}
    if "containerOverrides" in request:
        # Seen on AWS, when AWS Step Functions sent them.
        raise ClientException("Container overrides should not be set for ecsProperties jobs.")
    task = copy.deepcopy(containers.task(definition))
    own = _by_name(request.get("ecsPropertiesOverride", {}), [one["name"] for one in task["containers"]])
    task["containers"] = [_container(one, own.get(one["name"], {}), parameters) for one in task["containers"]]
    return {"ecsProperties": {"taskProperties": [task]}}


def _by_name(override: Document, names: Sequence[str]) -> dict[str, Document]:
    """The overrides of each container. Raises ClientException for one that there is not, or twice."""
    tasks = override.get("taskProperties", [])
    if len(tasks) > 1:
        raise refused(f"ecsPropertiesOverride.taskProperties can have one element, found {len(tasks)}")
    found: dict[str, Document] = {}
    for one in tasks[0].get("containers", []) if tasks else []:
        name = str(one.get("name"))
        if name not in names:
            raise refused(
                f"An override must name one of the containers {', '.join(names)}, found {name[:300]!r}"
            )
        if name in found:
            raise refused(f"Container {name} is overridden twice in ecsPropertiesOverride")
        found[name] = one
    return found


def _container(base: Document, override: Document, parameters: Mapping[str, str]) -> Document:
    """The container of the job: the definition's, with the members that the submission overrides.

    The older `vcpus` and `memory` of an override win over resourceRequirements of the definition, as on EC2.
    """
    limits.check_environment(override.get("environment", []))
    merged = copy.deepcopy(base)
    merged["command"] = substituted(override.get("command") or base.get("command") or [], parameters)
    merged["environment"] = _environment(base.get("environment", []), override.get("environment", []))
    asked = list(override.get("resourceRequirements", []))
    requirements = merged.get("resourceRequirements", [])
    given = {item["type"] for item in requirements}
    for member, kind in _OLDER_AMOUNTS.items():
        if member not in override:
            continue
        if kind in given:
            asked.append({"type": kind, "value": str(override[member])})
        else:
            merged[member] = override[member]
    for kind_member, kind in _OLDER_AMOUNTS.items():
        if any(item["type"] == kind for item in asked):
            merged.pop(kind_member, None)
    merged["resourceRequirements"] = resources.merged(requirements, asked)
    if "instanceType" in override:
        merged["instanceType"] = override["instanceType"]
    return {**merged, "networkInterfaces": []}


def _environment(base: list[Document], override: list[Document]) -> list[Document]:
    named = {variable["name"]: str(variable.get("value", "")) for variable in [*base, *override]}
    return [{"name": name, "value": value} for name, value in named.items()]
