"""The configuration as types, section by section of config/default.yaml.

What a profile, a trigger or a retry rule is belongs to `pulse.domain`; rules between values are in
`config_checks`, who is told of what in `config_alerts`, where jobs run in `config_compute`, who deploys in
`config_deployment`.
"""

from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from infra.config.alerts import Alerts
from infra.config.compute import ComputeEnvironment, JobQueue
from infra.config.deployment import Deployment
from infra.config.types import (
    AccountId,
    BucketName,
    Cidr,
    Days,
    EnvironmentName,
    FolderName,
    JobDefinitionName,
    LogRetentionDays,
    Region,
    StackPrefix,
)
from pulse.domain.access import Access
from pulse.domain.catalogue.retry_policy import RetryPolicy
from pulse.domain.catalogue.trigger import Trigger
from pulse.domain.cost.instances import largest_memory_mib
from pulse.domain.cost.prices import Prices
from pulse.domain.fault import Fault, shown
from pulse.domain.job.drift import Patience
from pulse.domain.job.due import Watch
from pulse.domain.request.batch_limits import FARGATE_MAX_TIMEOUT_SECONDS, CpuArchitecture, Platform, Tags
from pulse.domain.request.defaults import LogLevel, RequestDefaults
from pulse.domain.request.parameters import TrainingName
from pulse.domain.request.profile import Profile, ProfileName, QueueName
from pulse.domain.s3.layout import METRICS
from pulse.domain.training.definition import DescribedTrainings, Training

_MAX_BUDGET_USD = 10_000_000


class Names(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`environment`: what tells the names of one environment from those of another in the same account and
    region; None: the plain names.
    """

    stack_prefix: StackPrefix
    job_definition: JobDefinitionName
    environment: EnvironmentName | None = None

    @property
    def sender(self) -> str:
        """Who writes e-mails."""
        return f"Pulse {self.environment}" if self.environment else "Pulse"

    @property
    def metrics_namespace(self) -> str:
        return f"Pulse/{self.environment}" if self.environment else "Pulse"

    def training_definition(self, training: str, platform: Platform) -> str:
        """The job definition of a described training."""
        parts = ["pulse-training", training, self.environment, "ec2" if platform == "EC2" else None]
        return "-".join(part for part in parts if part)

    @property
    def ec2_job_definition(self) -> str:
        """The definition beside it, where there are EC2 environments."""
        return f"{self.job_definition}-ec2"


class Bucket(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    noncurrent_expiration_days: Days
    abort_multipart_days: Days
    retain: bool
    name: BucketName | None = None


class Buckets(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    data: Bucket
    results: Bucket
    access_log_days: Days | None = None


class Ledger(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    retention_days: Annotated[int, Meta(ge=8, le=3650, description="days, an integer from 8 to 3650")]
    deletion_protection: bool
    idempotency_window_seconds: Annotated[
        int, Meta(ge=0, le=86_400, description="seconds, an integer from 0 to 86400")
    ]


class Network(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    mode: Literal["public", "nat", "endpoints"]
    cidr: Cidr
    availability_zones: Annotated[int, Meta(ge=1, le=6, description="an integer from 1 to 6")]
    flow_logs: bool


class Container(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    cpu_architecture: CpuArchitecture
    log_retention_days: LogRetentionDays
    ephemeral_storage_gib: (
        Annotated[int, Meta(ge=21, le=200, description="null, or GiB, an integer from 21 to 200")] | None
    ) = None


class Budget(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a calendar month's jobs may cost, UTC; None: no limit. `alert_percents`: the shares of it at which
    somebody is told.
    """

    monthly_usd: (
        Annotated[Decimal, Meta(description="null, or US dollars above 0 and up to 10000000")] | None
    ) = None
    alert_percents: Annotated[
        tuple[
            Annotated[int, Meta(ge=1, le=1000, description="whole percents, an integer from 1 to 1000")], ...
        ],
        Meta(max_length=10, description="a list of up to 10 whole percents from 1 to 1000"),
    ] = ()

    def faults(self) -> list[Fault]:
        """A Decimal's bounds are not checked by msgspec, and NaN is one."""
        usd = self.monthly_usd
        if usd is None or (usd.is_finite() and 0 < usd <= _MAX_BUDGET_USD):
            return []
        limit = f"null, or US dollars above 0 and up to {_MAX_BUDGET_USD}"
        return [Fault("monthly_usd", limit, shown(str(usd)))]


class Reconcile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often the ledger is compared with AWS Batch, and which jobs."""

    every_minutes: Annotated[int, Meta(ge=1, le=1440, description="minutes, an integer from 1 to 1440")]
    patience: Patience


class Api(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    rate_per_second: Annotated[int, Meta(ge=1, le=50, description="requests a second, 1 to 50")]
    managed_policies: bool
    burst: Annotated[int, Meta(ge=1, le=100, description="requests, 1 to 100")]


class Function(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    memory_mib: Annotated[int, Meta(ge=128, le=10_240, description="MiB, an integer from 128 to 10240")]
    timeout_seconds: Annotated[int, Meta(ge=3, le=900, description="seconds, an integer from 3 to 900")]


class Consumer(Function, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A function that takes from a queue: at most so many invocations at once."""

    max_concurrency: Annotated[int, Meta(ge=2, le=1000, description="an integer from 2 to 1000")]


class Functions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    runtime: Literal["python3.12", "python3.13", "python3.14"]
    architecture: Literal["arm64", "x86_64"]
    bundle_for: Literal["lambda", "host"]
    log_level: LogLevel
    log_retention_days: LogRetentionDays
    tracing: bool
    submit_job: Consumer
    cancel_job: Function
    get_job: Function
    on_job_event: Consumer
    reconcile_jobs: Function
    send_alert: Consumer


class Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    names: Names
    tags: Tags
    buckets: Buckets
    ledger: Ledger
    network: Network
    compute_environments: dict[str, ComputeEnvironment]
    queues: dict[QueueName, JobQueue]
    container: Container
    training_folders: tuple[FolderName, ...]
    profiles: dict[ProfileName, Profile]
    triggers: tuple[Trigger, ...]
    request_defaults: RequestDefaults
    retry_policy: RetryPolicy
    budget: Budget
    watch: Watch
    reconcile: Reconcile
    prices: Prices
    alerts: Alerts
    access: Access
    api: Api
    functions: Functions
    deployment: Deployment
    trainings: dict[TrainingName, Training] = {}
    account: AccountId | None = None
    region: Region | None = None

    def with_environment(self) -> "Config":
        """The configuration with the name of its environment in all names that AWS wants unique in an account
        and region, and in a tag. What CloudFormation names, and buckets, are unique by themselves.
        """
        environment = self.names.environment
        if environment is None:
            return self
        queues = {name: f"{name}-{environment}" for name in self.queues}
        return replace(
            self,
            names=replace(
                self.names,
                stack_prefix=f"{self.names.stack_prefix}{environment.title()}",
                job_definition=f"{self.names.job_definition}-{environment}",
            ),
            tags=self.tags | {"Environment": environment},
            queues={
                queues[name]: replace(queue, on_demand_queue=queues.get(queue.on_demand_queue or ""))
                for name, queue in self.queues.items()
            },
            profiles={
                name: replace(profile, queue=queues[profile.queue]) for name, profile in self.profiles.items()
            },
        )

    def environments_of(self, queue: str) -> list[ComputeEnvironment]:
        """Those that exist."""
        names = self.queues[queue].environments
        return [self.compute_environments[name] for name in names if name in self.compute_environments]

    def platform_of(self, queue: str) -> Platform:
        """The platform that all environments of a queue share once it has passed the checks."""
        return "EC2" if any(e.platform == "EC2" for e in self.environments_of(queue)) else "FARGATE"

    def max_vcpus_of(self, queue: str) -> int | None:
        """What the largest environment of a queue can ever give; None when it has none."""
        return max((environment.max_vcpus for environment in self.environments_of(queue)), default=None)

    def max_memory_mib_of(self, queue: str) -> int | None:
        """What the largest of a queue's instance types leaves for a job; None on Fargate, and where the size
        of one of them is not known.
        """
        return largest_memory_mib(self.prices.ec2, self.instance_types_of(queue))

    def spot_first_in(self, queue: str) -> bool:
        """Whether a queue tries Spot capacity before any other."""
        return any(environment.spot for environment in self.environments_of(queue)[:1])

    def uses_spot(self, queue: str) -> bool:
        return any(environment.spot for environment in self.environments_of(queue))

    def on_demand_queue_of(self, queue: str) -> str:
        """Where a job goes that lost its Spot capacity; empty for nowhere, and where there is no Spot."""
        return (self.queues[queue].on_demand_queue or "") if self.uses_spot(queue) else ""

    def instance_types_of(self, queue: str) -> list[str]:
        """Of all its environments, each type or family once."""
        return sorted({kind for e in self.environments_of(queue) for kind in e.instance_types})

    @property
    def instance_types(self) -> list[str]:
        """Of all queues."""
        return sorted({kind for queue in self.queues for kind in self.instance_types_of(queue)})

    def longest_seconds_in(self, environment: str) -> int:
        """For which an attempt may run in a compute environment, by the profiles that lead there; `auto` may
        come to as much as Fargate allows.
        """
        queues = {name for name, queue in self.queues.items() if environment in queue.environments}
        timeouts = [each.timeout_seconds for each in self.profiles.values() if each.queue in queues]
        return max((FARGATE_MAX_TIMEOUT_SECONDS if t == "auto" else t for t in timeouts), default=0)

    @property
    def fargate_environments(self) -> list[str]:
        return [name for name, each in self.compute_environments.items() if each.platform == "FARGATE"]

    @property
    def described(self) -> DescribedTrainings:
        """The described trainings, as the functions know them."""
        definitions = {
            name: {each: self.names.training_definition(name, each) for each in self.platforms}
            for name in self.trainings
        }
        return DescribedTrainings(trainings=self.trainings, definitions=definitions)

    @property
    def metrics_files(self) -> list[str]:
        """The names under which trainings write what they measured."""
        described = {one.metrics.file for one in self.trainings.values() if one.metrics}
        return sorted({METRICS, *described})

    @property
    def platforms(self) -> list[Platform]:
        """Those that have job definitions: Fargate always, because clients know its by their names."""
        return ["FARGATE", "EC2"] if self.has_ec2 else ["FARGATE"]

    @property
    def has_ec2(self) -> bool:
        return any(environment.platform == "EC2" for environment in self.compute_environments.values())
