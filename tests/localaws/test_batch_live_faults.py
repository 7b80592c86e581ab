"""Failures on demand, blocked queues and lost events as a client of a running instance sees them."""

import time
from datetime import datetime

import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from localaws import faults
from tests.localaws.batch_live import Stage

CAPACITY = "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY"
SCALED = {"environment": [{"name": "LOCALAWS_SECONDS_SCALE", "value": "0.001"}]}
WIDE = [{"type": "VCPU", "value": "8"}, {"type": "MEMORY", "value": "16384"}]


@pytest.fixture(scope="module")
def stage(aws):
    return Stage(aws)


@pytest.fixture
def fail(stage):
    yield lambda **document: faults.put(stage.aws.pages_url, **document)
    faults.clear(stage.aws.pages_url)


def test_a_blocked_queue_is_told_shown_and_freed_by_its_limit(stage):
    limit = {
        "reason": "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE",
        "state": "RUNNABLE",
        "maxTimeSeconds": 3000,
        "action": "CANCEL",
    }
    stage.batch.update_job_queue(jobQueue="queue", jobStateTimeLimitActions=[limit])
    job = stage.submit("pass", name="wide", container={"resourceRequirements": WIDE}, overrides=SCALED)
    shown = stage.until(job, "RUNNABLE")
    while "statusReason" not in shown:
        shown = stage.until(job, "RUNNABLE")
    assert shown["statusReason"].startswith("MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE - CE(s) ")
    [listed] = stage.batch.list_jobs(jobQueue="queue", jobStatus="RUNNABLE")["jobSummaryList"]
    assert listed["statusReason"] == shown["statusReason"]
    ended = stage.until(job)
    assert ended["statusReason"] == f"Canceled by JobStateTimeLimit action due to reason: {limit['reason']}"
    events = stage.events(job)
    assert [(one["detail-type"], one["detail"]["status"]) for one in events] == [
        ("Batch Job State Change", "RUNNABLE"),
        ("Batch Job Queue Blocked", "RUNNABLE"),
        ("Batch Job State Change", "FAILED"),
    ]
    queue = stage.batch.describe_job_queues(jobQueues=["queue"])["jobQueues"][0]["jobQueueArn"]
    assert events[1]["resources"] == [ended["jobArn"], queue]
    assert events[1]["detail"]["statusReason"] == shown["statusReason"]
    stage.batch.update_job_queue(jobQueue="queue", jobStateTimeLimitActions=[])


def test_a_template_s_limits_reach_the_queue(stage, deploy):
    arn = stage.batch.describe_compute_environments()["computeEnvironments"][0]["computeEnvironmentArn"]
    action = {"Reason": CAPACITY, "State": "RUNNABLE", "MaxTimeSeconds": "600", "Action": "CANCEL"}
    properties = {
        "JobQueueName": "limited",
        "Priority": 1,
        "ComputeEnvironmentOrder": [{"Order": 1, "ComputeEnvironment": arn}],
        "JobStateTimeLimitActions": [action],
    }
    deploy("limits", {"Queue": {"Type": "AWS::Batch::JobQueue", "Properties": properties}})
    [queue] = stage.batch.describe_job_queues(jobQueues=["limited"])["jobQueues"]
    assert queue["jobStateTimeLimitActions"] == [
        {"reason": CAPACITY, "state": "RUNNABLE", "maxTimeSeconds": 600, "action": "CANCEL"}
    ]


def test_rules_strike_the_jobs_they_name_as_often_as_they_say(stage, fail):
    fail(jobs=[{"how": "spot-fargate", "job": "spot-*", "times": 1}])
    code = "import os, time; time.sleep(60 if os.environ['AWS_BATCH_JOB_ATTEMPT'] == '1' else 0)"
    job = stage.run(code, name="spot-1", retryStrategy={"attempts": 2}, overrides=SCALED)
    first, second = job["attempts"]
    assert (first["statusReason"], first["container"]["exitCode"]) == ("Your Spot Task was interrupted.", 137)
    assert (job["status"], second["container"]["exitCode"]) == ("SUCCEEDED", 0)
    assert stage.run("pass", name="other")["status"] == "SUCCEEDED"
    [rule] = faults.shown(stage.aws.pages_url)["jobs"]
    assert rule == {
        "how": "spot-fargate",
        "job": "spot-*",
        "queue": "*",
        "times": 1,
        "after_seconds": 0.0,
        "struck": 1,
    }


def test_a_job_without_capacity_runs_when_the_rule_is_lifted(stage, fail):
    fail(jobs=[{"how": CAPACITY, "job": "held"}])
    job = stage.submit("pass", name="held")
    time.sleep(0.3)
    assert stage.until(job, "RUNNABLE")["statusReason"].startswith(f"{CAPACITY} - Service cannot fulfill")
    faults.clear(stage.aws.pages_url)
    assert stage.until(job)["status"] == "SUCCEEDED"


def test_lost_events_are_named_and_late_ones_say_when_it_happened(stage, fail):
    fail(events={"drop": 1})
    lost = stage.run("pass")["jobId"]
    told = faults.shown(stage.aws.pages_url)["told"]
    assert [one["status"] for one in told["dropped"] if one["jobId"] == lost] == [
        "RUNNABLE",
        "STARTING",
        "RUNNING",
        "SUCCEEDED",
    ]
    fail(events={"delay_seconds": 2.5, "double": 1})
    job = stage.run("pass")
    events = stage.events(job["jobId"])
    assert time.time() * 1000 >= job["stoppedAt"] + 2_500
    assert len(events) >= 7
    when = datetime.fromisoformat(events[-1]["time"]).timestamp()
    assert abs(when - job["stoppedAt"] / 1000) <= 1


@pytest.mark.parametrize("levels", [200, 980, 100_000])
def test_nested_json_is_refused_as_no_document_and_no_request(stage, levels):
    body = b'{"jobs":' + b"[" * levels + b"]" * levels + b"}"
    answer = httpx.put(f"{stage.aws.pages_url}/batch/faults", content=body, trust_env=False)
    assert (answer.status_code, "nested" in answer.text) == (400, True)
    request = AWSRequest("POST", f"{stage.aws.endpoint_url}/v1/submitjob", data=body)
    SigV4Auth(stage.aws.session().get_credentials(), "batch", "us-east-1").add_auth(request)
    answer = httpx.post(request.url, content=body, headers=dict(request.headers), trust_env=False)
    assert (answer.status_code, "ClientException" in answer.headers["x-amzn-errortype"]) == (400, True)


def test_what_is_no_document_is_refused_and_changes_nothing(stage, fail):
    fail(jobs=[{"how": "host-lost", "job": "nobody"}])
    with pytest.raises(faults.FaultsRefused, match=r"jobs\[0\].how must be one of image-not-found, "):
        fail(jobs=[{"how": "magic"}])
    assert [one["job"] for one in faults.shown(stage.aws.pages_url)["jobs"]] == ["nobody"]


def test_failures_end_with_their_block_whatever_happens_in_it(stage):
    with (
        pytest.raises(ZeroDivisionError),
        faults.injected(stage.aws.pages_url, jobs=[{"how": "spot-ec2"}]),
    ):
        raise ZeroDivisionError
    assert faults.shown(stage.aws.pages_url)["jobs"] == []
