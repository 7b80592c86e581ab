"""GET /jobs/{id}, and what is no route at all, through get_job's real entry point."""

import json
import time
from datetime import timedelta

import boto3
import pytest
from msgspec import structs

from lambdas import on_job_event
from pulse.domain.job.child import Child
from pulse.domain.job.event import Attempt
from pulse.domain.job.record import JobRecord
from pulse.domain.plan.stored_plan import StoredPlan
from pulse.domain.request import identity
from pulse.domain.request.identity import Identity
from pulse.domain.request.job_request import JobRequest
from pulse.domain.training.headline import HeadlineMetric
from tests.functional.api import Api
from tests.functional.conftest import START


@pytest.fixture
def api(deployed, context) -> Api:
    return Api(context)


def tell(event, sqs_event, context, sent, name):
    happened = event(name)
    happened["detail"] |= {"jobName": sent["jobName"], "jobQueue": sent["jobQueue"]}
    happened["detail"]["container"]["environment"] = sent["containerOverrides"]["environment"]
    return on_job_event.handler(sqs_event(happened), context), happened["detail"]


def test_should_tell_of_a_job_just_submitted(api):
    request = {
        "dataset": "datasets/market_daily.csv",
        "variables": ["spx_close"],
        "vcpus": 2,
        "memory_mib": 4096,
    }
    job_id = api("POST /jobs", request).content["job_id"]
    status, content, headers = api(f"GET /jobs/{job_id}")
    assert (status, headers["content-type"]) == (200, "application/json")
    assert content == {
        "job_id": job_id,
        "status": "SUBMITTED",
        "created_at": "2026-03-02T09:30:00Z",
        "batch_job_id": "aws-1",
        "asked_by": "arn:aws:iam::123456789012:user/analyst",
        "job_name": f"pulse-retrodiction-{job_id.removeprefix('batch-')}",
        "queue": "fifo",
        "profile": "small",
        "dataset": "datasets/market_daily.csv",
        "variables": ["spx_close"],
        "vcpus": 2,
        "memory_mib": 4096,
        "results": f"s3://pulse-results/results/{job_id}/",
        "request": request,
        "links": {
            "job": "https://us-east-1.console.aws.amazon.com/batch/home?region=us-east-1#jobs/detail/aws-1"
        },
    }


def test_should_tell_how_a_job_ended(api, event, sqs_event, context, batch):
    batch.answers = [{"jobId": event("batch_failed_out_of_memory")["detail"]["jobId"], "jobName": "n"}]
    job_id = api("POST /jobs", {}).content["job_id"]
    _, detail = tell(event, sqs_event, context, batch.requests[0], "batch_failed_out_of_memory")
    content = api(f"GET /jobs/{job_id}").content
    assert content["status"] == "FAILED"
    assert content["exit_code"] == 137
    assert content["reason"].startswith("OutOfMemoryError")
    assert content["log_stream"] == detail["container"]["logStreamName"]
    assert content["stopped_at"] > content["started_at"]
    assert content["ran_seconds"] > 0
    assert float(content["cost_usd"]) > 0
    assert [(c["status"], c["attempts"]) for c in content["changes"]] == [("FAILED", len(detail["attempts"]))]
    last = content["attempts_log"][-1]
    assert (last["exit_code"], last["log_stream"]) == (137, content["log_stream"])
    assert last["reason"] == content["reason"]
    assert sum(attempt["ran_seconds"] for attempt in content["attempts_log"]) == content["ran_seconds"]
    assert content["diagnosis"]["cause"] == "out-of-memory"
    assert content["diagnosis"]["retry_helps"] is False
    assert content["diagnosis"]["explanation"]
    assert content["diagnosis"]["advice"]
    assert content["links"]["log"].endswith(content["log_stream"].replace("/", "$252F"))


def test_should_tell_how_the_log_of_a_failed_job_ends_without_secrets(api, ledger):
    logs = boto3.client("logs")
    logs.create_log_group(logGroupName="/pulse/training")
    logs.create_log_stream(logGroupName="/pulse/training", logStreamName="training/1")
    milliseconds = int(time.time() * 1000)  # CloudWatch refuses lines that are weeks old
    lines = [f"line {number}" for number in range(30)] + ["key AKIAIOSFODNN7EXAMPLE"]
    events = [{"timestamp": milliseconds + n, "message": t} for n, t in enumerate(lines)]
    logs.put_log_events(logGroupName="/pulse/training", logStreamName="training/1", logEvents=events)
    ledger.create(
        JobRecord(
            job_id="a",
            status="FAILED",
            created_at=START,
            foreign=True,
            log_group="/pulse/training",
            log_stream="training/1",
        )
    )
    told = api("GET /jobs/a").content["diagnosis"]["log_lines"]
    assert (len(told), told[0]) == (20, "line 11")
    assert "AKIAIOSFODNN7EXAMPLE" not in told[-1]


def test_should_tell_in_aws_batchs_words_but_without_secrets_why_a_job_failed(api, ledger):
    why = "CannotPullContainerError: Get https://robot:hunter2secret@registry.example.com/v2/: denied"
    attempts = (Attempt(reason=why), Attempt(status_reason=why))
    known = JobRecord(job_id="a", status="FAILED", created_at=START, foreign=True, tries=attempts)
    ledger.create(structs.replace(known, reason=why, status_reason=why, attempts=2))
    told = api("GET /jobs/a").content
    assert told["reason"] == told["status_reason"] == told["attempts_log"][0]["reason"]
    assert told["reason"].startswith("CannotPullContainerError: Get https://")
    assert "hunter2" not in json.dumps(told)


def test_should_tell_what_a_run_says_must_be_read_first(api, ledger):
    warnings = ("price: -999 stands 24 times.", "volume: 12 % of the cells are no number.")
    ledger.create(
        JobRecord(
            job_id="a",
            status="SUCCEEDED",
            created_at=START,
            foreign=True,
            warnings=warnings,
            warnings_count=37,
        )
    )
    told = api("GET /jobs/a").content
    assert (told["warnings"], told["warnings_count"]) == ([*warnings], 37)
    [listed] = api("GET /jobs").content["jobs"]
    assert ("warnings" in listed, listed["warnings_count"]) == (False, 37)


def test_should_tell_what_a_run_found_of_one_job_and_in_a_list(api, ledger):
    found = (HeadlineMetric(name="trust", value=0.75, before=0.5), HeadlineMetric(name="skill", value=-0.25))
    ledger.create(JobRecord(job_id="a", status="SUCCEEDED", created_at=START, foreign=True, headline=found))
    expected = [{"name": "trust", "value": 0.75, "before": 0.5}, {"name": "skill", "value": -0.25}]
    assert api("GET /jobs/a").content["headline"] == expected
    [listed] = api("GET /jobs").content["jobs"]
    assert listed["headline"] == expected


def test_should_tell_what_blocks_a_job_as_long_as_it_is_runnable(api, ledger):
    reason = "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - The job requires more than there is."
    for job_id, status in (("a", "RUNNABLE"), ("b", "RUNNING")):
        ledger.create(
            JobRecord(job_id=job_id, status=status, created_at=START, foreign=True, blocked_reason=reason)
        )
    blocked = api("GET /jobs/a").content["blocked"]
    assert reason in blocked["explanation"]
    assert blocked["advice"]
    assert "blocked" not in api("GET /jobs/b").content


def test_should_tell_of_an_array_and_of_what_follows_it(api):
    array = api("POST /jobs", {"shards": 3}).content
    content = api(f"GET /jobs/{array['job_id']}").content
    merge = api(f"GET /jobs/{array['follower']['job_id']}").content
    assert (content["array_size"], content["follower"]) == (3, merge["job_id"])
    assert merge["follows"] == array["job_id"]
    assert merge["results"] == content["results"] == array["results"]
    assert merge["request"] == content["request"] == {"shards": 3}


def test_should_tell_which_children_of_an_array_failed_and_why_most_did(api, ledger):
    ledger.create(JobRecord(job_id="a", status="FAILED", created_at=START, foreign=True, array_size=4))
    causes = {3: "out-of-memory", 0: "", 1: "out-of-memory", 2: "exit-code"}
    for index, cause in causes.items():
        status = "FAILED" if cause else "SUCCEEDED"
        ledger.note_child("a", Child(index=index, status=status, cause=cause), now=START)
    assert api("GET /jobs/a").content["failures"] == {
        "count": 3,
        "of": 4,
        "indexes": [1, 2, 3],
        "cause": "out-of-memory",
        "with_cause": 2,
    }


def test_should_name_the_job_that_was_submitted_because_this_one_ran_out_of_memory(api, ledger):
    job = JobRecord(job_id="a", status="FAILED", created_at=START, reason="OutOfMemoryError: killed")
    plan = StoredPlan(request=JobRequest(), steps=())
    ledger.claim(Identity(key="k", payload_hash=""), [job], plan)
    assert "rerun" not in api("GET /jobs/a").content
    again = JobRecord(job_id="b", status="CLAIMED", created_at=START, rerun_of="a", rerun_because="memory")
    ledger.claim(identity.of_rerun("a", "memory"), [again], plan)
    assert api("GET /jobs/a").content["rerun"] == "b"


def test_should_tell_how_long_a_job_waited_as_its_alert_does(api, ledger):
    started = START + timedelta(seconds=61)
    created = START + timedelta(milliseconds=700)
    job = JobRecord(job_id="a", status="RUNNING", created_at=created, started_at=started, foreign=True)
    ledger.create(job)
    assert api("GET /jobs/a").content["waited_seconds"] == job.waited_seconds == 60.3


def test_should_tell_of_a_job_that_another_client_submitted(api, event, sqs_event, context):
    happened = event("batch_running")
    happened["detail"]["container"]["environment"] = []
    on_job_event.handler(sqs_event(happened), context)
    content = api(f"GET /jobs/{happened['detail']['jobId']}").content
    assert content["foreign"] is True
    assert "request" not in content
    assert content["results"].endswith(f"/results/{content['job_id']}/")


@pytest.mark.parametrize("job_id", ["batch-20260302093000-00000000", "x" * 3000, "a b", "%00", "ü"])
def test_should_answer_not_found_for_a_job_that_is_none(api, job_id):
    status, problem, headers = api(f"GET /jobs/{job_id}")
    assert (status, headers["content-type"]) == (404, "application/problem+json")
    assert problem["status"] == 404


@pytest.mark.parametrize("route", ["GET /", "GET /job", "POST /jobs/a/b/c", "GET /openapi", "PUT /x\u202e"])
def test_should_answer_not_found_for_what_is_no_route(api, route):
    status, problem, headers = api(route)
    assert (status, problem["type"]) == (404, "urn:pulse:problem:no-such-resource")
    assert headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("route", "allowed"),
    [
        ("PATCH /jobs", "POST, GET"),
        ("POST /jobs/a/logs", "GET"),
        ("DELETE /jobs/a", "GET"),
        ("GET /jobs/a/cancel", "POST"),
        ("HEAD /openapi.json", "GET"),
        ("TRACE /jobs/a/rerun", "POST"),
    ],
)
def test_should_name_the_methods_of_a_route_that_is_called_with_another(api, route, allowed):
    status, problem, headers = api(route)
    assert (status, headers["allow"]) == (405, allowed)
    assert problem["type"] == "urn:pulse:problem:method-not-allowed"


def test_should_hide_our_own_faults_when_the_ledger_is_out_of_reach(api, table):
    table.delete()
    status, problem, _ = api("GET /jobs/batch-20260302093000-00000000")
    assert (status, problem["title"]) == (500, "Pulse failed")
    assert "arn:" not in json.dumps(problem)
