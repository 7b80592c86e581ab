"""SubmitJob as a value: what is merged, what is refused and with which words."""

import re
from typing import Any

import pytest

from localaws.batch.calls import definitions, queues, submit
from localaws.batch.errors import ClientException
from localaws.batch.model import Call, checked, route
from tests.localaws.batch_world import SCOPE, definition, region_with_queue

REQUEST = {"jobName": "job", "jobQueue": "queue", "jobDefinition": "definition"}


@pytest.fixture
def region():
    found = region_with_queue()
    definitions.register(
        found, definition(command=["run", "Ref::what"], environment=[{"name": "A", "value": "1"}])
    )
    found.definitions["definition"][0]["parameters"] = {"what": "default"}
    return found


def plan(region, **members: Any):
    found = route(Call("POST", "/v1/submitjob", {}, b""))
    request = checked(found.operation.input_shape, {**REQUEST, **members})
    return submit.plan(region, request, job_id="id", now_ms=1000, sequence=1)


def test_a_job_takes_everything_from_its_definition(region):
    detail = plan(region).detail
    assert detail["status"] == "SUBMITTED"
    assert detail["jobArn"] == "arn:aws:batch:us-east-1:000000000000:job/id"
    assert detail["jobDefinition"] == "arn:aws:batch:us-east-1:000000000000:job-definition/definition:1"
    assert detail["container"]["command"] == ["run", "default"]
    assert detail["retryStrategy"] == {"attempts": 1, "evaluateOnExit": []}
    assert detail["createdAt"] == 1000
    assert "timeout" not in detail


def test_overrides_replace_by_name_and_by_type(region):
    job = plan(
        region,
        parameters={"what": "mine"},
        containerOverrides={
            "environment": [{"name": "A", "value": "2"}, {"name": "B", "value": "3"}],
            "resourceRequirements": [{"type": "MEMORY", "value": "4096"}],
        },
        timeout={"attemptDurationSeconds": 60},
        retryStrategy={"attempts": 4},
    )
    container = job.task
    assert container["command"] == ["run", "mine"]
    assert container["environment"] == [{"name": "A", "value": "2"}, {"name": "B", "value": "3"}]
    assert {one["type"]: one["value"] for one in container["resourceRequirements"]} == {
        "VCPU": "1",
        "MEMORY": "4096",
    }
    assert (job.vcpus, job.memory_mib) == (1.0, 4096)
    assert job.detail["timeout"] == {"attemptDurationSeconds": 60}
    assert job.detail["retryStrategy"]["attempts"] == 4
    assert region.definitions["definition"][0]["containerProperties"]["environment"] == [
        {"name": "A", "value": "1"}
    ]


@pytest.mark.parametrize(
    "reference",
    [
        "definition",
        "definition:1",
        SCOPE.arn("job-definition", "definition:1"),
        SCOPE.arn("job-definition", "definition"),
    ],
)
def test_a_definition_may_be_named_in_each_of_aws_s_ways(region, reference):
    assert plan(region, jobDefinition=reference).detail["jobDefinition"].endswith("definition:1")


def test_a_bare_name_means_the_latest_active_revision(region):
    definitions.register(region, definition())
    definitions.register(region, definition())
    definitions.deregister(region, {"jobDefinition": "definition:3"})
    assert plan(region).detail["jobDefinition"].endswith(":2")


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"jobName": "-no"}, "Job name should match valid pattern"),
        ({"jobName": "a" * 129}, "Job name should match valid pattern"),
        ({"jobQueue": "elsewhere"}, "Job queue elsewhere does not exist"),
        ({"jobDefinition": "other"}, "JobDefinition name other does not exist or is not in ACTIVE status"),
        ({"jobDefinition": "definition:7"}, "does not exist or is not in ACTIVE status"),
        ({"timeout": {"attemptDurationSeconds": 59}}, "at least 60 seconds, found 59"),
        ({"timeout": {}}, "at least 60 seconds"),
        ({"retryStrategy": {"attempts": 11}}, "between 1 and 10, found 11"),
        ({"retryStrategy": {"attempts": 0}}, "between 1 and 10, found 0"),
        ({"retryStrategy": {}}, "RetryAttempts must be provided"),
        (
            {"retryStrategy": {"attempts": 2, "evaluateOnExit": [{"action": "RETRY", "onReason": "*a"}]}},
            "asterisk",
        ),
        (
            {"retryStrategy": {"attempts": 2, "evaluateOnExit": [{"action": "RETRY", "onExitCode": "x"}]}},
            "asterisk",
        ),
        (
            {"retryStrategy": {"attempts": 2, "evaluateOnExit": [{"action": "RETRY", "onReason": "a"}] * 6}},
            "at most 5",
        ),
        (
            {"retryStrategy": {"attempts": 2, "evaluateOnExit": [{"action": "AGAIN", "onReason": "a"}]}},
            "RETRY, EXIT, found 'AGAIN'",
        ),
        ({"retryStrategy": {"attempts": 2, "evaluateOnExit": [{"action": "RETRY"}]}}, "at least one of"),
        (
            {"retryStrategy": {"evaluateOnExit": [{"action": "RETRY", "onReason": "a"}]}},
            "RetryAttempts must be provided",
        ),
        (
            {"retryStrategy": {"attempts": 2, "evaluateOnExit": [{"action": "EXIT", "onReason": "a" * 513}]}},
            "onReason must have 1 to 512 characters, found 513",
        ),
        ({"dependsOn": [{"jobId": "nobody"}]}, "Job nobody"),
        ({"dependsOn": [{}]}, "of type none needs the jobId"),
        (
            {"dependsOn": [{"type": "N_TO_N"}], "arrayProperties": {"size": 2}},
            "of type N_TO_N needs the jobId",
        ),
        ({"arrayProperties": {"size": 10_001}}, "between 2 and 10000, found 10001"),
        ({"dependsOn": [{"jobId": "x"}] * 21}, "at most 20 jobs, found 21"),
        ({"dependsOn": [{"jobId": "x", "type": "N_TO_N"}]}, "array jobs only"),
        ({"tags": {f"k{n}": "v" for n in range(51)}}, "at most 50"),
        ({"tags": {"aws:x": "v"}}, "aws:"),
        ({"tags": {"k": "v" * 257}}, "256"),
        ({"containerOverrides": {"environment": [{"name": "AWS_BATCH_X", "value": "1"}]}}, "AWS_BATCH"),
        ({"containerOverrides": {"command": ["Ref::unknown"]}}, "No parameter found for reference unknown"),
        ({"containerOverrides": {"vcpus": 2}}, "vcpus is not applicable for Fargate."),
        (
            {"containerOverrides": {"resourceRequirements": [{"type": "VCPU", "value": "3"}]}},
            "3 vCPU, 2048 MiB",
        ),
        (
            {"containerOverrides": {"resourceRequirements": [{"type": "MEMORY", "value": "a"}]}},
            "a number, found 'a'",
        ),
        (
            {"containerOverrides": {"resourceRequirements": [{"type": "GPU", "value": "1"}]}},
            "GPU is not applicable",
        ),
        ({"containerOverrides": {"resourceRequirements": [{"type": "TPU", "value": "1"}]}}, "found 'TPU'"),
        ({"shareIdentifier": "me"}, "can only be submitted to job queue with fair share scheduling policy"),
        ({"schedulingPriorityOverride": 1}, "can only be submitted to job queue with fair share"),
        ({"arrayProperties": {"size": 1}}, "between 2 and 10000, found 1"),
        ({"dependsOn": [{"type": "SEQUENTIAL"}]}, "array jobs only"),
        (
            {"dependsOn": [{"type": "SEQUENTIAL", "jobId": "x"}]},
            "Job x that the job depends on does not exist",
        ),
        ({"nodeOverrides": {}}, "nodeOverrides is not available"),
        ({"jobName": 5}, "Invalid type for parameter jobName"),
    ],
)
def test_what_aws_refuses_is_refused(region, members, words):
    with pytest.raises(ClientException, match=re.escape(words)):
        plan(region, **members)


def test_a_required_member_is_named():
    found = route(Call("POST", "/v1/submitjob", {}, b""))
    with pytest.raises(ClientException, match='Missing required parameter in input: "jobName"'):
        checked(found.operation.input_shape, {"jobQueue": "q", "jobDefinition": "d"})


def test_unknown_members_and_nulls_are_ignored_as_on_aws(region):
    assert plan(region, somethingNew=1, tags=None).detail["tags"] == {}


def test_a_disabled_queue_takes_no_jobs(region):
    queues.update(region, {"jobQueue": "queue", "state": "DISABLED"})
    with pytest.raises(ClientException, match="not in ENABLED state"):
        plan(region)


def test_a_queue_of_fargate_refuses_an_ec2_definition(region):
    ec2 = definition("on-ec2")
    ec2["platformCapabilities"] = ["EC2"]
    definitions.register(region, ec2)
    with pytest.raises(ClientException, match="can not run Jobs with capability EC2"):
        plan(region, jobDefinition="on-ec2")


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({}, "shareIdentifier must be specified"),
        ({"shareIdentifier": "no spaces", "schedulingPriorityOverride": 1}, "letters and digits"),
        (
            {"shareIdentifier": "me"},
            "Either schedulingPriority in job definition or schedulingPriorityOverride",
        ),
        ({"shareIdentifier": "me", "schedulingPriorityOverride": 10000}, "between 0 and 9999"),
    ],
)
def test_a_fair_share_queue_demands_a_share_and_a_priority(members, words):
    region = region_with_queue(fairshare={})
    definitions.register(region, definition())
    with pytest.raises(ClientException, match=words):
        plan(region, **members)


def test_a_fair_share_job_shows_its_share_and_priority():
    region = region_with_queue(fairshare={})
    definitions.register(region, {**definition(), "schedulingPriority": 5})
    assert plan(region, shareIdentifier="me").detail["schedulingPriority"] == 5
    detail = plan(region, shareIdentifier="me", schedulingPriorityOverride=0).detail
    assert (detail["shareIdentifier"], detail["schedulingPriority"]) == ("me", 0)


def test_a_queue_named_by_its_arn_is_found_and_a_foreign_one_is_not(region):
    assert plan(region, jobQueue=SCOPE.arn("job-queue", "queue")).queue_arn.endswith("/queue")
    with pytest.raises(ClientException, match="does not exist"):
        plan(region, jobQueue="arn:aws:batch:eu-west-1:000000000000:job-queue/queue")


def test_on_ec2_the_older_amounts_replace_the_definition_s():
    region = region_with_queue()
    region.environments["environment"]["computeResources"]["type"] = "EC2"
    ec2 = definition("on-ec2")
    ec2["platformCapabilities"] = ["EC2"]
    definitions.register(region, ec2)
    job = plan(region, jobDefinition="on-ec2", containerOverrides={"vcpus": 3, "memory": 100})
    assert (job.vcpus, job.memory_mib) == (3.0, 100)
