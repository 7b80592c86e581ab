"""The instances under jobs: which one is chosen, how long it is known, and where its id appears."""

import asyncio
import json

import pytest

from localaws.batch.border import container_instances
from localaws.batch.calls import definitions, environments, queues
from localaws.batch.memory.state import dump, load
from localaws.batch.scheduling import instances
from localaws.batch.scheduling.endings import instance_of
from tests.localaws.batch_world import SCOPE, definition, order, region_with_queue, waiting

HOUR_MS = 3_600_000
FAILS_ONCE = "import os, sys; sys.exit(os.environ['AWS_BATCH_JOB_ATTEMPT'] == '1')"
SLEEPS = "import time; time.sleep(60)"


def spot(name, *instance_types, kind="SPOT"):
    resources = {
        "type": kind,
        "maxvCpus": 64,
        "subnets": ["subnet-1"],
        "instanceRole": "arn:aws:iam::000000000000:instance-profile/instances",
        "instanceTypes": list(instance_types),
    }
    return {"computeEnvironmentName": name, "type": "MANAGED", "computeResources": resources}


def on_instances(region, *instance_types):
    """The queue's jobs run on these instance types from here on."""
    environments.create(region, spot("spot", *instance_types))
    queue = {"jobQueueName": "instances", "priority": 1, "computeEnvironmentOrder": order("spot")}
    queues.create(region, queue)
    return region.environments["spot"]


def host(environment, job, launched_ms=0):
    return instances.launch(environment, job, zone="us-east-1a", now_ms=launched_ms)


def submit(world, code, **members):
    definitions.register(world.region, {**definition("on-instances"), "platformCapabilities": ["EC2"]})
    request = {"jobName": "job", "jobQueue": "instances", "jobDefinition": "on-instances", **members}
    overrides = {"command": ["python", "-c", code], **members.get("containerOverrides", {})}
    return world.engine.submit(world.region, {**request, "containerOverrides": overrides})


@pytest.mark.parametrize(
    ("types", "vcpus", "memory_mib", "gpus", "chosen"),
    [
        (["m5"], 1, 2048, 0, "m5.large"),
        (["m5"], 2, 8192, 0, "m5.xlarge"),
        (["optimal"], 2, 4000, 0, "c6i.large"),
        (["optimal"], 2, 10_000, 0, "r6i.large"),
        (["default_arm64"], 8, 20_000, 0, "m6g.2xlarge"),
        (["c5.large", "r5.4xlarge", "c5.4xlarge"], 8, 4000, 0, "r5.4xlarge"),
        (["g5"], 1, 2048, 1, "g5.xlarge"),
        (["g5.xlarge", "g5.12xlarge"], 4, 2048, 4, "g5.12xlarge"),
        (["g6e.xlarge"], 4, 30_000, 1, "g6e.xlarge"),
        ([], 4, 2048, 0, "c6i.xlarge"),
    ],
)
def test_the_first_type_that_holds_the_job_is_launched(types, vcpus, memory_mib, gpus, chosen):
    region = region_with_queue()
    job = waiting(region, "job")
    job.vcpus, job.memory_mib = float(vcpus), memory_mib
    job.task["resourceRequirements"] = [{"type": "GPU", "value": str(gpus)}] if gpus else []
    environment = on_instances(region, *types)
    assert host(environment, job).instance_type == chosen


def test_a_container_instance_has_the_name_of_its_environment_and_the_id_of_its_instance():
    region = region_with_queue()
    environment = on_instances(region, "m5")
    found = host(environment, waiting(region, "job"))
    cluster, _, name = found.container_instance_arn.rpartition("/")
    assert cluster == (
        f"arn:aws:ecs:us-east-1:000000000000:container-instance/AWSBatch-spot-{environment['uuid']}"
    )
    assert len(name) == 32
    assert found.ec2_instance_id == f"i-{name[:17]}"
    assert found.spot
    assert not host({**environment, **spot("other", "m5", kind="EC2")}, waiting(region, "other")).spot


def test_a_terminated_host_is_inactive_for_an_hour_and_missing_then():
    region = region_with_queue()
    environment = on_instances(region, "m5.large")
    job = waiting(region, "job")
    first = host(environment, job)
    job.task["containerInstanceArn"] = first.container_instance_arn
    region.hosts.add(first)

    def told(now_ms, cluster=environment["ecsClusterArn"]):
        found = container_instances.describe(region, cluster, [first.container_instance_arn], now_ms)
        return [one["status"] for one in found["containerInstances"]] or found["failures"]

    assert told(10 * HOUR_MS) == ["ACTIVE"]
    region.hosts.terminate_of(job, 10 * HOUR_MS)
    assert told(11 * HOUR_MS) == ["INACTIVE"]
    assert told(11 * HOUR_MS + 1) == [{"arn": first.container_instance_arn, "reason": "MISSING"}]
    assert told(10 * HOUR_MS, "arn:aws:ecs:us-east-1:000000000000:cluster/other")[0]["reason"] == "MISSING"
    second = host(environment, job, launched_ms=11 * HOUR_MS + 1)
    region.hosts.add(second)
    assert list(region.hosts) == [second]


def test_a_type_of_unknown_size_registers_no_resources():
    region = region_with_queue()
    environment = on_instances(region, "c5.metal")
    found = host(environment, waiting(region, "job"))
    region.hosts.add(found)
    [described] = container_instances.describe(
        region, environment["ecsClusterArn"], [found.container_instance_arn], 0
    )["containerInstances"]
    assert described["registeredResources"] == []
    assert {"name": "ecs.instance-type", "value": "c5.metal"} in described["attributes"]


def test_a_job_knows_its_region_from_aws_on_fargate_only(play):
    code = "import os; print(os.environ.get('AWS_REGION'), os.environ.get('AWS_DEFAULT_REGION'))"

    async def scenario(world):
        on_instances(world.region, "m5")
        on_ec2, on_fargate = submit(world, code), world.submit(code)
        named = submit(
            world, code, containerOverrides={"environment": [{"name": "AWS_REGION", "value": "eu-west-1"}]}
        )
        lines = [world.log(await world.until(job)) for job in (on_ec2, on_fargate, named)]
        assert lines == [["None None"], ["us-east-1 us-east-1"], ["eu-west-1 None"]]

    play(scenario)


def test_each_attempt_has_an_instance_of_its_own_which_events_name(play):
    async def scenario(world):
        on_instances(world.region, "m5")
        job = await world.until(submit(world, FAILS_ONCE, retryStrategy={"attempts": 2}))
        arns = [attempt["container"]["containerInstanceArn"] for attempt in job.attempts]
        assert len(set(arns)) == 2
        told = [
            (one["Detail"]["status"], one["Detail"]["container"].get("containerInstanceArn"))
            for one in world.aws.events
        ]
        assert told == [
            ("RUNNABLE", None),
            ("STARTING", arns[0]),
            ("RUNNING", arns[0]),
            ("RUNNABLE", arns[0]),
            ("STARTING", arns[1]),
            ("RUNNING", arns[1]),
            ("SUCCEEDED", arns[1]),
        ]
        assert [one.zone for one in world.region.hosts] == ["us-east-1b", "us-east-1b"]
        assert all(one.terminated_ms for one in world.region.hosts)

    play(scenario)


def test_a_lost_host_is_the_one_that_was_known_also_after_a_restart(play):
    async def scenario(world):
        on_instances(world.region, "m5")
        job = await world.until(submit(world, SLEEPS), "RUNNING")
        [before] = world.region.hosts
        saved = json.loads(json.dumps(dump(world.engine.state)))
        world.engine.clear()
        await asyncio.sleep(0.1)
        load(world.engine.state, saved)
        world.engine.recover()
        region = world.engine.state.region(SCOPE)
        [after] = region.hosts
        lost = region.jobs[job.id]
        assert after.container_instance_arn == before.container_instance_arn
        assert after.terminated_ms == lost.detail["stoppedAt"]
        assert lost.detail["statusReason"] == f"Host EC2 (instance {after.ec2_instance_id}) terminated."
        assert region.hosts.find(instance_of(lost), after.terminated_ms) is after

    play(scenario)


def test_a_state_without_hosts_is_still_read(play):
    async def scenario(world):
        saved = dump(world.engine.state)
        for region in saved["regions"].values():
            del region["hosts"]
        load(world.engine.state, saved)
        assert list(world.engine.state.region(SCOPE).hosts) == []

    play(scenario)


@pytest.mark.parametrize(
    ("name", "vcpus", "memory_mib"),
    [
        ("m5.large", 2, 8192),
        ("r6i.32xlarge", 128, 1_048_576),
        ("x2idn.32xlarge", 128, None),
        ("c5.metal", None, None),
        ("m5", None, None),
    ],
)
def test_a_type_s_name_says_its_size(name, vcpus, memory_mib):
    assert (instances.vcpus(name), instances.memory_mib(name)) == (vcpus, memory_mib)
