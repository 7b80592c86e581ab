"""Batch as a boto3 client sees it, inside a running instance."""

import os
import subprocess
import sys
import time
from typing import Any

import botocore.exceptions
import pytest
from botocore.config import Config

from localaws.layout import PACKAGE
from tests.localaws.batch_live import Stage

EXAMPLES = PACKAGE / "examples"


@pytest.fixture(scope="module")
def stage(aws):
    return Stage(aws)


def test_every_state_after_the_first_comes_as_an_event(stage):
    job = stage.run("print('hello')", tags={"Project": "Pulse"})
    events = stage.events(job["jobId"])
    assert [event["detail"]["status"] for event in events] == ["RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED"]
    last = events[-1]
    assert (last["source"], last["detail-type"]) == ("aws.batch", "Batch Job State Change")
    assert last["account"] == "000000000000"
    assert last["resources"] == [job["jobArn"]]
    assert last["detail"]["tags"] == {"resourceArn": job["jobArn"], "Project": "Pulse"}
    assert last["detail"]["attempts"][0]["container"]["exitCode"] == 0
    assert last["detail"]["container"]["logStreamName"] == job["container"]["logStreamName"]


def test_a_client_may_not_pretend_to_be_batch(stage):
    entry = {"Source": "aws.batch", "DetailType": "Batch Job State Change", "Detail": "{}"}
    assert stage.client("events").put_events(Entries=[entry])["FailedEntryCount"] == 1


def test_output_goes_to_the_group_and_stream_of_the_definition(stage):
    stage.client("logs").create_log_group(logGroupName="/mine")
    log = {"logDriver": "awslogs", "options": {"awslogs-group": "/mine", "awslogs-stream-prefix": "run"}}
    job = stage.run("print('first'); print('second')", container={"logConfiguration": log})
    assert job["container"]["logStreamName"].startswith("run/default/")
    assert stage.lines("/mine", job) == ["first", "second"]


def test_a_job_acts_as_its_own_role_and_only_within_it(stage):
    stage.client("s3").create_bucket(Bucket="allowed")
    stage.client("s3").create_bucket(Bucket="forbidden")
    allowed = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::allowed/*"}
    role = stage.role("worker", allowed)
    code = """
import boto3, botocore.exceptions
print(boto3.client("sts").get_caller_identity()["Arn"])
for bucket in ("allowed", "forbidden"):
    try:
        boto3.client("s3").put_object(Bucket=bucket, Key="k", Body=b"x")
        print(bucket, "written")
    except botocore.exceptions.ClientError as error:
        print(bucket, error.response["Error"]["Code"])
"""
    job = stage.run(code, container={"jobRoleArn": role})
    identity, *outcomes = stage.lines("/aws/batch/job", job)
    assert identity.startswith("arn:aws:sts::000000000000:assumed-role/worker/")
    assert outcomes == ["allowed written", "forbidden AccessDenied"]


def test_credentials_of_a_job_end_with_it(stage):
    role = stage.role("short-lived", {"Effect": "Allow", "Action": "s3:*", "Resource": "*"})
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    code = f"import os; print(*[os.environ[name] for name in {names}])"
    [line] = stage.lines("/aws/batch/job", stage.run(code, container={"jobRoleArn": role}))
    key, secret, token = line.split()
    s3 = stage.session(key, secret, token).client("s3", endpoint_url=stage.aws.endpoint_url)
    with pytest.raises(botocore.exceptions.ClientError, match=r"InvalidAccessKeyId|InvalidClientTokenId"):
        s3.list_buckets()


def test_a_timeout_a_termination_and_a_missing_image_end_as_on_aws(stage):
    scale = {"environment": [{"name": "LOCALAWS_SECONDS_SCALE", "value": "0.005"}]}
    timed_out = stage.submit(
        "import time; time.sleep(60)", timeout={"attemptDurationSeconds": 60}, overrides=scale
    )
    terminated = stage.submit("import time; time.sleep(60)")
    missing = stage.submit("pass", container={"image": "nowhere:1"})
    stage.until(terminated, "RUNNING")
    stage.batch.terminate_job(jobId=terminated, reason="enough")
    ends = [stage.until(job) for job in (timed_out, terminated, missing)]
    assert [end["statusReason"] for end in ends] == [
        "Job attempt duration exceeded timeout",
        "enough",
        "Task failed to start",
    ]
    assert [end["container"].get("exitCode") for end in ends] == [137, 143, None]
    assert ends[1]["isTerminated"] is True
    assert ends[2]["attempts"][0]["container"]["reason"].startswith("CannotPullContainerError")


def test_jobs_are_listed_by_status_and_by_each_filter_in_pages(stage):
    before = int(time.time() * 1000)
    ids = [stage.submit("pass", name=f"Listed-{number}") for number in range(3)]
    for job in ids:
        stage.until(job)

    def listed(name: str, *values: str) -> list[str]:
        pages = stage.batch.get_paginator("list_jobs").paginate(
            jobQueue="queue",
            filters=[{"name": name, "values": list(values)}],
            PaginationConfig={"PageSize": 2},
        )
        return [job["jobId"] for page in pages for job in page["jobSummaryList"]]

    newest_first = ids[::-1]
    assert listed("JOB_NAME", "listed-1") == [ids[1]]
    assert listed("JOB_NAME", "listed*") == newest_first
    assert listed("AFTER_CREATED_AT", str(before - 1)) == newest_first
    assert set(ids).isdisjoint(listed("BEFORE_CREATED_AT", str(before)))
    definition = stage.batch.describe_jobs(jobs=ids[:1])["jobs"][0]["jobDefinition"]
    assert ids[0] in listed("JOB_DEFINITION", definition)
    assert set(ids) <= set(listed("JOB_DEFINITION", "definition"))
    assert listed("JOB_DEFINITION", "other") == []
    succeeded = stage.batch.list_jobs(jobQueue="queue", jobStatus="SUCCEEDED")["jobSummaryList"]
    assert set(ids) <= {job["jobId"] for job in succeeded}
    assert {job["container"]["exitCode"] for job in succeeded} == {0}
    assert stage.batch.list_jobs(jobQueue="queue")["jobSummaryList"] == []


def test_an_array_is_listed_by_its_parent(stage):
    code = "import os, sys; sys.exit(os.environ['AWS_BATCH_JOB_ARRAY_INDEX'] == '1')"
    parent = stage.until(stage.submit(code, arrayProperties={"size": 3}))
    assert parent["statusReason"] == "Array Child Job failed"
    properties = parent["arrayProperties"]
    assert (properties["size"], properties["statusSummary"]["SUCCEEDED"]) == (3, 2)
    failed = stage.batch.list_jobs(arrayJobId=parent["jobId"], jobStatus="FAILED")["jobSummaryList"]
    assert [(job["jobId"], job["arrayProperties"]) for job in failed] == [
        (f"{parent['jobId']}:1", {"index": 1})
    ]
    named = stage.batch.list_jobs(jobQueue="queue", filters=[{"name": "JOB_NAME", "values": ["job"]}])
    assert not [job for job in named["jobSummaryList"] if ":" in job["jobId"]]
    assert [one["detail"]["status"] for one in stage.events(parent["jobId"])] == ["PENDING", "FAILED"]


def test_arrays_wait_for_each_other_index_by_index_and_a_job_for_all(stage):
    members = {"arrayProperties": {"size": 2}}
    first = stage.submit("import time; time.sleep(0.2)", **members, dependsOn=[{"type": "SEQUENTIAL"}])
    second = stage.submit("pass", **members, dependsOn=[{"type": "N_TO_N", "jobId": first}])
    merge = stage.until(stage.submit("pass", dependsOn=[{"jobId": second}]))
    ids = [f"{parent}:{index}" for parent in (first, second) for index in (0, 1)]
    found = {job["jobId"]: job for job in stage.batch.describe_jobs(jobs=ids)["jobs"]}
    assert {job["status"] for job in found.values()} | {merge["status"]} == {"SUCCEEDED"}
    for index in (0, 1):
        assert found[f"{second}:{index}"]["startedAt"] >= found[f"{first}:{index}"]["stoppedAt"]
    assert found[f"{first}:1"]["startedAt"] >= found[f"{first}:0"]["stoppedAt"]
    assert merge["startedAt"] >= max(job["stoppedAt"] for job in found.values())


def test_the_queue_s_snapshot_shows_who_is_next(stage):
    running = [stage.submit("import time; time.sleep(60)") for _ in range(4)]
    waiting = [stage.submit("pass", name=f"next-{number}") for number in range(2)]
    for job in running:
        stage.until(job, "RUNNING")
    for job in waiting:
        stage.until(job, "RUNNABLE")
    found = stage.batch.get_job_queue_snapshot(jobQueue="queue")
    assert [one["jobArn"].rpartition("/")[2] for one in found["frontOfQueue"]["jobs"]] == waiting
    assert found["queueUtilization"]["totalCapacityUsage"] == [{"capacityUnit": "VCPU", "quantity": 4.0}]
    stage.batch.terminate_jobs(jobs=running, reason="enough")
    for job in waiting:
        stage.until(job)


def test_tags_are_kept_on_every_kind_of_resource(stage):
    job = stage.run("pass", tags={"a": "1"})
    queue = stage.batch.describe_job_queues(jobQueues=["queue"])["jobQueues"][0]["jobQueueArn"]
    for arn, first in ((job["jobArn"], {"a": "1"}), (job["jobDefinition"], {}), (queue, {})):
        assert stage.batch.list_tags_for_resource(resourceArn=arn)["tags"] == first
        stage.batch.tag_resource(resourceArn=arn, tags={"b": "2", "c": "3"})
        stage.batch.untag_resource(resourceArn=arn, tagKeys=["a", "c"])
        assert stage.batch.list_tags_for_resource(resourceArn=arn)["tags"] == {"b": "2"}
    assert stage.batch.describe_jobs(jobs=[job["jobId"]])["jobs"][0]["tags"] == {"b": "2"}


def refused(call: Any, *words: str, code: str = "ClientException") -> None:
    with pytest.raises(botocore.exceptions.ClientError) as refusal:
        call()
    error = refusal.value.response
    assert error["Error"]["Code"] == code
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert all(word in error["Error"]["Message"] for word in words)


def test_the_server_validates_what_a_client_that_does_not_sends(stage):
    raw = stage.client("batch", config=Config(parameter_validation=False))
    refused(lambda: raw.submit_job(jobName="a"), "jobQueue", "jobDefinition")
    refused(lambda: raw.list_jobs(jobQueue="queue", maxResults="x"), "maxResults", "int")
    refused(lambda: raw.submit_job(jobName="-", jobQueue="q", jobDefinition="d"), "Job name should match")
    refused(lambda: raw.terminate_job(jobId="nobody"), "reason")
    refused(lambda: raw.describe_jobs(jobs=["x"] * 101), "Maximum number of jobs supported is 100")
    refused(raw.list_jobs, "Exactly one of jobQueue")
    refused(
        lambda: raw.create_consumable_resource(consumableResourceName="x"), "not available on this machine"
    )
    body = [{"name": "x", "value": "y" * 31_000}]
    refused(
        lambda: raw.submit_job(
            jobName="a", jobQueue="queue", jobDefinition="d", containerOverrides={"environment": body}
        ),
        "30720 bytes",
    )


def test_several_jobs_are_ended_at_once(stage):
    job = stage.submit("import time; time.sleep(60)")
    stage.until(job, "RUNNING")
    answer = stage.batch.terminate_jobs(jobs=[job, "nobody"], reason="all of them")
    assert (answer["successful"], answer["errors"]) == ([job, "nobody"], [])
    assert stage.until(job)["statusReason"] == "all of them"


def test_who_submits_too_fast_gets_429_and_nothing_is_accepted(stage):
    once = stage.client("batch", config=Config(retries={"total_max_attempts": 1}))
    stage.definition()
    stage.batch.update_compute_environment(computeEnvironment="environment", state="DISABLED")

    def refusal():
        try:
            once.submit_job(jobName="burst", jobQueue="queue", jobDefinition="definition")
        except botocore.exceptions.ClientError as error:
            return error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
        return None

    accepted = 0
    while (refused_with := refusal()) is None and accepted < 500:
        accepted += 1
    assert refused_with == ("TooManyRequestsException", 429)
    assert accepted >= 50
    filters = [{"name": "JOB_NAME", "values": ["burst"]}]
    pages = stage.batch.get_paginator("list_jobs").paginate(jobQueue="queue", filters=filters)
    jobs = [job["jobId"] for page in pages for job in page["jobSummaryList"]]
    assert len(jobs) == accepted
    for start in range(0, len(jobs), 50):
        stage.batch.cancel_jobs(jobs=jobs[start : start + 50], reason="enough")
    stage.batch.update_compute_environment(computeEnvironment="environment", state="ENABLED")


def test_the_old_way_of_reading_a_job_works(stage):
    """What the script of the system before this one reads of DescribeJobs."""
    job = stage.run("raise SystemExit(4)")
    assert (job["status"], job["container"]["exitCode"]) == ("FAILED", 4)
    assert job["createdAt"] <= job["startedAt"] <= job["stoppedAt"]
    assert job["attempts"][0]["statusReason"] == "Essential container in task exited"


def test_a_foreign_client_runs_an_image_that_the_stand_in_for_docker_built(stage):
    """The commands of localaws/README.md, "A client of your own"."""
    environment = {"PATH": os.environ["PATH"], **stage.aws.environment()}

    def run(*command: str) -> str:
        done = subprocess.run(
            command, cwd=EXAMPLES, env=environment, capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run(str(PACKAGE / "docker"), "build", "-t", "hello", "hello")
    status, line = run(sys.executable, "client.py", "hello", "Ada").splitlines()
    assert status.startswith("SUCCEEDED")
    assert line.startswith("Hello Ada from ")
    assert line.endswith(" on AWS_ECS_EC2")
