"""Wires settings to adapters and use cases, once a process, and for each function only what it needs.

Here is what submits, cancels and tells, and the adapters that all share; on_job_event,
get_job and reconcile_jobs have the rest.
"""

import os
import random
import secrets
import time
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from pulse.domain.deployment import Site
from pulse.settings import TRAININGS_FILE, Settings

if TYPE_CHECKING:
    from pulse.aws.batch.jobs import Batch
    from pulse.aws.ledger.ledger import Ledger
    from pulse.aws.ledger.refusals import RefusedDrops
    from pulse.aws.ledger.table import LedgerTable
    from pulse.aws.principals import Principals
    from pulse.aws.s3 import Objects
    from pulse.aws.sqs.visibility import Visibility
    from pulse.domain.catalogue.catalogue import Catalogue
    from pulse.domain.console import Console
    from pulse.services.alert.post_slack import PostSlack
    from pulse.services.alert.publish_alert import PublishAlert
    from pulse.services.query.find_job import FindJob
    from pulse.services.query.past_runs import PastRuns
    from pulse.services.submit.cancel_job import CancelJob
    from pulse.services.submit.finish_claim import FinishClaim
    from pulse.services.submit.quote_job import QuoteJob
    from pulse.services.submit.rerun_job import RerunJob
    from pulse.services.submit.resolve_dependencies import ResolveDependencies
    from pulse.services.submit.size_job import SizeJob
    from pulse.services.submit.submit_drop import SubmitDrop
    from pulse.services.submit.submit_job import SubmitJob

CODE = Path(__file__).resolve().parents[2]

# Imports stand in the functions, so that each Lambda loads only what it uses: cold starts are counted.
# ruff: noqa: PLC0415


@cache
def settings() -> Settings:
    return Settings.from_env(os.environ)


@cache
def catalogue() -> "Catalogue":
    """What the configuration offers. The described trainings lie in a file beside the code."""
    from msgspec.json import decode

    from pulse.domain.training.definition import DescribedTrainings

    file = CODE / TRAININGS_FILE
    found = decode(file.read_bytes(), type=DescribedTrainings) if file.is_file() else DescribedTrainings()
    return settings().catalogue(found)


@cache
def resolve_dependencies() -> "ResolveDependencies":
    from pulse.services.submit.resolve_dependencies import ResolveDependencies

    return ResolveDependencies(ledger=ledger())


@cache
def submit_job() -> "SubmitJob":
    from pulse.services.submit.prepare_job import PrepareJob
    from pulse.services.submit.submit_job import SubmitJob

    here = settings()
    prepare_job = PrepareJob(
        catalogue=catalogue(),
        resolve_dependencies=resolve_dependencies(),
        size=lambda request, wanted: size_job().size(request, wanted),
        price=lambda request, resources, *, history: quote_job().price(request, resources, history=history),
        budget_usd=here.monthly_budget_usd,
    )
    return SubmitJob(
        ledger=ledger(),
        finish_claim=finish_claim(),
        prepare=prepare_job.prepare,
        catalogue=catalogue(),
        site=Site(
            data_bucket=here.data_bucket,
            results_bucket=here.results_bucket,
            job_definition=here.job_definition,
        ),
        clock=now,
        random_hex=random_hex,
    )


@cache
def finish_claim() -> "FinishClaim":
    from pulse.services.submit.finish_claim import FinishClaim

    return FinishClaim(
        ledger=ledger(),
        batch=batch(),
        budget_usd=settings().monthly_budget_usd,
        clock=now,
        pause_up_to=pause_up_to,
    )


@cache
def size_job() -> "SizeJob":
    from pulse.services.submit.describe_dataset import DescribeDataset
    from pulse.services.submit.size_job import SizeJob

    here = settings()
    return SizeJob(
        describe_dataset=DescribeDataset(objects(), here.table_suffixes),
        past_runs=past_runs(),
        catalogue=catalogue(),
        data_bucket=here.data_bucket,
    )


@cache
def quote_job() -> "QuoteJob":
    from pulse.services.submit.quote_job import QuoteJob

    here = settings()
    return QuoteJob(
        ledger=ledger(),
        past_runs=past_runs(),
        catalogue=catalogue(),
        prices=here.prices,
        budget_usd=here.monthly_budget_usd,
        clock=now,
    )


@cache
def past_runs() -> "PastRuns":
    from pulse.services.query.past_runs import PastRuns

    return PastRuns(ledger=ledger())


@cache
def rerun_job() -> "RerunJob":
    from lambdas.wiring.on_job_event import deployment
    from pulse.services.submit.rerun_job import RerunJob

    return RerunJob(
        ledger=ledger(), submit_job=submit_job(), publish_alert=publish_alert(), deployment=deployment()
    )


@cache
def find_job() -> "FindJob":
    from pulse.services.query.find_job import FindJob

    return FindJob(ledger=ledger(), clock=now)


@cache
def cancel_job() -> "CancelJob":
    from pulse.services.submit.cancel_job import CancelJob

    return CancelJob(ledger=ledger(), batch=batch())


@cache
def console() -> "Console":
    """The AWS console, where this deployment is."""
    from pulse.domain import console

    return console.of_arn(settings().alerts_topic)


@cache
def submit_drop() -> "SubmitDrop":
    from pulse.services.submit.submit_drop import SubmitDrop

    return SubmitDrop(
        submit_job=submit_job(),
        objects=objects(),
        publish_alert=publish_alert(),
        refused_drops=refused_drops(),
        console=console(),
        clock=now,
    )


@cache
def principals() -> "Principals":
    from pulse.aws import clients
    from pulse.aws.principals import Principals

    return Principals(clients.iam, now)


@cache
def refused_drops() -> "RefusedDrops":
    from pulse.aws.ledger.refusals import RefusedDrops

    return RefusedDrops(ledger_table(), ledger_retention())


@cache
def post_slack() -> "PostSlack":
    from pulse.aws import clients
    from pulse.aws.secrets import Secret
    from pulse.aws.webhook import Webhook
    from pulse.services.alert.pace import Pace
    from pulse.services.alert.post_slack import PostSlack

    here = settings()
    return PostSlack(
        url=Secret(clients.secretsmanager(), here.slack_webhook_secret),
        hosts=here.slack_hosts,
        webhook=Webhook(),
        pace=Pace(now, pause_at_least, per_second=here.slack_rate_per_second),
    )


@cache
def visibility() -> "Visibility":
    from pulse.aws import clients
    from pulse.aws.sqs.visibility import Visibility

    return Visibility(clients.sqs)


@cache
def ledger() -> "Ledger":
    from pulse.aws.ledger.ledger import Ledger

    return Ledger(ledger_table(), ledger_retention())


@cache
def ledger_table() -> "LedgerTable":
    from pulse.aws import clients
    from pulse.aws.ledger.table import LedgerTable

    return LedgerTable(clients.dynamodb(), settings().ledger_table)


def ledger_retention() -> timedelta:
    """How long the ledger keeps its items."""
    return timedelta(days=settings().ledger_retention_days)


@cache
def batch() -> "Batch":
    from pulse.aws import clients
    from pulse.aws.batch.jobs import Batch

    return Batch(clients.batch)


@cache
def objects() -> "Objects":
    from pulse.aws import clients
    from pulse.aws.s3 import Objects

    return Objects(clients.s3)


@cache
def publish_alert() -> "PublishAlert":
    from pulse.aws import clients
    from pulse.aws.ledger.alert_turns import AlertTurns
    from pulse.aws.sns import Topic
    from pulse.services.alert.publish_alert import PublishAlert

    return PublishAlert(
        turns=AlertTurns(ledger_table(), ledger_retention()),
        topic=Topic(clients.sns, settings().alerts_topic),
        clock=now,
    )


def now() -> datetime:
    return datetime.now(UTC)


def random_hex() -> str:
    return secrets.token_hex(4)


def pause_up_to(seconds: float) -> None:
    time.sleep(random.uniform(0, seconds))  # noqa: S311 - spreads callers, hides nothing


def pause_at_least(seconds: float) -> None:
    time.sleep(seconds + random.uniform(0, min(seconds, 1) / 2))  # noqa: S311 - spreads callers, hides nothing
