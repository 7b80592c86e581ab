"""The containers of a job: which of them decides how the job ends, and what all of them need. How they are
read from AWS Batch's description of a job is in container_details.py.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from signal import SIGKILL, SIGTERM
from typing import NamedTuple

from msgspec import Struct

_KILLED, _TERMINATED = 128 + SIGKILL, 128 + SIGTERM
"""How a container ends that Amazon ECS stops because an essential one ended."""


class Container(Struct, frozen=True, kw_only=True):
    """One container, as far as it is known. Memory in MiB. `is_on_eks`: it is part of a pod. `is_init`: it
    runs before the others of its pod. `reason`: why it ended or did not start, in AWS's words.
    """

    name: str = ""
    is_essential: bool = True
    is_on_eks: bool = False
    is_init: bool = False
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = {}
    vcpus: Decimal | None = None
    memory_mib: int | None = None
    gpus: int = 0
    exit_code: int | None = None
    reason: str = ""
    log_group: str = ""
    log_stream: str = ""
    container_instance: str = ""
    cluster: str = ""

    @property
    def has_ended(self) -> bool:
        return self.exit_code is not None or bool(self.reason)

    @property
    def has_failed(self) -> bool:
        return bool(self.exit_code or self.reason)


class Needs(NamedTuple):
    """The resources of a job; None where no container asks for any. Memory in MiB."""

    vcpus: Decimal | None
    memory_mib: int | None
    gpus: int


def deciding(of_job: Sequence[Container]) -> Container:
    """Returns the container whose end is the end of the job: the first in the first of these groups.

    1. Essential containers that failed: with a non-zero exit code, or with a reason.
    2. Essential containers that were only killed: exit code 137 and no reason, after them those with 143.
       Amazon ECS stops a whole task when an essential container ends, so one that failed by itself counts
       more.
    3. Essential containers that ended well.
    4. Other containers that failed: a sidecar decides only where no essential container says anything.
    5. Essential containers that say nothing, then all others.

    In a pod every container is essential. An init container decides only when it failed.
    """
    return min(of_job, key=_rank, default=Container())


def environment(of_job: Sequence[Container]) -> dict[str, str]:
    """Returns the variables of all containers. Where several set the same one, the first value that is not
    empty counts, those of essential containers first. Which container decides plays no part: that changes in
    the life of a job, and its PULSE_JOB_ID must not.
    """
    found: dict[str, str] = {}
    for container in sorted(of_job, key=lambda one: (not one.is_essential, one.is_init)):
        for name, value in container.environment.items():
            found[name] = found.get(name) or value
    return found


def total(at_once: Iterable[Container]) -> Needs:
    """Returns what the containers need together. An init container has ended when the others start."""
    running = [container for container in at_once if not container.is_init]
    vcpus = [container.vcpus for container in running if container.vcpus is not None]
    memory = [container.memory_mib for container in running if container.memory_mib is not None]
    return Needs(
        sum(vcpus, Decimal(0)) if vcpus else None,
        sum(memory) if memory else None,
        sum(container.gpus for container in running),
    )


def _rank(container: Container) -> int:
    if container.is_essential and container.has_failed:
        only_killed = {_KILLED: 2, _TERMINATED: 3}
        return 1 if container.reason else only_killed.get(container.exit_code or 0, 1)
    if container.is_essential and not container.is_init:
        return 4 if container.has_ended else 6
    return 5 if container.has_failed else 7
