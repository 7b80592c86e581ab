"""One invocation of each function as it is commonly called, with what AWS has to answer to it."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec

from benchmarks import stub_aws
from benchmarks.stub_aws import StubAws
from pulse.aws.ledger import items
from pulse.domain.alerts.alert import Alert, Fact
from pulse.domain.job.record import JobRecord
from pulse.domain.plan.stored_plan import StoredPlan
from pulse.domain.request.job_request import JobRequest

_EVENTS = Path(__file__).parents[1] / "tests" / "events"
_JOB_ID = "batch-20260302093000-0a1b2c3d"


class Invocation(NamedTuple):
    """`environment`: what the function is told beside its settings."""

    event: dict[str, Any]
    environment: Mapping[str, str] = MappingProxyType({})


def of(function: str, aws: StubAws) -> Invocation:
    """The invocation of the function with this name, for which `aws` is given what it has to answer."""
    return _MADE[function](aws)


def _submit_job(_: StubAws) -> Invocation:
    return Invocation(stub_aws.call())


def _cancel_job(aws: StubAws) -> Invocation:
    aws.items = _running_job()
    return Invocation(_call("POST /jobs/{id}/cancel"))


def _get_job(aws: StubAws) -> Invocation:
    aws.items = _running_job()
    return Invocation(_call("GET /jobs/{id}"))


def _on_job_event(aws: StubAws) -> Invocation:
    """The end of a job, which makes an alert."""
    aws.items = _running_job()
    return Invocation(stub_aws.message((_EVENTS / "batch_succeeded.json").read_text()))


def _send_alert(aws: StubAws) -> Invocation:
    aws.secret = f"{aws.url}/services/webhook"
    alert = Alert(
        kind="SUCCEEDED",
        severity="info",
        about=_JOB_ID,
        headline="The training of datasets/market_daily.csv succeeded.",
        reason="It ran for 3 minutes.",
        next_step="Read its report.",
        facts=(Fact("Cost", "$0.01"),),
    )
    hosts = json.dumps([aws.url.removeprefix("http://")])
    return Invocation(
        stub_aws.message(msgspec.json.encode(alert).decode()),
        {"PULSE_SLACK_WEBHOOK_SECRET": "slack", "PULSE_SLACK_HOSTS": hosts},
    )


def _reconcile_jobs(_: StubAws) -> Invocation:
    """Called by a clock; nothing is left behind."""
    return Invocation({})


_MADE: dict[str, Callable[[StubAws], Invocation]] = {
    "submit_job": _submit_job,
    "cancel_job": _cancel_job,
    "get_job": _get_job,
    "on_job_event": _on_job_event,
    "send_alert": _send_alert,
    "reconcile_jobs": _reconcile_jobs,
}


def _call(route: str) -> dict[str, Any]:
    method, template = route.split(" ")
    path = template.replace("{id}", _JOB_ID)
    event = stub_aws.call()
    event |= {"routeKey": route, "rawPath": path, "pathParameters": {"id": _JOB_ID}, "body": None}
    event["requestContext"]["http"] |= {"method": method, "path": path}
    event["requestContext"]["routeKey"] = route
    return event


def _running_job() -> list[dict[str, Any]]:
    """What the ledger has of one: its record and its plan."""
    created_at = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    record = JobRecord(
        job_id=_JOB_ID,
        status="RUNNING",
        created_at=created_at,
        batch_job_id="4c7599ae-0a82-49aa-ba5a-4727fcce14a8",
        job_name="pulse-retrodiction-20260302093000-0a1b2c3d",
        queue="pulse-retrodiction-job-queue",
        profile="small",
        dataset="datasets/market_daily.csv",
        vcpus="1",
        memory_mib=2048,
        results_bucket="pulse-results",
        started_at=created_at + timedelta(seconds=42),
    )
    plan = StoredPlan(request=JobRequest(dataset=record.dataset), steps=())
    return [
        items.job_key(_JOB_ID) | items.wire(items.record_values(record)),
        items.plan_key(_JOB_ID) | items.wire(items.plan_values(plan)),
    ]
