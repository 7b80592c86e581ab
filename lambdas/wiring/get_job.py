"""Wires the use cases of get_job: what is asked of jobs, queues, costs and the API itself."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from lambdas.wiring import shared

if TYPE_CHECKING:
    from pulse.services.query.get_job import GetJob
    from pulse.services.query.get_queue import GetQueue
    from pulse.services.query.list_costs import ListCosts
    from pulse.services.query.list_jobs import ListJobs
    from pulse.services.query.read_log import ReadLog

# Imports stand in the functions, as in shared.py.
# ruff: noqa: PLC0415

SAMPLES = Path(__file__).parents[2] / "samples" / "requests"


@cache
def get_job() -> "GetJob":
    from pulse.aws import clients
    from pulse.aws.logs import Logs
    from pulse.services.alert.read_last_lines import ReadLastLines
    from pulse.services.query.get_job import GetJob

    here = shared.settings()
    return GetJob(
        ledger=shared.ledger(),
        catalogue=shared.catalogue(),
        read_last_lines=ReadLastLines(logs=Logs(clients.logs), log_group=here.log_group),
        clock=shared.now,
    )


@cache
def get_queue() -> "GetQueue":
    from pulse.aws import clients
    from pulse.aws.batch.job_queues import JobQueues
    from pulse.services.query.get_queue import GetQueue

    return GetQueue(
        ledger=shared.ledger(),
        job_queues=JobQueues(clients.batch()),
        catalogue=shared.catalogue(),
    )


@cache
def list_costs() -> "ListCosts":
    from pulse.services.query.list_costs import ListCosts

    return ListCosts(
        ledger=shared.ledger(), budget_usd=shared.settings().monthly_budget_usd, clock=shared.now
    )


@cache
def list_jobs() -> "ListJobs":
    from pulse.services.query.list_jobs import ListJobs

    return ListJobs(ledger=shared.ledger(), clock=shared.now)


@cache
def read_log() -> "ReadLog":
    from pulse.aws import clients
    from pulse.aws.logs import Logs
    from pulse.services.query.read_log import ReadLog

    return ReadLog(ledger=shared.ledger(), logs=Logs(clients.logs), log_group=shared.settings().log_group)


@cache
def openapi() -> str:
    """The API as an OpenAPI document in JSON, with the sample requests that lie beside the code."""
    import msgspec

    from pulse.api.openapi.document import document

    here = shared.settings()
    api_document = document(
        examples={
            file.stem: msgspec.json.decode(file.read_bytes()) for file in sorted(SAMPLES.glob("*.json"))
        },
        profiles=here.profiles,
        queues=here.queues,
        idempotency_window_seconds=here.idempotency_window_seconds,
        ledger_retention_days=here.ledger_retention_days,
    )
    return msgspec.json.encode(api_document).decode()
