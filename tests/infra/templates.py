"""Reading synthesized templates: resources by readable name, values as text."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STACKS = ("PulseStorage", "PulseCompute", "PulseJobs")
FUNCTIONS = ("SubmitJob", "CancelJob", "GetJob", "OnJobEvent", "ReconcileJobs", "SendAlert")
FIFO, FAIR, INSTANCES = (f"Queuespulseretrodiction{name}queue" for name in ("job", "fair", "instance"))


@dataclass(frozen=True)
class Synthesis:
    """One environment: `templates` by stack, `findings` of cdk-nag as `rule at construct path`."""

    folder: Path
    templates: dict[str, dict[str, Any]]
    findings: list[str]

    def resources(self, kind: str) -> dict[str, dict[str, Any]]:
        """Properties of all resources of a type, such as `SQS::Queue`, by readable name."""
        return {name: found.get("Properties", {}) for name, found in self.full(kind).items()}

    def full(self, kind: str) -> dict[str, dict[str, Any]]:
        """The resources themselves, with DeletionPolicy and the like."""
        return {
            readable(name): resource
            for template in self.templates.values()
            for name, resource in template["Resources"].items()
            if resource["Type"] == f"AWS::{kind}"
        }


def readable(logical_id: str) -> str:
    """A logical id without the hash that the CDK appends."""
    return re.sub(r"[0-9A-F]{8,16}\Z", "", logical_id)


def text(value: Any) -> str:
    """A template's value as one line: references by readable name, `$Region` for pseudo parameters."""
    match value:
        case {"Fn::Join": [delimiter, items]}:
            return delimiter.join(text(item) for item in items)
        case {"Fn::GetAtt": [resource, attribute]}:
            return f"{readable(resource)}.{attribute}"
        case {"Ref": name}:
            return "$" + name.removeprefix("AWS::") if name.startswith("AWS::") else readable(name)
        case {"Fn::GetStackOutput": {"OutputName": output}}:
            found = re.match(
                r"PublishOutput(?:FnGetAtt|Ref)(.*?)[0-9A-F]{8}([A-Za-z]*?)[0-9A-F]{8}\Z", output
            )
            assert found, output
            return f"{found[1]}.{found[2]}".rstrip(".")
        case {"Fn::Sub": template}:
            return re.sub(r"\$\{AWS::(\w+)\}", r"$\1", template)
        case _:
            return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def rule(statement: dict[str, Any]) -> str:
    """A policy's statement as `action action on resource resource if condition`."""
    actions = " ".join(sorted(_listed(statement["Action"])))
    resources = " ".join(sorted(text(resource) for resource in _listed(statement["Resource"])))
    conditions = "".join(
        f" if {operator} {key} {text(value)}"
        for operator, keys in statement.get("Condition", {}).items()
        for key, value in keys.items()
    )
    return f"{actions} on {resources}{conditions}"


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
