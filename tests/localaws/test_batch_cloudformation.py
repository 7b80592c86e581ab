"""AWS::Batch resources deployed by CloudFormation: names, Ref and GetAtt, updates and replacements."""

import copy
import json
from typing import Any

import botocore.exceptions
import pytest

from tests.localaws.batch_live import AMOUNTS, Stage

TEMPLATE: dict[str, Any] = {
    "Resources": {
        "Environment": {
            "Type": "AWS::Batch::ComputeEnvironment",
            "Properties": {
                "Type": "MANAGED",
                "ComputeResources": {
                    "Type": "FARGATE",
                    "MaxvCpus": "4",
                    "Subnets": ["subnet-1"],
                    "SecurityGroupIds": ["sg-1"],
                },
                "Tags": {"Project": "Pulse"},
                "ReplaceComputeEnvironment": False,
            },
        },
        "Policy": {
            "Type": "AWS::Batch::SchedulingPolicy",
            "Properties": {"FairsharePolicy": {"ShareDecaySeconds": 60}},
        },
        "Queue": {
            "Type": "AWS::Batch::JobQueue",
            "Properties": {
                "JobQueueName": "deployed",
                "Priority": 1,
                "SchedulingPolicyArn": {"Ref": "Policy"},
                "ComputeEnvironmentOrder": [
                    {
                        "Order": 1,
                        "ComputeEnvironment": {"Fn::GetAtt": ["Environment", "ComputeEnvironmentArn"]},
                    }
                ],
            },
        },
        "Definition": {
            "Type": "AWS::Batch::JobDefinition",
            "Properties": {
                "Type": "container",
                "JobDefinitionName": "deployed",
                "PlatformCapabilities": ["FARGATE"],
                "SchedulingPriority": 1,
                "Timeout": {"AttemptDurationSeconds": 600},
                "ContainerProperties": {
                    "Image": "image:1",
                    "ExecutionRoleArn": "arn:aws:iam::000000000000:role/execution",
                    "ResourceRequirements": [{"Type": one["type"], "Value": one["value"]} for one in AMOUNTS],
                },
            },
        },
    },
    "Outputs": {
        "Environment": {"Value": {"Ref": "Environment"}},
        "Policy": {"Value": {"Fn::GetAtt": ["Policy", "Arn"]}},
        "Queue": {"Value": {"Fn::GetAtt": ["Queue", "JobQueueArn"]}},
        "Definition": {"Value": {"Ref": "Definition"}},
    },
}
ARN = "arn:aws:batch:us-east-1:000000000000:"


@pytest.fixture(scope="module")
def stage(aws):
    return Stage(aws)


@pytest.fixture
def deploy(stage):
    """Creates or updates the stack, answers its outputs, and deletes it in the end."""
    cloudformation = stage.client("cloudformation")
    made = []

    def run(template: dict[str, Any]) -> dict[str, str]:
        verb, waiter = ("update", "stack_update_complete") if made else ("create", "stack_create_complete")
        getattr(cloudformation, f"{verb}_stack")(StackName="stack", TemplateBody=json.dumps(template))
        made.append(verb)
        cloudformation.get_waiter(waiter).wait(StackName="stack", WaiterConfig={"Delay": 0.1})
        [found] = cloudformation.describe_stacks(StackName="stack")["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in found["Outputs"]}

    yield run
    cloudformation.delete_stack(StackName="stack")
    cloudformation.get_waiter("stack_delete_complete").wait(StackName="stack", WaiterConfig={"Delay": 0.1})
    assert stage.batch.describe_job_queues(jobQueues=["deployed"])["jobQueues"] == []
    left = stage.batch.describe_compute_environments()["computeEnvironments"]
    assert [one["computeEnvironmentName"] for one in left] == ["environment"]
    active = stage.batch.describe_job_definitions(jobDefinitionName="deployed", status="ACTIVE")
    assert active["jobDefinitions"] == []


def changed(resource: str, **properties: Any) -> dict[str, Any]:
    template = copy.deepcopy(TEMPLATE)
    template["Resources"][resource]["Properties"].update(properties)
    return template


def test_a_deployed_queue_runs_jobs_of_a_deployed_definition(stage, deploy):
    outputs = deploy(TEMPLATE)
    assert outputs["Queue"] == f"{ARN}job-queue/deployed"
    assert outputs["Definition"].startswith(f"{ARN}job-definition/deployed:")
    assert outputs["Policy"].startswith(f"{ARN}scheduling-policy/stack-Policy-")
    assert outputs["Environment"].startswith(f"{ARN}compute-environment/stack-Environment-")
    [environment] = stage.batch.describe_compute_environments(computeEnvironments=[outputs["Environment"]])[
        "computeEnvironments"
    ]
    assert environment["computeResources"]["maxvCpus"] == 4
    assert environment["tags"] == {"Project": "Pulse"}
    job = stage.batch.submit_job(
        jobName="job", jobQueue=outputs["Queue"], jobDefinition=outputs["Definition"], shareIdentifier="me"
    )["jobId"]
    found = stage.until(job)
    assert found["status"] == "SUCCEEDED"
    assert found["timeout"] == {"attemptDurationSeconds": 600}


def test_a_deployed_definition_of_several_containers_runs_with_a_volume_they_share(stage, deploy):
    def container(name: str, code: str, **more: Any) -> dict[str, Any]:
        return {
            "Name": name,
            "Image": "image:1",
            "Command": ["python", "-c", code],
            "Environment": [{"Name": "SHARED", "Value": "/shared"}],
            "MountPoints": [{"SourceVolume": "shared", "ContainerPath": "/shared"}],
            "ResourceRequirements": [{"Type": "VCPU", "Value": 0.5}, {"Type": "MEMORY", "Value": 1024}],
            **more,
        }

    template = copy.deepcopy(TEMPLATE)
    properties = template["Resources"]["Definition"]["Properties"]
    execution = properties.pop("ContainerProperties")["ExecutionRoleArn"]
    write = "import os, pathlib; pathlib.Path(os.environ['SHARED'], 'data').write_text('shared')"
    read = "import os, pathlib; print(pathlib.Path(os.environ['SHARED'], 'data').read_text())"
    after = [{"ContainerName": "before", "Condition": "SUCCESS"}]
    task = {
        "ExecutionRoleArn": execution,
        "Volumes": [{"Name": "shared", "Host": {}}],
        "Containers": [
            container("main", "raise SystemExit(9)", DependsOn=after),
            container("before", write, Essential=False),
        ],
    }
    properties["EcsProperties"] = {"TaskProperties": [task]}
    outputs = deploy(template)
    override = {"containers": [{"name": "main", "command": ["python", "-c", read]}]}
    job = stage.batch.submit_job(
        jobName="job",
        jobQueue=outputs["Queue"],
        jobDefinition=outputs["Definition"],
        shareIdentifier="me",
        ecsPropertiesOverride={"taskProperties": [override]},
    )["jobId"]
    found = stage.until(job)
    assert (found["status"], "container" in found) == ("SUCCEEDED", False)
    [described] = found["ecsProperties"]["taskProperties"]
    assert [(one["name"], one["exitCode"]) for one in described["containers"]] == [("main", 0), ("before", 0)]
    assert stage.lines("/aws/batch/job", {"container": described["containers"][0]}) == ["shared"]
    attempt = stage.events(job)[-1]["detail"]["attempts"][0]
    assert [one["name"] for one in attempt["taskProperties"][0]["containers"]] == ["main", "before"]


def test_an_environment_is_updated_in_place_and_replaced_for_its_tags(stage, deploy):
    first = deploy(TEMPLATE)["Environment"]
    resources = TEMPLATE["Resources"]["Environment"]["Properties"]["ComputeResources"]
    larger = changed("Environment", ComputeResources={**resources, "MaxvCpus": 8})
    assert deploy(larger)["Environment"] == first
    [found] = stage.batch.describe_compute_environments(computeEnvironments=[first])["computeEnvironments"]
    assert found["computeResources"]["maxvCpus"] == 8
    replaced = deploy(changed("Environment", Tags={"Project": "Other"}))["Environment"]
    assert replaced != first
    assert stage.batch.describe_compute_environments(computeEnvironments=[first])["computeEnvironments"] == []
    [queue] = stage.batch.describe_job_queues(jobQueues=["deployed"])["jobQueues"]
    assert [one["computeEnvironment"] for one in queue["computeEnvironmentOrder"]] == [replaced]


def test_a_named_environment_cannot_be_replaced(deploy):
    named = changed("Environment", ComputeEnvironmentName="mine")
    deploy(named)
    named["Resources"]["Environment"]["Properties"]["Tags"] = {"Project": "Other"}
    with pytest.raises(botocore.exceptions.WaiterError):
        deploy(named)


@pytest.mark.parametrize("keep", [True, False])
def test_a_changed_definition_is_a_new_revision(stage, deploy, keep):
    retention = {"SkipDeregisterOnUpdate": keep}
    first = deploy(changed("Definition", ResourceRetentionPolicy=retention))["Definition"]
    template = changed(
        "Definition", ResourceRetentionPolicy=retention, Timeout={"AttemptDurationSeconds": 700}
    )
    second = deploy(template)["Definition"]
    assert int(second.rpartition(":")[2]) == int(first.rpartition(":")[2]) + 1
    [old] = stage.batch.describe_job_definitions(jobDefinitions=[first])["jobDefinitions"]
    assert old["status"] == ("ACTIVE" if keep else "INACTIVE")
    if keep:
        stage.batch.deregister_job_definition(jobDefinition=first)


def test_a_queue_keeps_its_arn_through_tags_and_priority(stage, deploy):
    first = deploy(TEMPLATE)["Queue"]
    assert deploy(changed("Queue", Priority=7, Tags={"a": "b"}))["Queue"] == first
    [queue] = stage.batch.describe_job_queues(jobQueues=["deployed"])["jobQueues"]
    assert (queue["priority"], queue["tags"]) == (7, {"a": "b"})


def test_what_the_api_refuses_rolls_the_stack_back(stage, deploy):
    deploy(TEMPLATE)
    with pytest.raises(botocore.exceptions.WaiterError):
        deploy(changed("Definition", Timeout={"AttemptDurationSeconds": 5}))
    events = stage.client("cloudformation").describe_stack_events(StackName="stack")["StackEvents"]
    assert any("at least 60 seconds" in event.get("ResourceStatusReason", "") for event in events)


def test_an_environment_whose_service_role_cannot_be_assumed_does_not_stabilize(stage):
    cloudformation = stage.client("cloudformation")
    environment = changed("Environment", ServiceRole="arn:aws:iam::000000000000:role/nobody-s")
    template = {"Resources": {"Environment": environment["Resources"]["Environment"]}}
    cloudformation.create_stack(StackName="invalid", TemplateBody=json.dumps(template))
    with pytest.raises(botocore.exceptions.WaiterError):
        cloudformation.get_waiter("stack_create_complete").wait(
            StackName="invalid", WaiterConfig={"Delay": 0.1}
        )
    events = cloudformation.describe_stack_events(StackName="invalid")["StackEvents"]
    assert any("did not stabilize" in event.get("ResourceStatusReason", "") for event in events)
    left = stage.batch.describe_compute_environments()["computeEnvironments"]
    assert [one["computeEnvironmentName"] for one in left] == ["environment"]
