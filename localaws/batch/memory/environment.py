"""A compute environment as the scheduler sees it: what it runs on, and how much at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from localaws.batch.model import Document


FARGATE_TYPES = frozenset({"FARGATE", "FARGATE_SPOT"})


def environment_arns(queue: Document) -> list[str]:
    """The ARNs of a queue's environments, in the queue's order."""
    ordered = sorted(queue["computeEnvironmentOrder"], key=lambda item: int(item["order"]))
    return [str(item["computeEnvironment"]) for item in ordered]


def is_fargate(environment: Document) -> bool:
    return environment.get("computeResources", {}).get("type") in FARGATE_TYPES


def vcpu_limit(environment: Document) -> float:
    """How many vCPUs its jobs may occupy at once; an unmanaged environment sets no limit."""
    return float(environment.get("computeResources", {}).get("maxvCpus", "inf"))


def runs_on_fargate(definition: Document) -> bool:
    return "FARGATE" in definition.get("platformCapabilities", [])
