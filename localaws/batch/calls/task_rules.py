"""What a job definition may say of its containers and volumes.

https://docs.aws.amazon.com/batch/latest/APIReference/API_EcsTaskProperties.html
"""

from __future__ import annotations

import re
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from localaws.batch.calls import limits
from localaws.batch.errors import refused
from localaws.batch.memory import containers
from localaws.batch.memory.environment import runs_on_fargate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from localaws.batch.model import Document

MOST_CONTAINERS = 10
SECONDS = range(2, 121)
"""Of startTimeout and stopTimeout, on Fargate; on EC2 there is no most."""
CONDITIONS = ("START", "COMPLETE", "SUCCESS")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")


def check(definition: Document) -> None:
    """Raises ClientException for containers or volumes that AWS Batch, or Amazon ECS for it, refuses."""
    several = "ecsProperties" in definition
    if several:
        _check_number(definition["ecsProperties"])
    volumes = containers.task(definition).get("volumes", [])
    for volume in volumes:
        _check_name(volume.get("name"), "Volume name")
    for container in containers.containers(definition):
        _check_container(container, [volume["name"] for volume in volumes])
    if several:
        _check_together(containers.containers(definition), is_fargate=runs_on_fargate(definition))


def _check_number(properties: Document) -> None:
    tasks = properties["taskProperties"]
    if len(tasks) != 1:
        raise refused(f"ecsProperties.taskProperties must have one element, found {len(tasks)}")
    count = len(tasks[0]["containers"])
    if not 1 <= count <= MOST_CONTAINERS:
        raise refused(f"A task must have 1 to {MOST_CONTAINERS} containers, found {count}")


def _check_name(name: str | None, what: str) -> None:
    if not _NAME.fullmatch(name or ""):
        found = name and name[:300]
        raise refused(f"{what} must have 1 to 255 letters, digits, - and _, found {found!r}")


def _check_container(container: Document, volumes: Sequence[str]) -> None:
    if not container.get("image"):
        raise refused("Container.image is required")
    if container.get("secrets"):
        raise refused("secrets is not available on this machine: let the job read them with its role")
    limits.check_environment(container.get("environment", []))
    for point in container.get("mountPoints", []):
        if point.get("sourceVolume") not in volumes:
            raise refused(
                f"Unknown volume {point.get('sourceVolume')!r} of a mount point: name it in volumes"
            )


def _check_together(found: Sequence[Document], *, is_fargate: bool) -> None:
    by_name = {str(one.get("name")): one for one in found}
    for container in found:
        _check_name(container.get("name"), "Container name")
        _check_seconds(container, is_fargate=is_fargate)
        if "firelensConfiguration" in container:
            raise refused("firelensConfiguration is not available on this machine")
        for dependency in container.get("dependsOn", []):
            _check_dependency(container, dependency, by_name)
    if len(by_name) < len(found):
        raise refused(f"Container names must differ, found {', '.join(one['name'] for one in found)}")
    if not any(map(containers.is_essential, found)):
        raise refused("A task must have at least one essential container")
    _check_order(found)


def _check_seconds(container: Document, *, is_fargate: bool) -> None:
    for member in ("startTimeout", "stopTimeout"):
        seconds = container.get(member, SECONDS[0])
        if seconds < SECONDS[0] or (is_fargate and seconds > SECONDS[-1]):
            raise refused(f"{member} must be between {SECONDS[0]} and {SECONDS[-1]} seconds, found {seconds}")


def _check_dependency(container: Document, dependency: Document, by_name: Mapping[str, Document]) -> None:
    name, condition = str(dependency.get("containerName")), dependency.get("condition")
    where = f"A dependency of container {container['name']}"
    if name not in by_name:
        raise refused(f"{where} must name one of {', '.join(by_name)}, found {name!r}")
    if condition not in CONDITIONS:
        raise refused(f"{where} must have a condition of {', '.join(CONDITIONS)}, found {condition!r}")
    if condition != "START" and containers.is_essential(by_name[name]):
        raise refused(f"{where} cannot have condition {condition} on {name}, which is essential")


def _check_order(found: Sequence[Document]) -> None:
    graph = {
        one["name"]: [dependency["containerName"] for dependency in one.get("dependsOn", [])] for one in found
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        raise refused(
            f"Containers depend on one another in a circle: {' on '.join(error.args[1])}"
        ) from error
