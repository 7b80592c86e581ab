"""Jobs of several containers as values: what a definition and a submission may say, and what comes of it."""

import re

import pytest

from localaws.batch.border.properties import request
from localaws.batch.calls import definitions, submit
from localaws.batch.errors import ClientException
from localaws.batch.model import checked, service_model, shaped
from localaws.batch.scheduling import instances
from tests.localaws.batch_containers import after, part, several
from tests.localaws.batch_world import definition, region_with_queue

REQUEST = {"jobName": "job", "jobQueue": "queue", "jobDefinition": "definition"}
PAIR = (part("main"), part("sidecar", essential=False))


def registered(document, **members):
    """The region, with what AWS Batch makes of this RegisterJobDefinition."""
    region = region_with_queue()
    shape = service_model().operation_model("RegisterJobDefinition").input_shape
    definitions.register(region, checked(shape, {**document, **members}))
    return region


def plan(region, **members):
    shape = service_model().operation_model("SubmitJob").input_shape
    return submit.plan(region, checked(shape, {**REQUEST, **members}), job_id="id", now_ms=1000, sequence=1)


def override(*containers):
    return {"ecsPropertiesOverride": {"taskProperties": [{"containers": list(containers)}]}}


def test_a_definition_of_several_containers_is_described_as_it_was_registered():
    region = registered(several(*PAIR, taskRoleArn="arn:aws:iam::000000000000:role/job"))
    [found] = definitions.describe(region, {"jobDefinitionName": "definition"})["jobDefinitions"]
    shown = shaped("JobDefinition", found)
    assert "containerProperties" not in shown
    assert shown["containerOrchestrationType"] == "ECS"
    [task] = shown["ecsProperties"]["taskProperties"]
    assert task["taskRoleArn"] == "arn:aws:iam::000000000000:role/job"
    assert [one["name"] for one in task["containers"]] == ["main", "sidecar"]
    assert task["containers"][1]["essential"] is False
    definitions.deregister(region, {"jobDefinition": "definition:1"})
    assert found["status"] == "INACTIVE"


@pytest.mark.parametrize(
    ("containers", "task", "words"),
    [
        ([], {}, "A task must have 1 to 10 containers, found 0"),
        ([part(str(n), vcpus="0.1") for n in range(11)], {}, "1 to 10 containers, found 11"),
        ([part("main"), part("main")], {}, "Container names must differ, found main, main"),
        ([part("../up"), part("b")], {}, "Container name must have 1 to 255 letters"),
        ([{**part("a"), "name": None}, part("b")], {}, "Container name must have 1 to 255 letters"),
        ([{**part("a"), "image": ""}, part("b")], {}, "Container.image is required"),
        ([part("a", essential=False)], {}, "at least one essential container"),
        ([part("a", dependsOn=after("c", "START")), part("b")], {}, "must name one of a, b, found 'c'"),
        ([part("a", dependsOn=after("b", "HEALTHY")), part("b")], {}, "found 'HEALTHY'"),
        (
            [part("a", dependsOn=after("b", "SUCCESS")), part("b")],
            {},
            "cannot have condition SUCCESS on b, which is essential",
        ),
        ([part("a", dependsOn=after("b", "COMPLETE")), part("b")], {}, "COMPLETE on b"),
        (
            [part("a", dependsOn=after("b", "START")), part("b", dependsOn=after("a", "START"))],
            {},
            "in a circle",
        ),
        ([part("a", dependsOn=after("a", "START")), part("b")], {}, "in a circle"),
        ([part("a"), part("b", vcpus="1")], {}, "(1.5 vCPU, 2048 MiB) not valid"),
        ([part("a"), part("b", memory="1023")], {}, "(1.0 vCPU, 2047 MiB) not valid"),
        ([part("a", vcpus="1", memory="2048"), {"name": "b", "image": "image"}], {}, "VCPU is required"),
        ([part("a", stopTimeout=121), part("b")], {}, "stopTimeout must be between 2 and 120"),
        ([part("a", startTimeout=1), part("b")], {}, "startTimeout must be between 2 and 120"),
        ([part("a", privileged=True), part("b")], {}, "privileged is not applicable for Fargate"),
        ([part("a", secrets=[{"name": "A", "valueFrom": "arn"}]), part("b")], {}, "secrets is not available"),
        ([part("a", environment=[{"name": "AWS_BATCH_X", "value": "1"}]), part("b")], {}, "AWS_BATCH"),
        ([part("a", firelensConfiguration={"type": "fluentd"}), part("b")], {}, "firelensConfiguration"),
        (PAIR, {"executionRoleArn": None}, "executionRoleArn is required for Fargate"),
        (PAIR, {"ephemeralStorage": {"sizeInGiB": 10}}, "between 21 and 200"),
        (PAIR, {"volumes": [{"name": "../up"}]}, "Volume name must have 1 to 255 letters"),
        (
            [part("a", mountPoints=[{"sourceVolume": "v", "containerPath": "/v"}]), part("b")],
            {},
            "volume 'v'",
        ),
    ],
)
def test_a_definition_that_aws_refuses_is_refused(containers, task, words):
    with pytest.raises(ClientException, match=re.escape(words)):
        registered(several(*containers, **task))


def test_a_definition_has_one_kind_of_properties_and_one_task():
    with pytest.raises(ClientException, match="found containerProperties and ecsProperties"):
        registered(several(*PAIR), containerProperties=definition()["containerProperties"])
    with pytest.raises(ClientException, match="found neither"):
        registered({**definition(), "containerProperties": None})
    twice = {"taskProperties": several(*PAIR)["ecsProperties"]["taskProperties"] * 2}
    with pytest.raises(ClientException, match="must have one element, found 2"):
        registered({**several(*PAIR), "ecsProperties": twice})


def test_on_instances_each_container_asks_for_whole_vcpus_and_the_job_for_all_of_them():
    gpu = {"type": "GPU", "value": "1"}
    amounts = [{"type": "VCPU", "value": "2"}, {"type": "MEMORY", "value": "3000"}, gpu]
    document = several(part("a", resourceRequirements=amounts), part("b", vcpus="1", memory="500"))
    document["platformCapabilities"] = ["EC2"]
    region = registered(document)
    region.environments["environment"]["computeResources"].update(type="EC2", instanceTypes=["m5", "g5"])
    job = plan(region)
    assert (job.vcpus, job.memory_mib) == (3, 3500)
    assert next(instances.holding(region.environments["environment"], job)) == "g5.xlarge"
    with pytest.raises(ClientException, match="whole number of at least 1 on EC2, found 0"):
        registered({**several(*PAIR), "platformCapabilities": ["EC2"]})


def test_a_submission_overrides_containers_by_name():
    document = several(
        part("main", command=["run", "Ref::what"], environment=[{"name": "A", "value": "1"}]),
        part("sidecar", command=["watch", "Ref::what"], essential=False),
    )
    own = {
        "name": "main",
        "environment": [{"name": "A", "value": "2"}],
        "resourceRequirements": [{"type": "MEMORY", "value": "2048"}],
    }
    other = {"name": "sidecar", "command": ["look", "Ref::what"]}
    job = plan(registered(document), parameters={"what": "it"}, **override(own, other))
    main, sidecar = job.containers
    assert (main["command"], sidecar["command"]) == (["run", "it"], ["look", "it"])
    assert main["environment"] == [{"name": "A", "value": "2"}]
    assert (job.vcpus, job.memory_mib) == (1, 3072)
    assert "container" not in job.detail
    assert plan(registered(document), parameters={"what": "it"}).containers[1]["command"] == ["watch", "it"]


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"containerOverrides": {}}, "Container overrides should not be set for ecsProperties jobs."),
        (override({"name": "other"}), "must name one of the containers main, sidecar, found 'other'"),
        (override({"command": ["a"]}), "must name one of the containers"),
        (override({"name": "main"}, {"name": "main"}), "overridden twice"),
        ({"ecsPropertiesOverride": {"taskProperties": [{}, {}]}}, "can have one element, found 2"),
        (override({"name": "main", "environment": [{"name": "AWS_BATCH", "value": ""}]}), "reserved"),
        (override({"name": "main", "command": ["Ref::what"]}), "No parameter found for reference what"),
        (
            override({"name": "main", "resourceRequirements": [{"type": "VCPU", "value": "1"}]}),
            "(1.5 vCPU, 2048 MiB) not valid",
        ),
    ],
)
def test_a_submission_that_aws_refuses_is_refused(members, words):
    with pytest.raises(ClientException, match=re.escape(words)):
        plan(registered(several(*PAIR)), **members)


def test_overrides_of_several_containers_are_refused_where_there_is_one():
    with pytest.raises(ClientException, match="should not be set for containerProperties jobs"):
        plan(registered(definition()), **override({"name": "default"}))


def test_cloudformation_s_properties_are_the_same_request():
    properties = {
        "JobDefinitionName": "definition",
        "Type": "Container",
        "PlatformCapabilities": ["FARGATE"],
        "EcsProperties": {
            "TaskProperties": [
                {
                    "ExecutionRoleArn": "arn",
                    "Volumes": [{"Name": "shared", "Host": {}}],
                    "Containers": [
                        {
                            "Name": "main",
                            "Image": "image",
                            "Essential": "true",
                            "StopTimeout": "5",
                            "DependsOn": [{"ContainerName": "before", "Condition": "SUCCESS"}],
                            "MountPoints": [{"SourceVolume": "shared", "ContainerPath": "/shared"}],
                        }
                    ],
                }
            ]
        },
    }
    found = request("RegisterJobDefinition", properties)
    assert found["ecsProperties"]["taskProperties"] == [
        {
            "executionRoleArn": "arn",
            "volumes": [{"name": "shared"}],
            "containers": [
                {
                    "name": "main",
                    "image": "image",
                    "essential": True,
                    "stopTimeout": 5,
                    "dependsOn": [{"containerName": "before", "condition": "SUCCESS"}],
                    "mountPoints": [{"sourceVolume": "shared", "containerPath": "/shared"}],
                }
            ],
        }
    ]
