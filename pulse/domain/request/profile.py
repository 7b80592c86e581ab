"""A named preset of the configuration: what a job gets when its request does not say."""

from typing import Annotated

from msgspec import Meta, Struct

from pulse.domain.request.batch_limits import Attempts, Auto, Gpus, MemoryMib, TimeoutSeconds, Vcpus
from pulse.domain.request.resources import RequestedResources

AutoOrVcpus = Annotated[Auto | Vcpus, Meta(description="a number of vCPU, 0.25 to 256, or auto")]
AutoOrMemory = Annotated[Auto | MemoryMib, Meta(description="MiB, an integer from 512 to 3145728, or auto")]
AutoOrTimeout = Annotated[
    Auto | TimeoutSeconds, Meta(description="seconds, an integer from 60 to 1209600 (14 days), or auto")
]

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
    """Memory in MiB, timeout in seconds of one attempt; `auto`: sized from the data. `queue` by its name in
    the configuration. Whether vCPU and memory fit together depends on the queue's platform: see
    `catalogue.Catalogue.faults`.
    """

    vcpus: AutoOrVcpus
    memory_mib: AutoOrMemory
    timeout_seconds: AutoOrTimeout
    queue: QueueName
    attempts: Attempts = 1
    gpus: Gpus = 0

    def requested_resources(
        self,
        vcpus: float | Auto | None = None,
        memory_mib: int | Auto | None = None,
        timeout_seconds: int | Auto | None = None,
        gpus: int | None = None,
    ) -> RequestedResources:
        """The profile's values, with a request's in their place where it has any."""
        return RequestedResources(
            vcpus=vcpus or self.vcpus,
            memory_mib=memory_mib or self.memory_mib,
            timeout_seconds=timeout_seconds or self.timeout_seconds,
            gpus=self.gpus if gpus is None else gpus,
        )
