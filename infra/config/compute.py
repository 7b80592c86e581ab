"""The configuration's compute environments and job queues, as types."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from infra.config.types import ShareName
from pulse.domain.request.batch_limits import Platform
from pulse.domain.request.profile import QueueName


class ComputeEnvironment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    type: Literal["FARGATE", "FARGATE_SPOT", "EC2", "SPOT"]
    max_vcpus: Annotated[int, Meta(ge=1, le=100_000, description="vCPU, an integer from 1 to 100000")]
    instance_types: tuple[
        Annotated[
            str,
            Meta(
                pattern=r"^([a-z0-9-]+\.[a-z0-9-]+|[a-z]+[0-9]+[a-z0-9-]*|optimal|default_(x86_64|arm64))\Z",
                description="a list of instance types such as g5.xlarge, families such as g5, or one of "
                "optimal, default_x86_64 and default_arm64",
            ),
        ],
        ...,
    ] = ()
    gpu: bool = False

    @property
    def platform(self) -> Platform:
        return "FARGATE" if self.type.startswith("FARGATE") else "EC2"

    @property
    def spot(self) -> bool:
        return self.type in ("FARGATE_SPOT", "SPOT")


class FairShare(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    share_decay_seconds: Annotated[
        int, Meta(ge=0, le=604_800, description="seconds, an integer from 0 to 604800")
    ]
    compute_reservation_percent: Annotated[int, Meta(ge=0, le=99, description="an integer from 0 to 99")]
    shares: dict[ShareName, Annotated[float, Meta(ge=0.0001, le=999.9999)]] = {}


class JobStateTimeLimit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """https://docs.aws.amazon.com/batch/latest/APIReference/API_JobStateTimeLimitAction.html"""

    reason: Literal[
        "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY",
        "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE",
        "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT",
        "MISCONFIGURATION:EC2_INSTANCE_CONFIGURATION_UNSUPPORTED",
    ]
    max_time_seconds: Annotated[
        int, Meta(ge=600, le=86_400, description="seconds, an integer from 600 to 86400")
    ]


class JobQueue(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`on_demand_queue`: where a job is submitted once more whose last attempt lost its Spot capacity."""

    priority: Annotated[int, Meta(ge=0, le=1000, description="an integer from 0 to 1000")]
    environments: tuple[str, ...]
    on_demand_queue: QueueName | None = None
    fair_share: FairShare | None = None
    job_state_time_limits: tuple[JobStateTimeLimit, ...] = ()
