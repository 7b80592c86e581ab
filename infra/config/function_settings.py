"""What the functions are told: the configuration, and what CloudFormation named for it."""

from collections.abc import Mapping
from dataclasses import dataclass

from msgspec.structs import fields, replace
from recursive_training.data.names import TABLE_SUFFIXES

from infra.config.model import Config
from pulse.domain.catalogue.catalogue import Queue
from pulse.domain.cost.instances import of_kind
from pulse.domain.request.batch_limits import Platform
from pulse.domain.schedule_target import ScheduleTarget
from pulse.settings import Settings

_LATER = "${Token[LATER]}"
"""Stands for what is not deployed yet; Settings counts it as long as an ARN."""


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """Names, and ARNs of the topic, the queues (by name) and the definitions (with revision, by platform).
    `fargate_environments`: what AWS Batch calls those on Fargate, by their names in the configuration.
    `reruns_queue`: the URL of the queue in which jobs wait to be submitted again, for the function that asks,
    `overdue_schedules`: where it is told of overdue jobs, `job_events_queue`: the URL of the queue from which
    job events are taken, for the function that adds to it.
    """

    ledger_table: str
    data_bucket: str
    results_bucket: str
    alerts_topic: str
    log_group: str
    queues: Mapping[str, str]
    definitions: Mapping[Platform, str]
    fargate_environments: Mapping[str, str]
    reruns_queue: str = ""
    job_events_queue: str = ""
    overdue_schedules: ScheduleTarget | None = None


USE_CASES = ("submit_job", "cancel_job", "get_job", "on_job_event", "send_alert", "reconcile_jobs")
_NEEDED_BY = {
    "access": {"submit_job", "cancel_job", "get_job"},
    "triggers": {"submit_job"},
    "table_suffixes": {"submit_job"},
    "retry_policy": {"submit_job"},
    "watch": {"on_job_event"},
    "budget_alert_percents": {"on_job_event"},
    "slack_webhook_secret": {"send_alert"},
    "slack_hosts": {"send_alert"},
    "slack_rate_per_second": {"send_alert"},
    "fargate_environments": {"on_job_event"},
    "overdue_schedules": {"on_job_event"},
    "patience": {"reconcile_jobs"},
    "job_events_queue": {"reconcile_jobs"},
    "reruns_queue": {"on_job_event", "reconcile_jobs"},
}
"""Settings that only these functions read; all others are told to all."""


def variables(settings: Settings, use_case: str) -> dict[str, str]:
    """The variables of the function of a use case, without what it does not read: there is little room.
    Raises InvalidInput above what Lambda takes.
    """
    defaults = {field.name: field.default for field in fields(Settings)}
    unread = {name: defaults[name] for name, readers in _NEEDED_BY.items() if use_case not in readers}
    return replace(settings, **unread).to_env()


def nothing_deployed(config: Config) -> Deployed:
    """So that settings can be checked before anything is synthesized."""
    return Deployed(
        ledger_table=_LATER,
        data_bucket=_LATER,
        results_bucket=_LATER,
        alerts_topic=_LATER,
        log_group=_LATER,
        queues=dict.fromkeys(config.queues, _LATER),
        definitions={"FARGATE": _LATER, "EC2": _LATER},
        fargate_environments={
            # Each another: in the settings they are keys.
            name: _LATER.replace("LATER", f"LATER.{number}")
            for number, name in enumerate(config.fargate_environments)
        },
        reruns_queue=_LATER,
        job_events_queue=_LATER,
        overdue_schedules=ScheduleTarget(
            group=_LATER, queue_arn=_LATER, dead_letters_arn=_LATER, role_arn=_LATER
        ),
    )


def settings(config: Config, deployed: Deployed) -> Settings:
    slack = config.alerts.slack
    return Settings(
        ledger_table=deployed.ledger_table,
        data_bucket=deployed.data_bucket,
        results_bucket=deployed.results_bucket,
        job_definition=deployed.definitions["FARGATE"],
        queues={name: _queue(config, deployed, name) for name in config.queues},
        profiles=config.profiles,
        request_defaults=config.request_defaults,
        triggers=config.triggers,
        table_suffixes=TABLE_SUFFIXES,
        retry_policy=config.retry_policy,
        tags=config.tags,
        alerts_topic=deployed.alerts_topic,
        log_group=deployed.log_group,
        slack_webhook_secret=slack.webhook_secret if slack else "",
        slack_hosts=slack.allowed_hosts if slack else (),
        slack_rate_per_second=slack.rate_per_second if slack else 1.0,
        # Only those in use: a function's environment has little room.
        prices=replace(config.prices, ec2=of_kind(config.prices.ec2, config.instance_types)),
        cpu_architecture=config.container.cpu_architecture,
        ephemeral_gib=config.container.ephemeral_storage_gib,
        fargate_environments={
            called: config.compute_environments[name].spot
            for name, called in deployed.fargate_environments.items()
        },
        reruns_queue=deployed.reruns_queue,
        overdue_schedules=deployed.overdue_schedules,
        job_events_queue=deployed.job_events_queue,
        patience=config.reconcile.patience,
        watch=config.watch,
        access=config.access,
        monthly_budget_usd=config.budget.monthly_usd,
        budget_alert_percents=config.budget.alert_percents,
        ledger_retention_days=config.ledger.retention_days,
        idempotency_window_seconds=config.ledger.idempotency_window_seconds,
    )


def _queue(config: Config, deployed: Deployed, name: str) -> Queue:
    platform = config.platform_of(name)
    return Queue(
        arn=deployed.queues[name],
        platform=platform,
        fair_share=config.queues[name].fair_share is not None,
        max_vcpus=config.max_vcpus_of(name),
        max_memory_mib=config.max_memory_mib_of(name),
        spot=config.spot_first_in(name),
        on_demand_queue=config.on_demand_queue_of(name),
        instance_types=tuple(config.instance_types_of(name)),
        job_definition="" if platform == "FARGATE" else deployed.definitions[platform],
    )
