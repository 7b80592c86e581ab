"""Which vCPU and memory AWS Batch accepts together.

https://docs.aws.amazon.com/batch/latest/APIReference/API_ResourceRequirement.html
"""

from collections.abc import Sequence

from msgspec import Struct

from pulse.domain.fault import Fault, join, shown
from pulse.domain.request.batch_limits import Auto, Platform

FARGATE_MEMORY_MIB: dict[float, Sequence[int]] = {
    0.25: (512, 1024, 2048),
    0.5: range(1024, 4096 + 1, 1024),
    1: range(2048, 8192 + 1, 1024),
    2: range(4096, 16384 + 1, 1024),
    4: range(8192, 30720 + 1, 1024),
    8: range(16384, 61440 + 1, 4096),
    16: range(32768, 122880 + 1, 8192),
}


class RequestedResources(Struct, frozen=True, kw_only=True):
    """What a request and its profile want, `auto` where the data shall decide. Memory in MiB, the timeout of
    one attempt.
    """

    vcpus: float | Auto
    memory_mib: int | Auto
    timeout_seconds: int | Auto
    gpus: int = 0

    @property
    def is_auto(self) -> bool:
        return "auto" in {self.vcpus, self.memory_mib, self.timeout_seconds}


class Resources(Struct, frozen=True, kw_only=True):
    """What a job gets. `expected_seconds`: how long it will likely run, None when nothing is known; `why`: a
    sentence, empty when the request and its profile say all.
    """

    vcpus: float
    memory_mib: int
    timeout_seconds: int
    gpus: int = 0
    expected_seconds: float | None = None
    why: str = ""


def resource_faults(  # noqa: PLR0913 - each is one number of the same job
    *,
    vcpus: float | Auto,
    memory_mib: int | Auto,
    gpus: int = 0,
    platform: Platform = "FARGATE",
    max_vcpus: float | None = None,
    max_memory_mib: int | None = None,
    at: str = "",
) -> list[Fault]:
    """What is wrong with these resources on this platform, memory in MiB; empty when a job can get them.
    `max_vcpus` and `max_memory_mib` are what the queue can ever give, None when it is not known.
    """
    faults = (_fargate if platform == "FARGATE" else _ec2)(vcpus, memory_mib, gpus, at)
    if max_vcpus is not None and vcpus != "auto" and vcpus > max_vcpus:
        limit = f"at most {vcpus_text(max_vcpus)}, more than which no compute environment of the queue has"
        faults.append(Fault(join(at, "vcpus"), limit, vcpus_text(vcpus)))
    if max_memory_mib is not None and memory_mib != "auto" and memory_mib > max_memory_mib:
        limit = f"at most {max_memory_mib} MiB, what the largest instance type of the queue leaves for a job"
        faults.append(Fault(join(at, "memory_mib"), limit, f"{memory_mib} MiB"))
    return faults


def vcpus_text(vcpus: float) -> str:
    """The value of a VCPU resource requirement: `4`, `0.25`."""
    return f"{vcpus:g}"


def _fargate(vcpus: float | Auto, memory_mib: int | Auto, gpus: int, at: str) -> list[Fault]:
    faults = []
    if gpus:
        faults.append(
            Fault(join(at, "gpus"), "0 on Fargate; a GPU needs a queue of EC2 instances", shown(gpus))
        )
    if vcpus == "auto":
        return faults + _any_fargate(memory_mib, at)
    sizes = FARGATE_MEMORY_MIB.get(vcpus)
    if sizes is None:
        known = ", ".join(vcpus_text(known) for known in FARGATE_MEMORY_MIB)
        faults.append(Fault(join(at, "vcpus"), f"one of {known} on Fargate", vcpus_text(vcpus)))
    elif memory_mib != "auto" and memory_mib not in sizes:
        pair = f"{memory_mib} MiB with {vcpus_text(vcpus)} vCPU"
        faults.append(
            Fault(
                join(at, "memory_mib"), f"{_sizes(sizes)} MiB with {vcpus_text(vcpus)} vCPU on Fargate", pair
            )
        )
    return faults


def _any_fargate(memory_mib: int | Auto, at: str) -> list[Fault]:
    """The memory when the vCPU shall fit to it."""
    known = {size for sizes in FARGATE_MEMORY_MIB.values() for size in sizes}
    if memory_mib == "auto" or memory_mib in known:
        return []
    limit = f"{min(known)} MiB, or a multiple of 1024 up to {max(known)}, that Fargate has with some vCPU"
    return [Fault(join(at, "memory_mib"), limit, shown(memory_mib))]


def _ec2(vcpus: float | Auto, memory_mib: int | Auto, gpus: int, at: str) -> list[Fault]:
    del memory_mib, gpus  # any amount that an instance type of the environment can hold
    if vcpus == "auto" or float(vcpus).is_integer():
        return []
    return [Fault(join(at, "vcpus"), "a whole number on EC2", vcpus_text(vcpus))]


def _sizes(sizes: Sequence[int]) -> str:
    if isinstance(sizes, range):
        return f"{sizes[0]} to {sizes[-1]} in steps of {sizes.step}"
    return ", ".join(str(size) for size in sizes)
