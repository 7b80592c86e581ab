"""How a submission changes what its definition says: parameters, command, environment, resources."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING

from localaws.batch.errors import ClientException
from localaws.batch.memory import resources

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


def container(base: Document, override: Document, parameters: Mapping[str, str]) -> Document:
    """The container of the job: the definition's, with the members that the submission overrides.

    The older `vcpus` and `memory` of an override win over resourceRequirements of the definition, as on EC2.
    """
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
    return merged


def _environment(base: list[Document], override: list[Document]) -> list[Document]:
    named = {variable["name"]: str(variable.get("value", "")) for variable in [*base, *override]}
    return [{"name": name, "value": value} for name, value in named.items()]
