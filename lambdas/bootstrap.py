"""Wires settings to adapters and use cases, once a process, and for each function only what it needs."""

import os
import secrets
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from pulse.settings import Settings

if TYPE_CHECKING:
    from pulse.aws.ledger import Ledger
    from pulse.services.post_slack import PostSlack
    from pulse.services.publish_alert import PublishAlert
    from pulse.services.record_job_event import RecordJobEvent
    from pulse.services.submit_drop import SubmitDrop
    from pulse.services.submit_job import SubmitJob

# Imports stand in the functions, so that each Lambda loads only what it uses: cold starts are counted.
# ruff: noqa: PLC0415


@cache
def settings() -> Settings:
    return Settings.from_env(os.environ)


@cache
def submit_job() -> "SubmitJob":
    from pulse.aws import clients
    from pulse.aws.batch import Batch
    from pulse.domain.job_plan import Site
    from pulse.services.submit_job import SubmitJob

    here = settings()
    return SubmitJob(
        ledger=ledger(),
        batch=Batch(clients.batch()),
        catalogue=here.catalogue,
        site=Site(
            data_bucket=here.data_bucket,
            results_bucket=here.results_bucket,
            job_definition=here.job_definition,
        ),
        clock=now,
        random_hex=random_hex,
    )


@cache
def submit_drop() -> "SubmitDrop":
    from pulse.aws import clients
    from pulse.aws.s3 import Objects
    from pulse.domain import console
    from pulse.services.submit_drop import SubmitDrop

    return SubmitDrop(
        submit_job=submit_job(),
        objects=Objects(clients.s3),
        publish_alert=publish_alert(),
        console=console.of_arn(settings().alerts_topic),
    )


@cache
def record_job_event() -> "RecordJobEvent":
    from pulse.aws import clients
    from pulse.aws.s3 import Objects
    from pulse.domain import console
    from pulse.domain.job_alert import Place
    from pulse.services.record_job_event import RecordJobEvent

    here = settings()
    return RecordJobEvent(
        ledger=ledger(),
        objects=Objects(clients.s3),
        publish_alert=publish_alert(),
        queues={queue.arn: name for name, queue in here.queues.items()},
        results_bucket=here.results_bucket,
        place=Place(
            console=console.of_arn(here.alerts_topic), data_bucket=here.data_bucket, log_group=here.log_group
        ),
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
    from pulse.aws import clients
    from pulse.aws.ledger import Ledger

    here = settings()
    return Ledger(clients.dynamodb(), here.ledger_table, timedelta(days=here.ledger_retention_days))


@cache
def publish_alert() -> "PublishAlert":
    from pulse.aws import clients
    from pulse.aws.sns import Topic
    from pulse.services.publish_alert import PublishAlert

    return PublishAlert(ledger=ledger(), topic=Topic(clients.sns, settings().alerts_topic), clock=now)


def now() -> datetime:
    return datetime.now(UTC)


def random_hex() -> str:
    return secrets.token_hex(4)
