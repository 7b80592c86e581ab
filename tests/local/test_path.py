"""The path of the demo: something is dropped or posted, a job runs, results and alerts arrive."""

import hashlib
import json

import httpx
import pytest

from tests.local.deployment import Deployment, pulse_job_id, sample

pytestmark = pytest.mark.local
RESULTS = {"metrics.json", "retrodictions.parquet", "report.html", "manifest.json"}


def test_should_train_on_exactly_the_dropped_object_and_tell_both_channels(pulse: Deployment):
    body = sample()
    version = pulse.drop("datasets/path/market.csv", body)
    pulse.drop("datasets/path/market.csv", sample(700))  # a later version must not be read by the first job

    job = pulse.finished(pulse.job_of_drop(version)["jobId"])

    assert job["status"] == "SUCCEEDED", pulse.log_of(job)
    job_id = pulse_job_id(job)
    manifest = json.loads(pulse.result(job_id, "manifest.json"))
    (read,) = manifest["read"]["objects"]
    assert (read["key"], read["version_id"]) == ("datasets/path/market.csv", version)
    assert read["sha256"] == hashlib.sha256(body).hexdigest()
    listed = pulse.s3.list_objects_v2(Bucket=pulse.where.results_bucket, Prefix=f"results/{job_id}/")
    names = {item["Key"].removeprefix(f"results/{job_id}/") for item in listed["Contents"]}
    assert names >= RESULTS
    assert any(name.startswith("model/") for name in names)
    metrics = json.loads(pulse.result(job_id, "metrics.json"))
    assert 0 < metrics["variables"]["spx_close"]["trust"] < 1
    assert metrics["left_out"], "the sample has gaps and ragged ends, and nothing says so"

    email, slack = pulse.message(job_id, "email"), pulse.message(job_id, "slack")
    assert email["to"] == "you@example.com"
    assert "SUCCEEDED" in email["subject"]
    assert len(email["subject"]) <= 100
    for words in ("datasets/path/market.csv", "spx_close", f"results/{job_id}/"):
        assert words in email["text"]
        assert words in json.dumps(slack["blocks"])


def test_should_train_what_is_posted_and_answer_with_its_id(pulse: Deployment):
    pulse.drop("datasets/posted.csv", sample())

    answer = pulse.post({"dataset": "datasets/posted.csv", "variables": ["spx_close"], "profile": "small"})

    assert answer.status_code == httpx.codes.ACCEPTED, answer.text
    job = pulse.finished(answer.json()["batch_job_id"])
    assert job["status"] == "SUCCEEDED", pulse.log_of(job)
    assert pulse_job_id(job) == answer.json()["job_id"]
    assert list(json.loads(pulse.result(answer.json()["job_id"], "metrics.json"))["variables"]) == [
        "spx_close"
    ]
    assert pulse.message(answer.json()["job_id"], "slack")


def test_should_train_what_a_dropped_request_asks_for(pulse: Deployment):
    pulse.drop("datasets/requested.csv", sample())
    request = {"dataset": "datasets/requested.csv", "variables": ["spx_close"], "tags": {"Case": "dropped"}}

    pulse.drop("requests/one.json", json.dumps(request).encode())

    email = pulse.message("datasets/requested.csv", "email")
    job_id = next(pulse_job_id(job) for job in pulse.all_jobs() if job["tags"].get("Case") == "dropped")
    assert pulse.message(job_id, "email")
    assert email


def test_should_plan_without_submitting_on_a_dry_run(pulse: Deployment):
    before = len(pulse.all_jobs())

    answer = pulse.post({"variables": ["spx_close"]}, query={"dry_run": "true"})

    assert answer.status_code == httpx.codes.OK, answer.text
    (parameters,) = answer.json()["plan"]
    assert parameters["jobDefinition"].split("/")[-1].startswith("pulse-retrodiction-training")
    assert parameters["containerOverrides"]["command"][:3] == [
        "python",
        "-m",
        "recursive_training.run_training",
    ]
    assert len(pulse.all_jobs()) == before


def test_should_run_on_the_fair_share_queue_for_whom_names_a_share(pulse: Deployment):
    pulse.drop("datasets/shared.csv", sample(500))
    request = {"dataset": "datasets/shared.csv", "queue": "pulse-retrodiction-fair-queue"}

    refused = pulse.post(request)
    accepted = pulse.post(request | {"share_identifier": "research"})

    assert refused.json()["errors"][0]["field"] == "share_identifier"
    job = pulse.finished(accepted.json()["batch_job_id"])
    assert (job["status"], job["shareIdentifier"]) == ("SUCCEEDED", "research"), pulse.log_of(job)
    assert pulse.message(accepted.json()["job_id"], "email")


def test_should_refuse_callers_without_credentials(pulse: Deployment):
    answer = httpx.post(f"{pulse.where.api_url}/jobs", json={}, trust_env=False)

    assert answer.status_code == httpx.codes.FORBIDDEN
