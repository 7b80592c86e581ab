"""Pure rules: amounts, retries, placement, permissions, pages, and CloudFormation's properties."""

import re
from decimal import Decimal

import pytest

from localaws.batch.border.properties import request
from localaws.batch.calls import definitions, environments, policies, queues
from localaws.batch.calls.pages import page
from localaws.batch.errors import ClientException
from localaws.batch.memory import resources
from localaws.batch.scheduling import placement
from tests.localaws.batch_world import definition, environment, order, region_with_queue, waiting


def amounts(vcpus, memory):
    return [{"resourceRequirements": [{"type": "VCPU", "value": vcpus}, {"type": "MEMORY", "value": memory}]}]


@pytest.mark.parametrize(
    ("vcpus", "memory"),
    [("0.25", "512"), ("0.25", "2048"), ("0.5", "4096"), ("1", "8192"), ("4.0", "30720"), ("16", "122880")],
)
def test_fargate_takes_the_amounts_of_its_table(vcpus, memory):
    assert resources.asked(amounts(vcpus, memory), fargate=True).vcpus == Decimal(vcpus)


@pytest.mark.parametrize(
    ("vcpus", "memory", "words"),
    [
        ("0.25", "1536", "0.25 vCPU allows 512, 1024, 2048 MiB"),
        ("1", "1024", "1 vCPU allows 2048 to 8192 MiB in steps of 1024"),
        ("8", "20000", "in steps of 4096"),
        ("3", "8192", "VCPU must be one of"),
        ("NaN", "8192", "must be a number"),
        ("1", "2048.5", "whole number"),
    ],
)
def test_fargate_refuses_other_amounts_and_says_which_it_takes(vcpus, memory, words):
    with pytest.raises(ClientException, match=re.escape(words)):
        resources.asked(amounts(vcpus, memory), fargate=True)


def test_the_older_amounts_are_for_ec2_only():
    assert resources.asked([{"vcpus": 3, "memory": 100}], fargate=False).memory_mib == 100
    with pytest.raises(ClientException, match="vcpus is not applicable for Fargate"):
        resources.asked([{"vcpus": 3, "memory": 100}], fargate=True)


def chosen(region):
    return [(job.id, found["computeEnvironmentName"]) for job, found in placement.choose(region, 0)]


def test_a_fifo_queue_is_held_up_by_its_first_job():
    region = region_with_queue(vcpus=2)
    waiting(region, "small")
    waiting(region, "large", vcpus="2", memory="4096")
    waiting(region, "tiny")
    assert chosen(region) == [("small", "environment")]


def test_the_next_environment_takes_what_the_first_cannot():
    region = region_with_queue(vcpus=1)
    environments.create(region, environment("second", vcpus=4))
    queues.update(region, {"jobQueue": "queue", "computeEnvironmentOrder": order("environment", "second")})
    for name in ("a", "b"):
        waiting(region, name)
    assert chosen(region) == [("a", "environment"), ("b", "second")]


def test_arrays_that_wait_for_each_other_are_of_equal_size():
    region = region_with_queue()
    waiting(region, "first", arrayProperties={"size": 2})
    link = [{"type": "N_TO_N", "jobId": "first"}]
    with pytest.raises(ClientException, match="equal size: first has 2, this job has 3"):
        waiting(region, "second", arrayProperties={"size": 3}, dependsOn=link)


def test_the_queue_of_higher_priority_goes_first():
    region = region_with_queue(vcpus=1)
    queues.create(
        region, {"jobQueueName": "urgent", "priority": 10, "computeEnvironmentOrder": order("environment")}
    )
    waiting(region, "ordinary")
    waiting(region, "hurried", queue="urgent")
    assert chosen(region) == [("hurried", "environment")]


def test_a_page_says_where_the_next_one_starts():
    first, token = page([1, 2, 3], 2, None, 100)
    assert first == [1, 2]
    assert page([1, 2, 3], 2, token, 100) == ([3], None)
    assert page([1, 2, 3], None, None, 2)[0] == [1, 2]
    with pytest.raises(ClientException, match="nextToken is invalid"):
        page([1], None, "mine", 100)


def test_properties_become_requests_in_the_types_of_the_model():
    properties = {
        "JobDefinitionName": "d",
        "Type": "container",
        "Timeout": {"AttemptDurationSeconds": "600"},
        "RetryStrategy": {"Attempts": 2.0, "EvaluateOnExit": [{"Action": "RETRY", "OnExitCode": 75}]},
        "PropagateTags": "true",
        "Tags": {"CreatedBy": "x"},
        "Parameters": {"Upper": "kept"},
        "ContainerProperties": {
            "Image": "i",
            "ReadonlyRootFilesystem": True,
            "LogConfiguration": {"LogDriver": "awslogs", "Options": {"awslogs-group": "/g"}},
            "ResourceRequirements": [{"Type": "VCPU", "Value": 1}],
        },
        "ResourceRetentionPolicy": {"SkipDeregisterOnUpdate": True},
    }
    assert request("RegisterJobDefinition", properties) == {
        "jobDefinitionName": "d",
        "type": "container",
        "timeout": {"attemptDurationSeconds": 600},
        "retryStrategy": {"attempts": 2, "evaluateOnExit": [{"action": "RETRY", "onExitCode": "75"}]},
        "propagateTags": True,
        "tags": {"CreatedBy": "x"},
        "parameters": {"Upper": "kept"},
        "containerProperties": {
            "image": "i",
            "readonlyRootFilesystem": True,
            "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/g"}},
            "resourceRequirements": [{"type": "VCPU", "value": "1"}],
        },
    }


def test_what_the_cdk_writes_for_nothing_and_in_lower_case_is_understood():
    nothing = {"JobDefinitionName": "d", "Type": "CONTAINER", "RetryStrategy": {}, "Timeout": {}, "Tags": {}}
    assert request("RegisterJobDefinition", nothing) == {"jobDefinitionName": "d", "type": "container"}
    assert request("CreateComputeEnvironment", {"Type": "managed"}) == {"type": "MANAGED"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"retryStrategy": {"attempts": 11}}, "between 1 and 10"),
        ({"retryStrategy": {"evaluateOnExit": [{"action": "EXIT", "onExitCode": "1"}]}}, "must be provided"),
        ({"retryStrategy": {"attempts": 1, "evaluateOnExit": [{"action": "EXIT"}]}}, "at least one of"),
        ({"parameters": {"p": "x" * 24_576}}, "at most 24576 bytes"),
        ({"timeout": {"attemptDurationSeconds": 1}}, "at least 60"),
        ({"type": "multinode"}, "not available on this machine"),
        ({"jobDefinitionName": "no spaces"}, "should match valid pattern"),
        ({"ecsProperties": {}}, "Either containerProperties or ecsProperties"),
        ({"schedulingPriority": 10000}, "between 0 and 9999"),
        ({"containerProperties": {"image": "i"}}, "executionRoleArn is required for Fargate"),
        ({"containerProperties": {}}, "Container.image is required"),
        ({"platformCapabilities": ["EC2"], "containerProperties": {"image": "i"}}, "VCPU is required"),
    ],
)
def test_a_definition_that_aws_refuses_is_refused(change, words):
    with pytest.raises(ClientException, match=words):
        definitions.register(region_with_queue(), {**definition(), **change})


def test_secrets_are_refused_rather_than_left_out():
    secrets = [{"name": "A", "valueFrom": "arn"}]
    with pytest.raises(ClientException, match="secrets is not available"):
        definitions.register(region_with_queue(), definition(secrets=secrets))


def test_environments_and_queues_go_in_aws_s_order():
    region = region_with_queue()
    with pytest.raises(ClientException, match="existing JobQueue relationship"):
        environments.delete(region, {"computeEnvironment": "environment"})
    with pytest.raises(ClientException, match="DISABLED"):
        queues.delete(region, {"jobQueue": "queue"})
    queues.update(region, {"jobQueue": "queue", "state": "DISABLED"})
    queues.delete(region, {"jobQueue": "queue"})
    with pytest.raises(ClientException, match="DISABLED"):
        environments.delete(region, {"computeEnvironment": "environment"})
    environments.update(region, {"computeEnvironment": "environment", "state": "DISABLED"})
    environments.delete(region, {"computeEnvironment": "environment"})
    assert (region.environments, region.queues) == ({}, {})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"computeEnvironmentOrder": []}, "1 to 3 compute environments"),
        ({"computeEnvironmentOrder": order("absent")}, "Compute environment absent does not exist"),
        ({"priority": -1}, "between 0 and 1000"),
        ({"schedulingPolicyArn": "arn:absent"}, "Scheduling policy arn:absent does not exist"),
        ({"jobQueueName": "queue"}, "Object already exists: queue"),
    ],
)
def test_a_queue_that_aws_refuses_is_refused(change, words):
    members = {"jobQueueName": "other", "priority": 1, "computeEnvironmentOrder": order("environment")}
    with pytest.raises(ClientException, match=words):
        queues.create(region_with_queue(), {**members, **change})


def test_a_fifo_queue_never_becomes_fair():
    region = region_with_queue()
    arn = policies.create(region, {"name": "late"})["arn"]
    with pytest.raises(ClientException, match="cannot be added"):
        queues.update(region, {"jobQueue": "queue", "schedulingPolicyArn": arn})
    assert "schedulingPolicyArn" not in region.queues["queue"]
