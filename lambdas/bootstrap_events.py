"""Wires what follows jobs: the use cases of on_job_event, which share nearly all of their parts."""

from functools import cache
from typing import TYPE_CHECKING

from lambdas import bootstrap

if TYPE_CHECKING:
    from pulse.domain.job_alert import Place
    from pulse.services.price_runs import PriceRuns
    from pulse.services.record_job_event import RecordJobEvent
    from pulse.services.watch_blocked import WatchBlocked
    from pulse.services.watch_end import WatchEnd
    from pulse.services.watch_overdue import WatchOverdue
    from pulse.services.watch_start import WatchStart

# Imports stand in the functions, as in bootstrap.py.
# ruff: noqa: PLC0415


@cache
def record_job_event() -> "RecordJobEvent":
    from pulse.services.record_job_event import RecordJobEvent

    here = bootstrap.settings()
    of_queues = {queue.job_definition for queue in here.queues.values() if queue.job_definition}
    return RecordJobEvent(
        ledger=bootstrap.ledger(),
        watch_start=watch_start(),
        watch_end=watch_end(),
        queues={queue.arn: name for name, queue in here.queues.items()},
        price_runs=price_runs(),
        clock=bootstrap.now,
        training_definitions=frozenset({here.job_definition, *of_queues}),
    )


@cache
def watch_start() -> "WatchStart":
    from pulse.domain.record_quote import likely_usd
    from pulse.services.watch_start import WatchStart

    here = bootstrap.settings()
    return WatchStart(
        past_runs=bootstrap.past_runs(),
        watch_overdue=watch_overdue(),
        publish_alert=bootstrap.publish_alert(),
        overdue=here.watch.overdue,
        likely_usd=lambda record, timeout_seconds, ran_seconds: likely_usd(
            here.prices,
            here.catalogue,
            record,
            timeout_seconds=timeout_seconds,
            ran_seconds=ran_seconds,
        ),
        place=place(),
        clock=bootstrap.now,
    )


@cache
def watch_end() -> "WatchEnd":
    from pulse.aws import clients
    from pulse.aws.logs import Logs
    from pulse.aws.reruns import Reruns
    from pulse.services.read_holder import ReadHolder
    from pulse.services.read_last_lines import ReadLastLines
    from pulse.services.read_metrics import ReadMetrics
    from pulse.services.watch_budget import WatchBudget
    from pulse.services.watch_end import WatchEnd

    here = bootstrap.settings()
    return WatchEnd(
        ledger=bootstrap.ledger(),
        read_metrics=ReadMetrics(objects=bootstrap.objects(), results_bucket=here.results_bucket),
        read_last_lines=ReadLastLines(logs=Logs(clients.logs), log_group=here.log_group),
        read_holder=ReadHolder(
            ledger=bootstrap.ledger(), objects=bootstrap.objects(), results_bucket=here.results_bucket
        ),
        publish_alert=bootstrap.publish_alert(),
        watch_budget=WatchBudget(
            ledger=bootstrap.ledger(),
            publish_alert=bootstrap.publish_alert(),
            budget_usd=here.monthly_budget_usd,
            percents=here.budget_alert_percents,
            place=place(),
        ),
        watch_overdue=watch_overdue(),
        reruns=Reruns(clients.sqs, here.reruns_queue),
        catalogue=here.catalogue,
        place=place(),
        price_runs=price_runs(),
        clock=bootstrap.now,
    )


@cache
def watch_overdue() -> "WatchOverdue":
    from pulse.aws import clients
    from pulse.aws.schedules import Schedules
    from pulse.services.watch_overdue import WatchOverdue

    return WatchOverdue(
        ledger=bootstrap.ledger(),
        schedules=Schedules(clients.scheduler, bootstrap.settings().overdue_schedules),
        publish_alert=bootstrap.publish_alert(),
        place=place(),
        clock=bootstrap.now,
    )


@cache
def watch_blocked() -> "WatchBlocked":
    from pulse.services.watch_blocked import WatchBlocked

    return WatchBlocked(
        ledger=bootstrap.ledger(),
        record_job_event=record_job_event(),
        publish_alert=bootstrap.publish_alert(),
        watch=bootstrap.settings().watch,
        place=place(),
        clock=bootstrap.now,
    )


@cache
def place() -> "Place":
    """Where people look further."""
    from pulse.domain.job_alert import Place

    here = bootstrap.settings()
    return Place(
        console=bootstrap.console(),
        data_bucket=here.data_bucket,
        spot_queues=frozenset(name for name, queue in here.queues.items() if queue.spot),
    )


@cache
def price_runs() -> "PriceRuns":
    from pulse.aws import clients
    from pulse.aws.instances import Instances
    from pulse.services.price_runs import PriceRuns

    here = bootstrap.settings()
    return PriceRuns(
        ledger=bootstrap.ledger(),
        instances=Instances(clients.ecs, clients.ec2),
        prices=here.prices,
        catalogue=here.catalogue,
        fargate_environments=here.fargate_environments,
        clock=bootstrap.now,
    )
