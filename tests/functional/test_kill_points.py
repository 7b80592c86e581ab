"""Whichever call to AWS fails while a job's events are handled: nothing is lost, nothing happens twice."""

import itertools
import json
from collections import Counter
from decimal import Decimal

import boto3
import botocore.client
import pytest
from botocore.exceptions import ClientError
from msgspec import structs

from lambdas import on_job_event
from pulse.domain.request.alerts_wanted import AlertsWanted
from pulse.domain.schedule_target import ScheduleTarget
from tests.functional.jobs import earlier_run, submitted, told

pytestmark = pytest.mark.usefixtures("deployed")

ALL = AlertsWanted(kinds=("SUBMITTED", "STARTED", "SUCCEEDED", "FAILED", "OVERDUE", "BLOCKED"))
ARN = "arn:aws:sqs:us-east-1:123456789012"
LIFE = ("batch_runnable", "batch_queue_blocked_max_resource", "batch_running", "overdue")
LEAST_CALLS = 25
MOST_DELIVERIES = 5
"""As the queue has it: then a message is dead."""


class Died(BaseException):
    """The function was ended from outside."""


def throttled(call, operation):
    """Nothing was done, and the function knows."""
    error = {"Error": {"Code": "ThrottlingException", "Message": "slow down"}}
    raise ClientError(error, operation)


def died(call, operation):
    """It was done, and nothing after it."""
    call()
    raise Died


class Failing:
    """Fails one call, counted from when it was told to, and remembers which."""

    def __init__(self, how, monkeypatch):
        self._left = None
        self.struck = ""
        make = botocore.client.BaseClient._make_api_call

        def make_or_fail(client, operation, parameters):
            if self._left is None:
                return make(client, operation, parameters)
            self._left -= 1
            if self._left != -1:
                return make(client, operation, parameters)
            self.struck = operation
            return how(lambda: make(client, operation, parameters), operation)

        monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", make_or_fail)

    def at(self, number):
        self._left, self.struck = number, ""

    def never(self):
        self._left = None


@pytest.fixture
def settings(settings):
    target = ScheduleTarget(
        group="due",
        queue_arn=f"{ARN}:events",
        dead_letters_arn=f"{ARN}:dead",
        role_arn="arn:aws:iam::123456789012:role/due",
    )
    return structs.replace(settings, overdue_schedules=target, monthly_budget_usd=Decimal(1000))


@pytest.fixture
def deliver(sqs_event, context, clock):
    """Delivers an event until it is handled."""

    def until_handled(event):
        for _ in range(MOST_DELIVERIES):
            try:
                if not on_job_event.handler(sqs_event(event), context)["batchItemFailures"]:
                    return
            except Died:
                pass
            clock.forward(minutes=3)
        pytest.fail(f"a dead letter: {event['detail-type']}")

    return until_handled


@pytest.mark.parametrize(
    ("how", "ending", "first"),
    [(throttled, "batch_failed_error", 0), (died, "batch_succeeded", 1)],
)
def test_should_lose_nothing_and_repeat_nothing(how, ending, first, deliver, ledger, alerts, s3, monkeypatch):  # noqa: PLR0913, PLR0917 - fixtures
    """Every other call is throttled, and at those between the function dies: tests/simulation does both at
    all of them.
    """
    scheduler = boto3.client("scheduler")
    scheduler.create_schedule_group(Name="due")
    for number in range(3):
        earlier_run(ledger, number, ran_seconds=60, days_ago=number + 1)
    kinds = ["SUBMITTED", "BLOCKED", "STARTED", "OVERDUE", "SUCCEEDED" if "succ" in ending else "FAILED"]
    failing = Failing(how, monkeypatch)
    for number in itertools.count(first, 2):
        record = submitted(ledger, number, alerts=ALL, due_seconds=60)
        metrics = json.dumps({"job_id": record.job_id, "windows": 3, "variables": {}})
        s3.put_object(Bucket="pulse-results", Key=f"results/{record.job_id}/metrics.json", Body=metrics)
        failing.at(number)
        for name in (*LIFE, ending):
            deliver(due(record.job_id) if name == "overdue" else told(name, number))
        struck = failing.struck
        failing.never()
        told_of = Counter(alert["kind"] for alert in alerts())
        twice = {kind for kind, times in told_of.items() if times > 1}
        assert list(told_of) == kinds, f"{struck} {number}"
        # Only who died between the alert and its note sends it again: not who could not write the note.
        assert not twice or (how is died and struck in {"Publish", "UpdateItem"}), f"{struck} {number}"
        assert len(twice) <= 1
        ended = ledger.record(record.job_id)
        assert ended.status == kinds[-1]
        assert ended.due_at
        assert ended.usual
        standing = [s["Name"] for s in scheduler.list_schedules(GroupName="due")["Schedules"]]
        assert record.job_id not in standing or struck == "DeleteSchedule"
        if not struck:
            break
    assert number > LEAST_CALLS
    spent = sum(ledger.record(submitted_id(n)).cost_usd for n in range(first, number + 1, 2))
    assert ledger.spent("2026-03") == spent


def due(job_id):
    return {"source": "pulse", "detail-type": "Job Overdue", "detail": {"job_id": job_id}}


def submitted_id(number):
    return told("batch_running", number)["detail"]["container"]["environment"][3]["value"]
