"""What goes wrong on the path ends in a job or an alert that says so, never in silence."""

import json
import uuid

import httpx
import pytest

from tests.local.deployment import Deployment, pulse_job_id, sample, until

pytestmark = pytest.mark.local


def test_should_fail_and_say_why_when_the_dropped_file_is_no_csv(pulse: Deployment):
    version = pulse.drop("datasets/broken.csv", b"\x00\x01\x02 this is not a table \xff\xfe" * 50)

    job = pulse.finished(pulse.job_of_drop(version)["jobId"])

    assert job["status"] == "FAILED"
    assert job["attempts"][0]["container"]["exitCode"] >= 64
    assert len(job["attempts"]) == 1, "an unreadable file stays unreadable: trying again helps nobody"
    email = pulse.message(pulse_job_id(job), "email")
    assert "FAILED" in email["subject"]
    assert "datasets/broken.csv" in email["text"]


def test_should_name_the_variable_that_the_data_lacks(pulse: Deployment):
    pulse.drop("datasets/lacking.csv", sample(500))

    answer = pulse.post({"dataset": "datasets/lacking.csv", "variables": ["us_10y_yield"]})

    job = pulse.finished(answer.json()["batch_job_id"])
    assert job["status"] == "FAILED"
    assert "us_10y_yield" in pulse.log_of(job).splitlines()[-1]
    assert "spx_close" in pulse.log_of(job).splitlines()[-1]
    assert "variable" in pulse.message(answer.json()["job_id"], "email")["text"]


def test_should_report_every_fault_of_a_posted_request_at_once(pulse: Deployment):
    answer = pulse.post({"batch_size_days": 0, "start_date": "tomorrow", "profile": "huge", "colour": 1})

    assert answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert {fault["field"] for fault in answer.json()["errors"]} == {
        "batch_size_days",
        "start_date",
        "profile",
        "colour",
    }


def test_should_alert_rejected_with_object_and_faults_when_a_dropped_request_is_bad(pulse: Deployment):
    key = f"requests/bad-{uuid.uuid4().hex}.json"
    before = len(pulse.all_jobs())

    pulse.drop(key, json.dumps({"batch_size_days": 0, "profile": "huge"}).encode())

    email = pulse.message(key, "email")
    assert "REJECTED" in email["subject"]
    assert "batch_size_days" in email["text"]
    assert "huge" in email["text"]
    assert pulse.message(key, "slack")
    assert len(pulse.all_jobs()) == before


def test_should_alert_rejected_when_no_trigger_fits_the_dropped_file(pulse: Deployment):
    key = f"datasets/{uuid.uuid4().hex}.xlsx"

    pulse.drop(key, b"not for us")

    assert "REJECTED" in pulse.message(key, "email")["subject"]


def test_should_end_a_job_that_runs_over_its_time_and_say_so(pulse: Deployment):
    pulse.drop("datasets/slow.csv", sample(8000))

    # 60 s is AWS Batch's least; here a second of a time limit lasts 10 ms.
    answer = pulse.post({"dataset": "datasets/slow.csv", "timeout_seconds": 60, "attempts": 3})

    job = pulse.finished(answer.json()["batch_job_id"])
    assert job["status"] == "FAILED"
    assert job["statusReason"] == "Job attempt duration exceeded timeout"
    assert len(job["attempts"]) == 1
    assert "timed out" in pulse.message(answer.json()["job_id"], "email")["text"].lower()


def test_should_follow_and_alert_a_job_that_somebody_else_submitted(pulse: Deployment):
    pulse.drop("datasets/foreign.csv", sample(500))
    job_id = f"batch-20220101000000-{uuid.uuid4().hex[:8]}"
    data, results = pulse.where.data_bucket, pulse.where.results_bucket

    submitted = pulse.batch.submit_job(
        jobName="pulse-retrodiction-20220101000000",
        jobQueue="pulse-retrodiction-job-queue",
        jobDefinition="pulse-retrodiction-training",
        containerOverrides={
            "command": [
                *("python", "-m", "recursive_training.run_training", "--variables", "spx_close"),
                *("--batch-size-days", "30", "--start-date", "2020-01-01"),
                *("--s3-data-bucket", data, "--s3-results-bucket", results),
                *("--s3-data-prefix", "datasets/foreign"),
            ],
            "environment": [
                {"name": "S3_DATA_BUCKET", "value": data},
                {"name": "S3_RESULTS_BUCKET", "value": results},
                {"name": "LOG_LEVEL", "value": "INFO"},
                {"name": "PULSE_JOB_ID", "value": job_id},
            ],
            "resourceRequirements": [
                {"type": "VCPU", "value": "4"},
                {"type": "MEMORY", "value": "16384"},
            ],
        },
        timeout={"attemptDurationSeconds": 86400},
        tags={"Project": "Pulse", "Component": "Retrodiction-Training", "CreatedBy": "aws_batch_submit"},
    )

    job = pulse.finished(submitted["jobId"])
    assert job["status"] == "SUCCEEDED", pulse.log_of(job)
    assert "SUCCEEDED" in pulse.message(job_id, "email")["subject"]
    assert until(lambda: pulse.messages(job_id, "slack"), "the Slack message")
