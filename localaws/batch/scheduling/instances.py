"""Which of an environment's EC2 instance types are large enough for a job.

A type's name says its size: a `4xlarge` has 16 vCPUs, and its family says how much memory belongs to a vCPU
(https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-types.html). What is not in the tables is taken
to be large enough, and every family to have every size from `large` on, those with GPUs from `xlarge` on.
"""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING

from localaws.batch.memory.environment import is_fargate
from localaws.batch.memory.hosts import Host
from localaws.batch.scheduling.instance_types import BUNDLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from localaws.batch.memory.state import Job
    from localaws.batch.model import Document

# MiB a vCPU, by family or by its first letter.
_MEMORY_MIB = {"c": 2048, "m": 4096, "r": 8192, "g": 4096, "g6e": 8192}
# GPUs by the first letter of the family and the size; a size that is not named has one.
# https://docs.aws.amazon.com/ec2/latest/instancetypes/ac.html
_GPUS: Mapping[str, Mapping[str, int]] = {
    "g": {"12xlarge": 4, "24xlarge": 4, "48xlarge": 8, "metal": 8},
    "p": {"8xlarge": 4, "16xlarge": 8, "24xlarge": 8, "48xlarge": 8},
}
_VCPUS = {"medium": 1, "large": 2, "xlarge": 4}
_SIZES = ("large", "xlarge", *(f"{times}xlarge" for times in (2, 4, 8, 12, 16, 24, 32, 48)))
_TIMES_XLARGE = re.compile(r"(\d+)xlarge")


def fits(environment: Document, job: Job) -> bool:
    """Fargate makes a task of any size that it offers, and SubmitJob takes no other."""
    return is_fargate(environment) or any(holding(environment, job))


def holding(environment: Document, job: Job) -> Iterator[str]:
    """The types that are large enough for the job, in the environment's order, a family's smallest first.

    Environments that name no types have those of `optimal`.
    """
    kinds = environment.get("computeResources", {}).get("instanceTypes") or ["optimal"]
    return (one for kind in kinds for one in _written_out(kind) if _holds(one, job))


def vcpus(instance_type: str) -> int | None:
    """None for a type whose name does not say it, such as `c5.metal`."""
    size = instance_type.partition(".")[2]
    times = _TIMES_XLARGE.fullmatch(size)
    return 4 * int(times.group(1)) if times else _VCPUS.get(size)


def memory_mib(instance_type: str) -> int | None:
    """None for a type that is not in the tables."""
    family = instance_type.partition(".")[0]
    each, count = _MEMORY_MIB.get(family) or _MEMORY_MIB.get(family[:1]), vcpus(instance_type)
    return each * count if each and count else None


def _written_out(kind: str) -> Iterable[str]:
    """A type as it is; the types of a family, or of a bundle of families, the smallest first."""
    if "." in kind:
        return (kind,)
    families = BUNDLES.get(kind, (kind,))
    sizes = _SIZES[1:] if kind[:1] in _GPUS else _SIZES
    return (f"{family}.{size}" for size in sizes for family in families)


def _holds(instance_type: str, job: Job) -> bool:
    count, memory = vcpus(instance_type), memory_mib(instance_type)
    if _asked_gpus(job) > _gpus(instance_type) or (count is not None and job.vcpus > count):
        return False
    # An instance registers less memory than it has, so a job that asks for all of it is never placed:
    # https://docs.aws.amazon.com/batch/latest/userguide/memory-management.html
    return memory is None or job.memory_mib < memory


def _gpus(instance_type: str) -> int:
    family, _, size = instance_type.partition(".")
    sizes = _GPUS.get(family[:1])
    return 0 if sizes is None else sizes.get(size, 1)


def _asked_gpus(job: Job) -> int:
    asked = (one for container in job.containers for one in container.get("resourceRequirements", []))
    return sum(int(one["value"]) for one in asked if one["type"] == "GPU")


def launch(environment: Document, job: Job, *, zone: str, now_ms: int) -> Host:
    """The host of an attempt that begins, of the environment's first instance type that holds the job.

    `environment` is not Fargate's and has such a type.
    """
    cluster = environment["ecsClusterArn"].replace(":cluster/", ":container-instance/")
    return Host(
        container_instance_arn=f"{cluster}/{uuid.uuid4().hex}",
        instance_type=next(holding(environment, job)),
        zone=zone,
        spot=environment.get("computeResources", {}).get("type") == "SPOT",
        launched_ms=now_ms,
    )
