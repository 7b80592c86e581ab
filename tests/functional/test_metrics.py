"""What the functions print for CloudWatch (EMF): each job's end once, whatever comes late or again."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from lambdas import on_job_event, submit_job
from lambdas.common.telemetry import CAUSE, NAMESPACE, Job
from pulse.aws.sns import Topic
from pulse.domain.errors import Unavailable
from pulse.domain.job.record import JobRecord
from pulse.domain.plan.stored_plan import StoredPlan
from pulse.domain.request.identity import Identity
from pulse.domain.request.job_request import JobRequest

pytestmark = pytest.mark.usefixtures("deployed")

JOB = "batch-20260302093000-0a1b2c3d"
BATCH_JOB = "4c7599ae-0a82-49aa-ba5a-4727fcce14a8"
NAMES = {str(name) for name in Job}


@pytest.fixture
def measured(capsys):
    """Values and units by (name, cause), of jobs only, of what was printed since the last call."""

    def read():
        found = {}
        for line in capsys.readouterr().out.splitlines():
            document = json.loads(line)
            for directive in document.get("_aws", {}).get("CloudWatchMetrics", []):
                assert directive["Namespace"] == NAMESPACE
                (dimensions,) = directive["Dimensions"]
                assert set(dimensions) in ({"service"}, {"service", CAUSE})
                for metric in directive["Metrics"]:
                    if metric["Name"] in NAMES:
                        values = document[metric["Name"]]
                        key = (document["service"], metric["Name"], document.get(CAUSE, ""))
                        assert key not in found
                        found[key] = (values if isinstance(values, list) else [values], metric["Unit"])
        return found

    return read


@pytest.fixture
def happen(sqs_event, context, event):
    """Delivers recorded events in one batch."""
    return lambda *names: on_job_event.handler(sqs_event(*map(event, names)), context)


@pytest.fixture
def submitted(ledger):
    now = datetime(2026, 3, 2, 9, 29, 59, tzinfo=UTC)
    record = JobRecord(
        job_id=JOB,
        status="CLAIMED",
        created_at=now,
        job_name="pulse-retrodiction-20260302093000-0a1b2c3d",
        queue="fifo",
        vcpus="1",
        memory_mib=2048,
        results_bucket="pulse-results",
        lease_until=now + timedelta(seconds=90),
    )
    ledger.claim(Identity(key="k", payload_hash="h"), [record], StoredPlan(request=JobRequest(), steps=()))
    ledger.settle(JOB, BATCH_JOB)


@pytest.mark.usefixtures("submitted")
def test_should_measure_a_success_and_its_alert(happen, measured, ledger):
    happen("batch_runnable", "batch_running")
    assert measured() == {}
    happen("batch_retried_runnable", "batch_succeeded")
    cost_usd = float(ledger.record(JOB).cost_usd)
    assert cost_usd > 0
    assert measured() == {
        ("on_job_event", "Succeeded", ""): ([1.0], "Count"),
        ("on_job_event", "QueueWait", ""): ([43.0], "Seconds"),
        ("on_job_event", "Runtime", ""): ([185.0], "Seconds"),
        ("on_job_event", "CostUsd", ""): ([cost_usd], "None"),
        ("on_job_event", "AlertsSent", ""): ([1.0], "Count"),
    }


@pytest.mark.usefixtures("submitted")
def test_should_count_nothing_when_the_end_is_told_again_or_what_was_before_it_late(happen, measured):
    happen("batch_succeeded")
    assert measured()
    happen("batch_succeeded", "batch_running", "batch_runnable", "batch_succeeded")
    assert measured() == {}


@pytest.mark.usefixtures("submitted")
@pytest.mark.parametrize(
    ("name", "outcome"), [("batch_succeeded", "Succeeded"), ("batch_failed_error", "Failed")]
)
def test_should_measure_an_end_once_although_its_first_delivery_failed(  # noqa: PLR0913, PLR0917 - fixtures
    happen, measured, clock, monkeypatch, name, outcome
):
    def away(self, alert):
        raise Unavailable("SNS is away")

    with monkeypatch.context() as broken:
        broken.setattr(Topic, "publish", away)
        assert happen(name)["batchItemFailures"]
    found = measured()
    assert found["on_job_event", outcome, ""] == ([1.0], "Count")
    assert ("on_job_event", "CostUsd", "") in found
    assert len([key for key in found if key[1] == "Failed"]) == (2 if outcome == "Failed" else 0)

    clock.forward(seconds=61)
    assert happen(name) == {"batchItemFailures": []}
    assert measured() == {("on_job_event", "AlertsSent", ""): ([1.0], "Count")}


def test_should_count_a_failure_for_all_jobs_and_once_more_by_its_cause(happen, measured):
    happen("batch_failed_out_of_memory")
    found = measured()
    assert found["on_job_event", "Failed", ""] == ([1.0], "Count")
    assert found["on_job_event", "Failed", "out-of-memory"] == ([1.0], "Count")
    assert ("on_job_event", "Succeeded", "") not in found


def test_should_not_measure_a_wait_or_a_run_of_a_job_that_never_started(happen, measured):
    happen("batch_failed_dependency")
    names = {name for _, name, _ in measured()}
    assert "Failed" in names
    assert names.isdisjoint({"QueueWait", "Runtime"})


def test_should_not_count_an_array_s_child(happen, measured):
    happen("batch_failed_array_child")
    assert measured() == {}


def test_should_count_a_rejected_drop_s_alert_once(measured, sqs_event, context, event):
    drop = event("s3_object_created_request")
    submit_job.handler(sqs_event(drop, drop), context)
    assert measured() == {("submit_job", "AlertsSent", ""): ([1.0], "Count")}
