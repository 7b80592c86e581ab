"""Wires settings to adapters and use cases, once a process, and for each function only what it needs."""

import os
import random
import secrets
import time
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from pulse.domain.site import Site
from pulse.settings import Settings

if TYPE_CHECKING:
    from pulse.aws.batch import Batch
    from pulse.aws.ledger import Ledger
    from pulse.aws.ledger_table import LedgerTable
    from pulse.aws.s3 import Objects
    from pulse.domain.console import Console
    from pulse.services.cancel_job import CancelJob
    from pulse.services.get_job import GetJob
    from pulse.services.list_jobs import ListJobs
    from pulse.services.past_runs import PastRuns
    from pulse.services.post_slack import PostSlack
    from pulse.services.publish_alert import PublishAlert
    from pulse.services.quote_job import QuoteJob
    from pulse.services.read_log import ReadLog
    from pulse.services.record_job_event import RecordJobEvent
    from pulse.services.rerun_job import RerunJob
    from pulse.services.size_job import SizeJob
    from pulse.services.submit_drop import SubmitDrop
    from pulse.services.submit_job import SubmitJob

# Imports stand in the functions, so that each Lambda loads only what it uses: cold starts are counted.
# ruff: noqa: PLC0415

SAMPLES = Path(__file__).parents[1] / "samples" / "requests"


@cache
def settings() -> Settings:
    return Settings.from_env(os.environ)


@cache
def submit_job() -> "SubmitJob":
    from pulse.services.prepare_job import PrepareJob
    from pulse.services.resolve_dependencies import ResolveDependencies
    from pulse.services.submit_job import SubmitJob

    here = settings()
    prepare_job = PrepareJob(
        catalogue=here.catalogue,
        resolve_dependencies=ResolveDependencies(ledger=ledger()),
        size=lambda request, wanted: size_job().size(request, wanted),
        price=lambda request, resources, *, history: quote_job().price(request, resources, history=history),
        budget_usd=here.monthly_budget_usd,
    )
    return SubmitJob(
        ledger=ledger(),
        batch=batch(),
        prepare=prepare_job.prepare,
        catalogue=here.catalogue,
        site=Site(
            data_bucket=here.data_bucket,
            results_bucket=here.results_bucket,
            job_definition=here.job_definition,
        ),
        clock=now,
        random_hex=random_hex,
        pause_up_to=pause_up_to,
    )


@cache
def size_job() -> "SizeJob":
    from pulse.services.describe_dataset import DescribeDataset
    from pulse.services.size_job import SizeJob

    here = settings()
    return SizeJob(
        describe_dataset=DescribeDataset(objects()),
        past_runs=past_runs(),
        catalogue=here.catalogue,
        data_bucket=here.data_bucket,
    )


@cache
def quote_job() -> "QuoteJob":
    from pulse.services.quote_job import QuoteJob

    here = settings()
    return QuoteJob(
        ledger=ledger(),
        past_runs=past_runs(),
        catalogue=here.catalogue,
        prices=here.prices,
        budget_usd=here.monthly_budget_usd,
        clock=now,
    )


@cache
def past_runs() -> "PastRuns":
    from pulse.services.past_runs import PastRuns

    return PastRuns(ledger=ledger())


@cache
def rerun_job() -> "RerunJob":
    from pulse.services.rerun_job import RerunJob

    return RerunJob(ledger=ledger(), submit_job=submit_job())


@cache
def cancel_job() -> "CancelJob":
    from pulse.services.cancel_job import CancelJob

    return CancelJob(ledger=ledger(), batch=batch())


@cache
def get_job() -> "GetJob":
    from pulse.services.get_job import GetJob

    return GetJob(ledger())


@cache
def list_jobs() -> "ListJobs":
    from pulse.services.list_jobs import ListJobs

    return ListJobs(ledger=ledger(), clock=now)


@cache
def read_log() -> "ReadLog":
    from pulse.aws import clients
    from pulse.aws.logs import Logs
    from pulse.services.read_log import ReadLog

    return ReadLog(ledger=ledger(), logs=Logs(clients.logs), log_group=settings().log_group)


@cache
def console() -> "Console":
    """The AWS console, where this deployment is."""
    from pulse.domain import console

    return console.of_arn(settings().alerts_topic)


@cache
def openapi() -> str:
    """The API as an OpenAPI document in JSON, with the sample requests that lie beside the code."""
    import msgspec

    from pulse.domain.openapi import document

    here = settings()
    told = document(
        examples={
            file.stem: msgspec.json.decode(file.read_bytes()) for file in sorted(SAMPLES.glob("*.json"))
        },
        profiles=here.profiles,
        queues=here.queues,
        idempotency_window_seconds=here.idempotency_window_seconds,
        ledger_retention_days=here.ledger_retention_days,
    )
    return msgspec.json.encode(told).decode()


@cache
def submit_drop() -> "SubmitDrop":
    from pulse.domain import console
    from pulse.services.submit_drop import SubmitDrop

    return SubmitDrop(
        submit_job=submit_job(),
        objects=objects(),
        publish_alert=publish_alert(),
        console=console.of_arn(settings().alerts_topic),
    )


@cache
def record_job_event() -> "RecordJobEvent":
    from pulse.aws import clients
    from pulse.aws.reruns import Reruns
    from pulse.domain import console
    from pulse.domain.job_alert import Place
    from pulse.domain.job_cost import record_cost
    from pulse.services.read_metrics import ReadMetrics
    from pulse.services.record_job_event import RecordJobEvent

    here = settings()
    return RecordJobEvent(
        ledger=ledger(),
        read_metrics=ReadMetrics(objects=objects(), results_bucket=here.results_bucket),
        publish_alert=publish_alert(),
        reruns=Reruns(clients.sqs, here.reruns_queue),
        catalogue=here.catalogue,
        queues={queue.arn: name for name, queue in here.queues.items()},
        place=Place(
            console=console.of_arn(here.alerts_topic), data_bucket=here.data_bucket, log_group=here.log_group
        ),
        cost_of=lambda record, seconds: record_cost(here.prices, here.catalogue, record, seconds),
        clock=now,
    )


@cache
def post_slack() -> "PostSlack":
    from pulse.aws import clients
    from pulse.aws.secrets import Secret
    from pulse.aws.webhook import Webhook
    from pulse.services.post_slack import PostSlack

    here = settings()
    return PostSlack(
        url=Secret(clients.secretsmanager(), here.slack_webhook_secret),
        hosts=here.slack_hosts,
        webhook=Webhook(),
    )


@cache
def ledger() -> "Ledger":
    from pulse.aws.ledger import Ledger

    return Ledger(ledger_table(), kept())


@cache
def ledger_table() -> "LedgerTable":
    from pulse.aws import clients
    from pulse.aws.ledger_table import LedgerTable

    return LedgerTable(clients.dynamodb(), settings().ledger_table)


def kept() -> timedelta:
    """How long the ledger keeps what it is told."""
    return timedelta(days=settings().ledger_retention_days)


@cache
def batch() -> "Batch":
    from pulse.aws import clients
    from pulse.aws.batch import Batch

    return Batch(clients.batch())


@cache
def objects() -> "Objects":
    from pulse.aws import clients
    from pulse.aws.s3 import Objects

    return Objects(clients.s3)


@cache
def publish_alert() -> "PublishAlert":
    from pulse.aws import clients
    from pulse.aws.alert_turns import AlertTurns
    from pulse.aws.sns import Topic
    from pulse.services.publish_alert import PublishAlert

    return PublishAlert(
        turns=AlertTurns(ledger_table(), kept()),
        topic=Topic(clients.sns, settings().alerts_topic),
        clock=now,
    )


def now() -> datetime:
    return datetime.now(UTC)


def random_hex() -> str:
    return secrets.token_hex(4)


def pause_up_to(seconds: float) -> None:
    time.sleep(random.uniform(0, seconds))  # noqa: S311 - spreads callers, hides nothing
