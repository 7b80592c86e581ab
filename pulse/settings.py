"""The settings of the deployed functions: one struct, each environment name written once.

The infrastructure calls `to_env` (values may be CDK tokens: they are passed on, never looked into), the
functions call `from_env`.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from pulse.domain.access import Access
from pulse.domain.catalogue.catalogue import Catalogue, Queue
from pulse.domain.catalogue.retry_policy import RetryPolicy
from pulse.domain.catalogue.trigger import Trigger
from pulse.domain.cost.prices import Prices
from pulse.domain.fault import Fault, shown
from pulse.domain.job.drift import Patience
from pulse.domain.job.due import Watch
from pulse.domain.request.batch_limits import CpuArchitecture
from pulse.domain.request.defaults import RequestDefaults
from pulse.domain.request.profile import Profile
from pulse.domain.s3.table_names import Suffixes
from pulse.domain.schedule_target import ScheduleTarget
from pulse.domain.training.definition import DescribedTrainings
from pulse.domain.validation import InvalidInput, allowed

ENVIRONMENT_BYTES = 4096
"""All variables of a function together: docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html."""
PREFIX = "PULSE_"
TRAININGS_FILE = "trainings.json"
"""Beside the functions' code: what the described trainings are, which is too much for their variables."""
_TOKEN = re.compile(r"\$\{Token\[[^\]]*\]\}")
_TOKEN_BYTES = 100
"""About as long as the ARN or the name that takes a CDK token's place."""
_PSEUDO_PARAMETER = re.compile(r"\$\{Token\[AWS\.(?:Partition|Region|AccountId)[^\]]*\]\}")
_PSEUDO_PARAMETER_BYTES = 16
"""More than any partition, region or account has."""


class Settings(Struct, frozen=True, kw_only=True):
    """Text fields travel as they are, all others as JSON. A field `x_y` is the variable `PULSE_X_Y`."""

    ledger_table: str
    data_bucket: str
    results_bucket: str
    job_definition: str
    """ARN with revision, for queues that name no definition of their own."""
    queues: dict[str, Queue]
    profiles: dict[str, Profile]
    request_defaults: RequestDefaults
    alerts_topic: str
    """ARN."""
    triggers: tuple[Trigger, ...] = ()
    table_suffixes: Suffixes = ()
    """How the names of data sets end: the training's own list, which the infrastructure passes on."""
    retry_policy: RetryPolicy = RetryPolicy()
    tags: dict[str, str] = {}
    log_group: str = "/aws/batch/job"
    slack_webhook_secret: str = ""
    """ARN or name of the secret that holds the webhook's URL; empty: no Slack."""
    slack_hosts: tuple[str, ...] = ("hooks.slack.com",)
    """Hosts (`name` for any port, or `name:port`) of a webhook URL. Plain http only on loopback."""
    slack_rate_per_second: float = 1.0
    """Messages at most, of each function that runs at a time."""
    prices: Prices
    """What quotes and costs are made of."""
    cpu_architecture: CpuArchitecture = "X86_64"
    ephemeral_gib: int | None = None
    """Scratch space of a container; None: what costs nothing."""
    monthly_budget_usd: Decimal | None = None
    """No job is submitted that could cost more than is left of it; None: no limit."""
    budget_alert_percents: tuple[int, ...] = (50, 80, 100)
    """The shares of the month's budget that get an alert."""
    watch: Watch = Watch()
    """When a job gets an alert before its end."""
    fargate_environments: dict[str, bool] = {}
    """Which of our compute environments on Fargate are Spot, by the name that CloudFormation gave them."""
    overdue_schedules: ScheduleTarget | None = None
    """Where the schedules by which jobs are overdue lie and send to; None: there are none."""
    reruns_queue: str = ""
    """URL of submit_job's own queue, for jobs that died of memory; empty: they are not submitted again."""
    job_events_queue: str = ""
    """URL of on_job_event's own queue, for what the reconciler finds."""
    patience: Patience = Patience()
    """How long the reconciler leaves a job alone."""
    access: Access = Access()
    """Whose jobs a caller of the API sees and cancels."""
    ledger_retention_days: Annotated[
        int, Meta(ge=8, le=3650, description="days, an integer from 8 to 3650")
    ] = 400
    """Longer than the seven days that AWS Batch keeps a finished job."""
    idempotency_window_seconds: Annotated[
        int, Meta(ge=0, le=86_400, description="seconds, an integer from 0 to 86400")
    ] = 600
    """How long the same body without an Idempotency-Key counts as the same request; 0: never."""

    @property
    def queue_arns(self) -> dict[str, str]:
        return {name: queue.arn for name, queue in self.queues.items()}

    def catalogue(self, described: DescribedTrainings) -> Catalogue:
        return Catalogue(
            trainings=described.trainings,
            training_definitions=described.definitions,
            queues=self.queues,
            profiles=self.profiles,
            request_defaults=self.request_defaults,
            triggers=self.triggers,
            table_suffixes=self.table_suffixes,
            retry_policy=self.retry_policy,
            tags=self.tags,
            cpu_architecture=self.cpu_architecture,
            ephemeral_gib=self.ephemeral_gib,
        )

    def to_env(self) -> dict[str, str]:
        """The variables, defaults left out. Raises InvalidInput above what Lambda takes (4 KiB)."""
        env = {}
        for field in msgspec.structs.fields(type(self)):
            value = getattr(self, field.name)
            if field.required or value != field.default:
                env[_name(field.name)] = value if field.type is str else msgspec.json.encode(value).decode()
        sizes = {name: len(name) + _bytes(value) for name, value in env.items()}
        size = sum(sizes.values())
        if size > ENVIRONMENT_BYTES:
            largest = max(sizes, key=sizes.__getitem__)
            limit = f"at most {ENVIRONMENT_BYTES} bytes for all variables of a function"
            raise InvalidInput(
                [Fault(largest, limit, f"{size} bytes, most of them in {largest}")], "the environment"
            )
        return env

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "Settings":
        """Raises InvalidInput with every variable that is missing or faulty."""
        values: dict[str, Any] = {}
        faults = []
        for field in msgspec.structs.fields(cls):
            name = _name(field.name)
            try:
                if name in env:
                    text = env[name]
                    values[field.name] = (
                        text if field.type is str else msgspec.json.decode(text, type=field.type)
                    )
                elif field.required:
                    faults.append(Fault(name, allowed(field.type), shown(None)))
            except msgspec.DecodeError as error:
                faults.append(Fault(name, f"JSON: {error}", shown(env[name])))
        if faults:
            raise InvalidInput(faults, "the environment")
        return cls(**values)


def _bytes(value: str) -> int:
    known = _PSEUDO_PARAMETER.sub("x" * _PSEUDO_PARAMETER_BYTES, value)
    return len(_TOKEN.sub("x" * _TOKEN_BYTES, known).encode())


def _name(field: str) -> str:
    return PREFIX + field.upper()
