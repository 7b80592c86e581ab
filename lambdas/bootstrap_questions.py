"""Wires the use cases of get_job: what is asked of jobs, queues, costs and the API itself."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from lambdas import bootstrap

if TYPE_CHECKING:
    from pulse.services.get_job import GetJob
    from pulse.services.get_queue import GetQueue
    from pulse.services.list_costs import ListCosts
    from pulse.services.list_jobs import ListJobs
    from pulse.services.read_log import ReadLog

# Imports stand in the functions, as in bootstrap.py.
# ruff: noqa: PLC0415

SAMPLES = Path(__file__).parents[1] / "samples" / "requests"


@cache
def get_job() -> "GetJob":
    from pulse.aws import clients
    from pulse.aws.logs import Logs
    from pulse.services.get_job import GetJob
    from pulse.services.read_last_lines import ReadLastLines

    here = bootstrap.settings()
    return GetJob(
        ledger=bootstrap.ledger(),
        catalogue=here.catalogue,
        read_last_lines=ReadLastLines(logs=Logs(clients.logs), log_group=here.log_group),
        clock=bootstrap.now,
    )


@cache
def get_queue() -> "GetQueue":
    from pulse.aws import clients
    from pulse.aws.job_queues import JobQueues
    from pulse.services.get_queue import GetQueue

    return GetQueue(
        ledger=bootstrap.ledger(),
        job_queues=JobQueues(clients.batch()),
        catalogue=bootstrap.settings().catalogue,
    )


@cache
def list_costs() -> "ListCosts":
    from pulse.services.list_costs import ListCosts

    return ListCosts(
        ledger=bootstrap.ledger(), budget_usd=bootstrap.settings().monthly_budget_usd, clock=bootstrap.now
    )


@cache
def list_jobs() -> "ListJobs":
    from pulse.services.list_jobs import ListJobs

    return ListJobs(ledger=bootstrap.ledger(), clock=bootstrap.now)


@cache
def read_log() -> "ReadLog":
    from pulse.aws import clients
    from pulse.aws.logs import Logs
    from pulse.services.read_log import ReadLog

    return ReadLog(
        ledger=bootstrap.ledger(), logs=Logs(clients.logs), log_group=bootstrap.settings().log_group
    )


@cache
def openapi() -> str:
    """The API as an OpenAPI document in JSON, with the sample requests that lie beside the code."""
    import msgspec

    from pulse.domain.openapi import document

    here = bootstrap.settings()
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
