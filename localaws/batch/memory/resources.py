"""How much the containers of a job ask for, and which amounts Batch accepts."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from localaws.batch.errors import ClientException, refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from localaws.batch.model import Document

LEAST_MEMORY_MIB = 4

# vCPU: (least MiB, most MiB, step MiB), with the odd row of a quarter vCPU written out in `_fargate_allows`.
# https://docs.aws.amazon.com/batch/latest/APIReference/API_ResourceRequirement.html
_FARGATE_MEMORY = {
    Decimal("0.25"): (512, 2048, 512),
    Decimal("0.5"): (1024, 4096, 1024),
    Decimal(1): (2048, 8192, 1024),
    Decimal(2): (4096, 16384, 1024),
    Decimal(4): (8192, 30720, 1024),
    Decimal(8): (16384, 61440, 4096),
    Decimal(16): (32768, 122880, 8192),
}
_QUARTER_MEMORY = (512, 1024, 2048)


@dataclass(frozen=True)
class Resources:
    vcpus: Decimal
    memory_mib: int
    gpus: int


def merged(base: list[Document], overrides: list[Document]) -> list[Document]:
    """The base requirements with those of the overrides in place of the same types, in their order."""
    replaced = {item["type"]: item for item in [*base, *overrides]}
    return [{"type": kind, "value": str(item["value"])} for kind, item in replaced.items()]


def refuse_older_amounts(container: Document) -> None:
    """Raises ClientException for vcpus or memory outside resourceRequirements: Fargate takes neither."""
    for name in ("vcpus", "memory"):
        if container.get(name):
            raise ClientException(f"{name} is not applicable for Fargate. Use resource requirements instead.")


def asked(containers: Sequence[Document], *, fargate: bool) -> Resources:
    """What the containers ask for together.

    Raises ClientException when an amount is missing, not a number, or not one that the platform offers. On
    Fargate that is the task's, on EC2 each container's.
    """
    if fargate:
        for container in containers:
            refuse_older_amounts(container)
    each = [of_container(container) for container in containers]
    total = Resources(
        sum((one.vcpus for one in each), Decimal(0)),
        sum(one.memory_mib for one in each),
        sum(one.gpus for one in each),
    )
    if fargate:
        _check_fargate(total.vcpus, total.memory_mib, total.gpus)
    else:
        _check_ec2(each)
    return total


def of_container(container: Document) -> Resources:
    """From resourceRequirements or the older vcpus and memory.

    Raises ClientException when an amount is missing or not a number.
    """
    amounts = {item["type"]: item["value"] for item in container.get("resourceRequirements", [])}
    vcpus = _number("VCPU", amounts.get("VCPU", container.get("vcpus")))
    memory = _number("MEMORY", amounts.get("MEMORY", container.get("memory")))
    gpus = _number("GPU", amounts.get("GPU", 0))
    if memory != int(memory) or memory < LEAST_MEMORY_MIB:
        raise refused(f"MEMORY must be a whole number of MiB of at least {LEAST_MEMORY_MIB}, found {memory}")
    return Resources(vcpus, int(memory), int(gpus))


def _number(kind: str, value: object) -> Decimal:
    if value is None:
        raise refused(f"Resource requirement {kind} is required")
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or number < 0:
        raise refused(f"Resource requirement {kind} must be a number, found {value!r}")
    return number


def _check_ec2(each: Sequence[Resources]) -> None:
    for one in each:
        if one.vcpus != int(one.vcpus) or one.vcpus < 1:
            raise refused(f"VCPU must be a whole number of at least 1 on EC2, found {one.vcpus}")


def _check_fargate(vcpus: Decimal, memory: int, gpus: int) -> None:
    if gpus:
        raise refused("GPU is not applicable for Fargate.")
    if _fargate_allows(vcpus, memory):
        return
    row = _FARGATE_MEMORY.get(vcpus)
    if row is None:
        allowed = f"VCPU must be one of {', '.join(str(one) for one in _FARGATE_MEMORY)}"
    elif vcpus == Decimal("0.25"):
        allowed = f"{vcpus} vCPU allows {', '.join(str(one) for one in _QUARTER_MEMORY)} MiB"
    else:
        allowed = f"{vcpus} vCPU allows {row[0]} to {row[1]} MiB in steps of {row[2]}"
    raise refused(f"Fargate resource requirements ({vcpus} vCPU, {memory} MiB) not valid. {allowed}.")


def _fargate_allows(vcpus: Decimal, memory: int) -> bool:
    if vcpus == Decimal("0.25"):
        return memory in _QUARTER_MEMORY
    row = _FARGATE_MEMORY.get(vcpus)
    return row is not None and row[0] <= memory <= row[1] and memory % row[2] == 0
