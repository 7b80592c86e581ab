"""How `pulse demo` ends its jobs: those that the API lists, and those that it heard of by events alone."""

from datetime import UTC, datetime

import boto3
import httpx
import pytest
from moto import mock_aws

from pulse.cli.demo.job import Job
from pulse.cli.demo.run import DemoFailed, DemoTarget, _Demo

RESULTS = "results-bucket"


class Api:
    """Lists the job `listed` and answers `cancelled` to every call that cancels one."""

    url, reached = "https://api", True

    def __init__(self):
        self.cancelled = []
        self.answer = 200

    def call(self, method, path, **_):
        request = httpx.Request(method, self.url + path)
        if method == "GET":
            return httpx.Response(
                200, json={"jobs": [{"job_id": "listed", "status": "RUNNING"}]}, request=request
            )
        self.cancelled.append(path)
        return httpx.Response(self.answer, json={}, request=request)


@pytest.fixture
def demo(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        session = boto3.Session(region_name="us-east-1")
        s3 = session.client("s3")
        s3.create_bucket(Bucket=RESULTS)
        for job in ("listed", "heard", "theirs"):
            s3.put_object(Bucket=RESULTS, Key=f"results/{job}/metrics.json", Body=b"{}")
        target = DemoTarget(
            client=session.client,
            api=Api(),
            data_bucket="data",
            results_bucket=RESULTS,
            alerts_topic="",
            jobs_seconds=1,
            alerts_seconds=1,
        )
        demo = _Demo(target, None)
        demo._jobs = [Job("drop", datetime(2026, 3, 2, tzinfo=UTC), job_id="heard")]
        demo.api, demo.s3 = target.api, s3
        yield demo


def left(demo) -> list[str]:
    return [item["Key"] for item in demo.s3.list_objects_v2(Bucket=RESULTS)["Contents"]]


@pytest.mark.parametrize("answer", [200, 409])
def test_should_cancel_jobs_that_it_heard_of_though_the_api_does_not_list_them(demo, answer):
    demo.api.answer = answer
    demo._stop_jobs()
    assert demo.api.cancelled == ["/jobs/listed/cancel", "/jobs/heard/cancel"]
    assert left(demo) == ["results/theirs/metrics.json"]


def test_should_say_that_a_job_may_not_be_cancelled_and_remove_the_results_all_the_same(demo):
    demo.api.answer = 404
    with pytest.raises(DemoFailed, match="POST /jobs/listed/cancel answered 404"):
        demo._stop_jobs()
    assert demo.api.cancelled == ["/jobs/listed/cancel", "/jobs/heard/cancel"]
    assert left(demo) == ["results/theirs/metrics.json"]
