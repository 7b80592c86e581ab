"""Wires what follows jobs: the use cases of on_job_event, which share nearly all of their parts."""

from functools import cache
from typing import TYPE_CHECKING

from lambdas.wiring import shared

if TYPE_CHECKING:
    from pulse.aws.batch.jobs import Batch
    from pulse.domain.alerts.job_ended import Deployment
    from pulse.services.follow.price_runs import PriceRuns
    from pulse.services.follow.record_job_event import RecordJobEvent
    from pulse.services.follow.watch_blocked import WatchBlocked
    from pulse.services.follow.watch_end import WatchEnd
    from pulse.services.follow.watch_overdue import WatchOverdue
    from pulse.services.follow.watch_start import WatchStart

# Imports stand in the functions, as in shared.py.
# ruff: noqa: PLC0415


@cache
def record_job_event() -> "RecordJobEvent":
    from pulse.services.follow.record_job_event import RecordJobEvent

    here = shared.settings()
    of_queues = {queue.job_definition for queue in here.queues.values() if queue.job_definition}
    return RecordJobEvent(
        ledger=shared.ledger(),
        jobs_of_name=lambda queue_arn, name: batch().find(queue_arn, name),
        watch_start=watch_start(),
        watch_end=watch_end(),
        queues={queue.arn: name for name, queue in here.queues.items()},
        price_runs=price_runs(),
        clock=shared.now,
        training_definitions=frozenset({here.job_definition, *of_queues}),
    )


@cache
def batch() -> "Batch":
    """Made where it is asked for, which is rare."""
    from pulse.aws import clients
    from pulse.aws.batch.jobs import Batch

    return Batch(clients.batch_reading)


@cache
def watch_start() -> "WatchStart":
    from pulse.domain.plan.record_quote import likely_usd
    from pulse.services.follow.watch_start import WatchStart

    here = shared.settings()
    return WatchStart(
        past_runs=shared.past_runs(),
        watch_overdue=watch_overdue(),
        publish_alert=shared.publish_alert(),
        overdue=here.watch.overdue,
        likely_usd=lambda record, timeout_seconds, ran_seconds: likely_usd(
            here.prices,
            shared.catalogue(),
            record,
            timeout_seconds=timeout_seconds,
            ran_seconds=ran_seconds,
        ),
        deployment=deployment(),
        clock=shared.now,
    )


@cache
def watch_end() -> "WatchEnd":
    from pulse.aws import clients
    from pulse.aws.logs import Logs
    from pulse.aws.sqs.reruns import Reruns
    from pulse.services.alert.read_holder import ReadHolder
    from pulse.services.alert.read_last_lines import ReadLastLines
    from pulse.services.follow.read_metrics import ReadMetrics
    from pulse.services.follow.watch_budget import WatchBudget
    from pulse.services.follow.watch_end import WatchEnd

    here = shared.settings()
    return WatchEnd(
        ledger=shared.ledger(),
        read_metrics=ReadMetrics(
            objects=shared.objects(),
            results_bucket=here.results_bucket,
            trainings=shared.catalogue().trainings,
        ),
        read_last_lines=ReadLastLines(logs=Logs(clients.logs), log_group=here.log_group),
        read_holder=ReadHolder(
            ledger=shared.ledger(), objects=shared.objects(), results_bucket=here.results_bucket
        ),
        publish_alert=shared.publish_alert(),
        watch_budget=WatchBudget(
            ledger=shared.ledger(),
            publish_alert=shared.publish_alert(),
            budget_usd=here.monthly_budget_usd,
            percents=here.budget_alert_percents,
            deployment=deployment(),
        ),
        watch_overdue=watch_overdue(),
        reruns=Reruns(clients.sqs, here.reruns_queue),
        catalogue=shared.catalogue(),
        deployment=deployment(),
        price_runs=price_runs(),
        clock=shared.now,
    )


@cache
def watch_overdue() -> "WatchOverdue":
    from pulse.aws import clients
    from pulse.aws.schedules import Schedules
    from pulse.services.follow.watch_overdue import WatchOverdue

    return WatchOverdue(
        ledger=shared.ledger(),
        schedules=Schedules(clients.scheduler, shared.settings().overdue_schedules),
        publish_alert=shared.publish_alert(),
        deployment=deployment(),
        clock=shared.now,
    )


@cache
def watch_blocked() -> "WatchBlocked":
    from pulse.services.follow.watch_blocked import WatchBlocked

    return WatchBlocked(
        ledger=shared.ledger(),
        record_job_event=record_job_event(),
        publish_alert=shared.publish_alert(),
        watch=shared.settings().watch,
        deployment=deployment(),
        clock=shared.now,
    )


@cache
def deployment() -> "Deployment":
    """Where people look further."""
    from pulse.domain.alerts.job_ended import Deployment

    here = shared.settings()
    return Deployment(
        console=shared.console(),
        data_bucket=here.data_bucket,
        spot_queues=frozenset(name for name, queue in here.queues.items() if queue.spot),
    )


@cache
def price_runs() -> "PriceRuns":
    from pulse.aws import clients
    from pulse.aws.instances import Instances
    from pulse.services.follow.price_runs import PriceRuns

    here = shared.settings()
    return PriceRuns(
        ledger=shared.ledger(),
        instances=Instances(clients.ecs, clients.ec2),
        prices=here.prices,
        catalogue=shared.catalogue(),
        fargate_environments=here.fargate_environments,
        clock=shared.now,
    )
