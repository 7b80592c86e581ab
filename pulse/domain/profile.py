"""A named preset of the configuration: what a job gets when its request does not say."""

from typing import Annotated

from msgspec import Meta, Struct

from pulse.domain.batch_limits import Attempts, Gpus, MemoryMib, TimeoutSeconds, Vcpus

QueueName = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,127}\Z", description="the name of a queue of the configuration"
    ),
]
ProfileName = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}\Z", description="the name of a profile of the configuration"
    ),
]


class Profile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Memory in MiB, timeout in seconds of one attempt, `queue` by its name in the configuration. Whether
    vCPU and memory fit together depends on the queue's platform: see `catalogue.Catalogue.faults`.
    """

    vcpus: Vcpus
    memory_mib: MemoryMib
    timeout_seconds: TimeoutSeconds
    queue: QueueName
    attempts: Attempts = 1
    gpus: Gpus = 0
