"""Whether an environment has an instance type that is large enough for a job.

An EC2 type's name says its size: a `4xlarge` has 16 vCPUs, and its family says how much memory belongs to a
vCPU (https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-types.html). What is not in the tables is
taken to be large enough.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from localaws.batch.environments import is_fargate

if TYPE_CHECKING:
    from localaws.batch.model import Document
    from localaws.batch.state import Job

# MiB a vCPU, by the first letter of the family.
_MEMORY_MIB = {"c": 2048, "m": 4096, "r": 8192}
_WITH_GPUS = frozenset("gp")
_VCPUS = {"medium": 1, "large": 2, "xlarge": 4}
LARGEST_VCPUS = 192
"""Of a family without a size: no type of C, M and R has more."""
_TYPE = re.compile(r"([a-z])[a-z0-9-]*(?:\.([a-z0-9-]+))?")
_TIMES_XLARGE = re.compile(r"(\d+)xlarge")


def fits(environment: Document, job: Job) -> bool:
    """Fargate makes a task of any size that it offers, and SubmitJob takes no other."""
    types = environment.get("computeResources", {}).get("instanceTypes")
    if is_fargate(environment) or not types:
        return True
    return any(_holds(one, job) for kind in types for one in _written_out(kind))


def _written_out(kind: str) -> tuple[str, ...]:
    """https://docs.aws.amazon.com/batch/latest/APIReference/API_ComputeResource.html: `optimal`."""
    return ("c4", "m4", "r4") if kind == "optimal" else (kind,)


def _holds(kind: str, job: Job) -> bool:
    found = _TYPE.fullmatch(kind)
    if found is None:
        return True
    family, size = found.groups()
    if _gpus(job) and family not in _WITH_GPUS:
        return False
    vcpus = _vcpus(size)
    memory_mib = _MEMORY_MIB.get(family)
    if vcpus is None or memory_mib is None:
        return True
    # An instance registers less memory than it has, so a job that asks for all of it is never placed:
    # https://docs.aws.amazon.com/batch/latest/userguide/memory-management.html
    return job.vcpus <= vcpus and job.memory_mib < vcpus * memory_mib


def _vcpus(size: str | None) -> int | None:
    if size is None:
        return LARGEST_VCPUS
    times = _TIMES_XLARGE.fullmatch(size)
    return 4 * int(times.group(1)) if times else _VCPUS.get(size)


def _gpus(job: Job) -> int:
    asked = job.container.get("resourceRequirements", [])
    return sum(int(one["value"]) for one in asked if one["type"] == "GPU")
