"""SUBMITTED and STARTED on request, and what the alert of the end brings along: the log, the run before."""

import io
import json
from datetime import UTC, datetime
from itertools import permutations

import pytest
from botocore.exceptions import ClientError

from pulse.aws.logs import Logs
from pulse.domain.request.alerts_wanted import AlertsWanted
from tests.functional.jobs import RECORDED_BATCH_JOB, earlier_run, submitted, told
from tests.functional.jobs import RECORDED_JOB as JOB

pytestmark = pytest.mark.usefixtures("deployed")

ALL = AlertsWanted(kinds=("SUBMITTED", "STARTED", "SUCCEEDED", "FAILED", "OVERDUE", "BLOCKED"))
STREAM = "job/default/9f8e7d6c5b4a"


class LogsEndpoint:
    """CloudWatch Logs: `lines` are what the streams hold, or the error that it answers."""

    def __init__(self, lines):
        self.lines = lines

    def get_log_events(self, **asked):
        assert asked["startFromHead"] is False
        if isinstance(self.lines, str):
            raise ClientError({"Error": {"Code": self.lines, "Message": "no"}}, "GetLogEvents")
        events = [{"timestamp": 1772443800000, "message": line} for line in self.lines[-asked["limit"] :]]
        return {"events": events, "nextForwardToken": "f"}


@pytest.fixture
def logged(monkeypatch):
    """What the jobs' streams hold."""
    return lambda lines: monkeypatch.setattr(Logs, "_client", LogsEndpoint(lines))


def kinds(alerts):
    return [alert["kind"] for alert in alerts()]


def test_should_tell_of_the_beginning_when_it_was_asked_for(happen, ledger, alerts):
    submitted(ledger, alerts=ALL)
    life = ("batch_runnable", "batch_running", "batch_retried_runnable", "batch_succeeded")
    assert happen(*(told(name) for name in life for _ in range(2))) == []
    assert kinds(alerts) == ["SUBMITTED", "STARTED", "SUCCEEDED"]


def test_should_not_tell_of_the_beginning_when_nobody_asked(happen, ledger, alerts):
    submitted(ledger)
    happen(told("batch_runnable"), told("batch_running"))
    assert kinds(alerts) == []


def test_should_not_tell_of_the_beginning_of_what_has_ended(happen, ledger, alerts):
    submitted(ledger, alerts=ALL)
    happen(told("batch_succeeded"), told("batch_runnable"), told("batch_running"))
    assert kinds(alerts) == ["SUCCEEDED"]


def test_should_tell_of_an_array_and_not_of_what_follows_it(happen, ledger, alerts):
    submitted(ledger, array_size=2, follower="batch-20260302093000-0a1b2c3e", alerts=ALL)
    submitted(ledger, 1, follows=JOB, alerts=ALL)
    child = told("batch_running")
    child["detail"] |= {"jobId": f"{child['detail']['jobId']}:0", "arrayProperties": {"index": 0}}
    happen(
        told("batch_runnable", status="PENDING"), child, told("batch_runnable", 1), told("batch_running", 1)
    )
    assert kinds(alerts) == ["SUBMITTED", "STARTED"]


@pytest.mark.parametrize("order", list(permutations(range(4))), ids=str)
def test_should_record_an_array_of_another_client_alike_in_whatever_order_its_events_come(
    happen, ledger, order
):
    summary = {"size": 4, "statusSummary": {"FAILED": 1, "SUCCEEDED": 3}}
    child = {"jobId": f"{RECORDED_BATCH_JOB}:0", "arrayProperties": {"index": 0}}
    array = {"jobId": RECORDED_BATCH_JOB}
    events = [
        told("batch_runnable", status="PENDING", **array),
        told("batch_running", **child),
        told("batch_failed_array_child", **child),
        told("batch_failed_array_parent", **array, arrayProperties=summary),
    ]
    happen(*(events[number] for number in order))
    record = ledger.record(JOB)
    assert (record.status, record.array_size, record.foreign) == ("FAILED", 4, True)
    assert record.children == {"FAILED": 1, "SUCCEEDED": 3}
    assert record.started_at == datetime(2026, 3, 2, 9, 30, 42, tzinfo=UTC)
    assert [child.index for child in ledger.children(JOB)] == [0]
    assert record.cost_usd == ledger.children(JOB)[0].cost_usd > 0


def test_should_bring_the_end_of_the_log_with_a_failure(happen, ledger, alerts, logged):
    submitted(ledger)
    secret = "aws_secret_access_key=" + "aB3" * 13 + "z"
    logged([f"line {number}" for number in range(40)] + [secret])
    happen(told("batch_failed_error"))
    (alert,) = alerts()
    text = json.dumps(alert)
    assert "line 39" in text
    assert "line 21" in text
    assert "line 20" not in text
    assert "aB3aB3" not in text


def test_should_find_the_cause_in_the_log(happen, ledger, alerts, logged):
    submitted(ledger)
    logged(["Traceback (most recent call last):", "numpy._core._exceptions._ArrayMemoryError: no room"])
    happen(told("batch_failed_error"))
    (alert,) = alerts()
    assert alert["cause"] == "out-of-memory"


@pytest.mark.parametrize("error", ["AccessDeniedException", "ThrottlingException"])
def test_should_tell_of_a_failure_when_its_log_cannot_be_read(happen, alerts, logged, log_lines, error):
    logged(error)
    assert happen(told("batch_failed_exit_code")) == []
    (alert,) = alerts()
    assert (alert["kind"], alert["cause"]) == ("FAILED", "missing-variable")
    (line,) = [line for line in log_lines() if line["level"] == "ERROR"]
    assert error in line["reason"]
    assert line["job_id"] == JOB


def test_should_find_nothing_wrong_with_a_job_that_never_logged(happen, alerts, logged, log_lines):
    logged("ResourceNotFoundException")
    assert happen(told("batch_failed_exit_code")) == []
    assert kinds(alerts) == ["FAILED"]
    assert [line for line in log_lines() if line["level"] == "ERROR"] == []


def test_should_not_read_the_logs_of_others(happen, alerts, logged):
    logged(["not ours"])
    elsewhere = told("batch_failed_exit_code")
    elsewhere["detail"]["container"]["logConfiguration"] = {"options": {"awslogs-group": "/another/team"}}
    assert happen(elsewhere) == []
    assert "not ours" not in json.dumps(alerts())


def test_should_compare_with_the_run_before(happen, ledger, s3, alerts):
    earlier_run(ledger, 7, ran_seconds=100)
    before = ledger.record("batch-20260201000000-00000007")
    for job_id, trust in ((before.job_id, 0.5), (JOB, 0.75)):
        metrics = {"job_id": job_id, "windows": 3, "variables": {"spx_close": {"trust": trust}}}
        body = io.BytesIO(json.dumps(metrics).encode())
        s3.put_object(Bucket="pulse-results", Key=f"results/{job_id}/metrics.json", Body=body)
    submitted(ledger)
    happen(told("batch_running"), told("batch_succeeded"))
    (alert,) = alerts()
    assert ledger.record(JOB).compared_to == before.job_id
    assert "+0.25" in json.dumps(alert)


def test_should_succeed_when_the_run_before_left_nothing_to_compare(happen, ledger, s3, alerts):
    earlier_run(ledger, 7, ran_seconds=100)
    metrics = {"job_id": JOB, "windows": 3, "variables": {"spx_close": {"trust": 0.75}}}
    s3.put_object(Bucket="pulse-results", Key=f"results/{JOB}/metrics.json", Body=json.dumps(metrics))
    submitted(ledger)
    assert happen(told("batch_running"), told("batch_succeeded")) == []
    (alert,) = alerts()
    assert "0.75" in json.dumps(alert)
