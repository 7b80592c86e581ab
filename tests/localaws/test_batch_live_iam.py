"""Permissions around Batch, enforced: of callers, of execution roles."""

import uuid
from typing import Any

import botocore.exceptions
import pytest

from tests.localaws.batch_live import Stage

ECR_IMAGE = "000000000000.dkr.ecr.us-east-1.amazonaws.com/team/app:1"
REPOSITORY = "arn:aws:ecr:us-east-1:000000000000:repository/team/app"
ARN = "arn:aws:batch:us-east-1:000000000000:"


@pytest.fixture(scope="module")
def stage(aws):
    return Stage(aws)


def allow(action: str | list[str], *resources: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": list(resources)}


def denied(call: Any, action: str, resource: str) -> None:
    with pytest.raises(botocore.exceptions.ClientError) as refusal:
        call()
    error = refusal.value.response
    assert error["Error"]["Code"] == "AccessDeniedException"
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 403
    message = error["Error"]["Message"]
    assert f"not authorized to perform: {action}" in message
    assert resource in message


def submit(client: Any, definition: str, **members: Any) -> str:
    job: str = client.submit_job(jobName="mine", jobQueue="queue", jobDefinition=definition, **members)[
        "jobId"
    ]
    return job


def test_submitting_needs_the_definition_and_the_queue(stage):
    definition = stage.definition()
    revision = allow("batch:SubmitJob", definition)
    queue = allow("batch:SubmitJob", f"{ARN}job-queue/queue")
    only_queue = stage.user("only-queue", queue)
    denied(lambda: submit(only_queue, definition), "batch:SubmitJob", "")
    only_definition = stage.user("only-definition", revision)
    denied(lambda: submit(only_definition, definition), "batch:SubmitJob", f"{ARN}job-queue/queue")
    both = stage.user("both", revision, queue)
    stage.until(submit(both, definition))
    older = definition
    newer = stage.definition()
    denied(lambda: submit(both, newer), "batch:SubmitJob", "")
    assert older != newer


def test_a_name_without_revision_is_checked_as_the_revision_that_would_run(stage):
    stage.definition()
    queue = allow("batch:SubmitJob", f"{ARN}job-queue/queue")
    exact = stage.user("exact", queue, allow("batch:SubmitJob", f"{ARN}job-definition/definition"))
    denied(lambda: submit(exact, "definition"), "batch:SubmitJob", "")
    every = stage.user("every", queue, allow("batch:SubmitJob", f"{ARN}job-definition/definition:*"))
    stage.until(submit(every, "definition"))


def test_tags_at_submission_need_a_permission_on_definition_and_jobs(stage):
    definition = stage.definition()
    basis = allow("batch:SubmitJob", definition, f"{ARN}job-queue/queue")
    untagged = stage.user("untagged", basis)
    tags = {"Project": "Pulse"}
    denied(lambda: submit(untagged, definition, tags=tags), "batch:TagResource", definition)
    half = stage.user("half", basis, allow("batch:TagResource", definition))
    denied(lambda: submit(half, definition, tags=tags), "batch:TagResource", f"{ARN}job/*")
    whole = stage.user("whole", basis, allow("batch:TagResource", definition, f"{ARN}job/*"))
    stage.until(submit(whole, definition, tags=tags))


def test_describing_and_ending_need_their_own_permissions(stage):
    job = stage.submit("import time; time.sleep(60)")
    reader = stage.user("reader", allow(["batch:DescribeJobs", "batch:ListJobs"], "*"))
    assert reader.describe_jobs(jobs=[job])["jobs"][0]["jobId"] == job
    denied(lambda: reader.terminate_job(jobId=job, reason="r"), "batch:TerminateJob", "")
    ender = stage.user("ender", allow("batch:TerminateJob", f"{ARN}job/{job}"))
    stage.until(job, "RUNNING")
    ender.terminate_job(jobId=job, reason="r")
    assert stage.until(job)["statusReason"] == "r"
    denied(lambda: ender.describe_jobs(jobs=[job]), "batch:DescribeJobs", "")


def test_listing_is_allowed_on_everything_or_not_at_all(stage):
    stage.run("pass", name="listed-by-role")
    only = stage.user("lister", allow("batch:ListJobs", "*"))
    filters = [{"name": "JOB_NAME", "values": ["listed-by-role"]}]
    assert len(only.list_jobs(jobQueue="queue", filters=filters)["jobSummaryList"]) == 1
    assert only.list_jobs(jobQueue="queue", jobStatus="SUCCEEDED")["jobSummaryList"]
    denied(lambda: only.describe_jobs(jobs=["x"]), "batch:DescribeJobs", "")
    narrow = stage.user("narrow", allow("batch:ListJobs", f"{ARN}job-queue/queue"))
    denied(lambda: narrow.list_jobs(jobQueue="queue", filters=filters), "batch:ListJobs", "")


def test_ending_several_jobs_needs_the_permission_for_each(stage):
    jobs = [stage.submit("import time; time.sleep(60)") for _ in range(2)]
    one = stage.user("one-job", allow(["batch:CancelJob", "batch:TerminateJob"], f"{ARN}job/{jobs[0]}"))
    for call, action in ((one.cancel_jobs, "batch:CancelJob"), (one.terminate_jobs, "batch:TerminateJob")):
        denied(lambda call=call: call(jobs=jobs, reason="r"), action, jobs[1])
    every = stage.user("every-job", allow("batch:TerminateJob", f"{ARN}job/*"))
    assert every.terminate_jobs(jobs=jobs, reason="r")["successful"] == jobs
    assert {stage.until(job)["statusReason"] for job in jobs} == {"r"}
    # No policy can grant what is no action.
    bulk = stage.user("bulk", allow("batch:TerminateJobs", "*"))
    denied(lambda: bulk.terminate_jobs(jobs=jobs, reason="r"), "batch:TerminateJob", "")


def test_tagging_a_job_needs_that_job(stage):
    first, second = (stage.run("pass") for _ in range(2))
    tagger = stage.user("tagger", allow("batch:TagResource", first["jobArn"]))
    tagger.tag_resource(resourceArn=first["jobArn"], tags={"a": "1"})
    denied(
        lambda: tagger.tag_resource(resourceArn=second["jobArn"], tags={"a": "1"}),
        "batch:TagResource",
        "",
    )
    denied(
        lambda: tagger.list_tags_for_resource(resourceArn=first["jobArn"]), "batch:ListTagsForResource", ""
    )


PULL = {
    "ecr:GetAuthorizationToken": allow("ecr:GetAuthorizationToken", "*"),
    "ecr:BatchCheckLayerAvailability": allow("ecr:BatchCheckLayerAvailability", REPOSITORY),
    "ecr:GetDownloadUrlForLayer": allow("ecr:GetDownloadUrlForLayer", REPOSITORY),
    "ecr:BatchGetImage": allow("ecr:BatchGetImage", REPOSITORY),
}
LOG_STREAMS = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/batch/job:*"
WRITE = {
    "logs:CreateLogStream": allow("logs:CreateLogStream", LOG_STREAMS),
    "logs:PutLogEvents": allow("logs:PutLogEvents", LOG_STREAMS),
}


@pytest.mark.parametrize("missing", [*PULL, *WRITE])
def test_each_permission_of_the_execution_role_is_needed(stage, missing):
    if missing == next(iter(PULL)):
        stage.image(ECR_IMAGE)
        stage.role("puller")
    everything = {**PULL, **WRITE}
    container = {"image": ECR_IMAGE, "executionRoleArn": "arn:aws:iam::000000000000:role/puller"}
    stage.allow("puller", *(one for action, one in everything.items() if action != missing))
    job = stage.run("pass", container=container)
    assert job["status"] == "FAILED"
    assert "exitCode" not in job["container"]
    reason = job["container"]["reason"]
    assert reason.startswith("CannotPullContainerError" if missing in PULL else "ResourceInitializationError")
    assert "AccessDeniedException" in reason
    assert f"perform: {missing}" in reason or missing in WRITE
    stage.allow("puller", *everything.values())
    assert stage.run("pass", container=container)["status"] == "SUCCEEDED"


def test_a_role_for_another_service_cannot_be_a_job_s(stage):
    arn = stage.role("of-lambda", service="lambda.amazonaws.com")
    job = stage.run("pass", container={"jobRoleArn": arn})
    assert job["statusReason"].startswith(f"ECS was unable to assume the role '{arn}'")


@pytest.mark.parametrize(
    "body",
    [
        b"not JSON",
        b"[]",
        b'{"jobName": "mine", "jobDefinition": "definition"}',
        b'{"jobName": "mine", "jobDefinition": "definition", "jobQueue": 5}',
        b'{"jobName": "mine", "jobDefinition": "definition", "jobQueue": "queue", "parameters": 5}',
        b'{"jobName": "mine", "jobDefinition": "definition", "jobQueue": "queue", "parameters": {"p": "%s"}}'
        % (b"x" * 31_000),
    ],
    ids=["no JSON", "no object", "no queue", "queue of a wrong type", "wrong type", "too large"],
)
def test_an_invalid_call_of_a_permitted_caller_is_a_client_exception(stage, body):
    stage.definition()
    name = f"careless-{uuid.uuid4().hex[:8]}"
    every = allow("batch:SubmitJob", f"{ARN}job-definition/definition:*", f"{ARN}job-queue/queue")
    caller = stage.user(name, every)
    assert refusal_of_body(caller, body)["Code"] == "ClientException"


def test_an_invalid_call_with_bad_credentials_is_refused_for_them(stage):
    stranger = stage.session("AKIAUNKNOWNUNKNOWN00", "secret").client(
        "batch", endpoint_url=stage.aws.endpoint_url
    )
    assert refusal_of_body(stranger, b"[]")["Code"] == "UnrecognizedClientException"


def refusal_of_body(client: Any, body: bytes) -> dict[str, str]:
    """The error that answers a SubmitJob with this body, which boto3 itself would not send."""

    def exchange(params: dict[str, Any], **_: Any) -> None:
        params["body"] = body

    client.meta.events.register("before-call.batch.SubmitJob", exchange)
    with pytest.raises(botocore.exceptions.ClientError) as refusal:
        submit(client, "definition")
    error: dict[str, str] = refusal.value.response["Error"]
    return error
