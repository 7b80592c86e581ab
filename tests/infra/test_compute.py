"""PulseCompute: where jobs run, in which order they are placed, and what a job is."""

import json
import re
from ipaddress import IPv4Network

import pytest

from pulse.domain.catalogue.retry_policy import RetryPolicy
from tests.infra.templates import FAIR, FIFO, INSTANCES, ON_DEMAND, text


def definition(synthesis, name="TrainingDefinition"):
    return synthesis.resources("Batch::JobDefinition")[name]


@pytest.fixture
def container(local):
    return definition(local)["ContainerProperties"]


def test_jobs_get_out_by_a_public_address_and_pay_for_no_nat(local):
    [environment, *others] = local.resources("Batch::ComputeEnvironment").values()
    public = {"Ref": "NetworkVpcPublicSubnet1Subnet36933139"}
    assert public in environment["ComputeResources"]["Subnets"]
    assert all(
        other["ComputeResources"]["Subnets"] == environment["ComputeResources"]["Subnets"] for other in others
    )
    assert not local.resources("EC2::NatGateway")
    routes = local.resources("EC2::Route").values()
    assert {text(route["GatewayId"]) for route in routes} == {"NetworkVpcIGW"}


@pytest.mark.parametrize(
    ("environment", "on_launch"),
    [("local", True), ("default", False), ("everything", False), ("isolated", False)],
)
def test_a_subnet_gives_an_address_only_to_instances_that_have_no_other_way_out(
    synthesize, environment, on_launch
):
    """A Fargate job asks for its own; an instance in a public subnet cannot."""
    subnets = synthesize(environment).resources("EC2::Subnet").values()
    assert {subnet["MapPublicIpOnLaunch"] for subnet in subnets} == {on_launch}


def test_nothing_may_come_in_and_only_https_may_go_out(local):
    [group] = local.resources("EC2::SecurityGroup").values()
    assert "SecurityGroupIngress" not in group
    assert not local.resources("EC2::SecurityGroupIngress")
    [out] = group["SecurityGroupEgress"]
    assert (out["CidrIp"], out["IpProtocol"], out["FromPort"], out["ToPort"]) == (
        "0.0.0.0/0",
        "tcp",
        443,
        443,
    )


def test_s3_is_reached_without_leaving_the_network(local):
    [endpoint] = local.resources("EC2::VPCEndpoint").values()
    assert text(endpoint["ServiceName"]) == "com.amazonaws.$Region.s3"
    assert endpoint["VpcEndpointType"] == "Gateway"


def test_compute_environments_have_no_name_no_role_and_constant_tags(local):
    environments = local.resources("Batch::ComputeEnvironment")
    assert {e["ComputeResources"]["Type"] for e in environments.values()} == {
        "FARGATE_SPOT",
        "FARGATE",
        "SPOT",
    }
    for environment in environments.values():
        assert "ComputeEnvironmentName" not in environment
        assert "ServiceRole" not in environment
        assert environment["ReplaceComputeEnvironment"] is False
        assert environment["Tags"] == {
            "Project": "Pulse",
            "Component": "Retrodiction-Training",
            "CreatedBy": "pulse",
        }


@pytest.mark.parametrize("queue", [FIFO, FAIR])
def test_spot_is_tried_before_on_demand(local, queue):
    order = local.resources("Batch::JobQueue")[queue]["ComputeEnvironmentOrder"]
    names = [text(each["ComputeEnvironment"]) for each in sorted(order, key=lambda each: each["Order"])]
    assert names == [
        "Environmentsfargatespot.ComputeEnvironmentArn",
        "Environmentsfargate.ComputeEnvironmentArn",
    ]


def test_one_queue_is_fifo_and_one_shares(local):
    queues = local.resources("Batch::JobQueue")
    assert {name: queue["JobQueueName"] for name, queue in queues.items()} == {
        FIFO: "pulse-retrodiction-job-queue",
        ON_DEMAND: "pulse-retrodiction-on-demand-queue",
        FAIR: "pulse-retrodiction-fair-queue",
        INSTANCES: "pulse-retrodiction-instance-queue",
    }
    assert "SchedulingPolicyArn" not in queues[FIFO]
    assert text(queues[FAIR]["SchedulingPolicyArn"]) == "Queuespulseretrodictionfairqueueshares.Arn"
    [policy] = local.resources("Batch::SchedulingPolicy").values()
    assert policy["FairsharePolicy"] == {
        "ShareDecaySeconds": 3600,
        "ComputeReservation": 0,
        "ShareDistribution": [
            {"ShareIdentifier": "interactive", "WeightFactor": 0.5},
            {"ShareIdentifier": "default", "WeightFactor": 1},
        ],
    }


@pytest.mark.parametrize("queue", [FIFO, FAIR, ON_DEMAND])
def test_a_job_that_can_never_run_does_not_block_its_queue(local, queue):
    limits = local.resources("Batch::JobQueue")[queue]["JobStateTimeLimitActions"]
    assert limits == [
        {
            "Action": "CANCEL",
            "State": "RUNNABLE",
            "MaxTimeSeconds": 3600,
            "Reason": f"MISCONFIGURATION:{reason}",
        }
        for reason in ("COMPUTE_ENVIRONMENT_MAX_RESOURCE", "JOB_RESOURCE_REQUIREMENT")
    ]


def test_a_new_revision_leaves_the_old_one_to_submitters_in_flight(local):
    for id_, platform, name in (
        ("TrainingDefinition", "FARGATE", "pulse-retrodiction-training"),
        ("TrainingEc2Definition", "EC2", "pulse-retrodiction-training-ec2"),
    ):
        found = definition(local, id_)
        assert found["ResourceRetentionPolicy"] == {"SkipDeregisterOnUpdate": True}
        assert found["JobDefinitionName"] == name
        assert found["PlatformCapabilities"] == [platform]
        assert found["PropagateTags"] is True


def test_a_job_tries_again_after_what_may_pass_and_after_nothing_else(local):
    for name in ("TrainingDefinition", "TrainingEc2Definition"):
        assert definition(local, name)["RetryStrategy"] == _capitalized(RetryPolicy().strategy(3))


def test_a_fair_share_queue_takes_the_definition_because_it_has_a_priority(synthesize):
    """Without one, SubmitJob would have to state schedulingPriorityOverride, which a FIFO queue refuses."""
    definitions = synthesize("everything").resources("Batch::JobDefinition")
    assert {name: d["SchedulingPriority"] for name, d in definitions.items()} == {
        "TrainingDefinition": 100,
        "TrainingEc2Definition": 100,
    }


def test_a_job_is_stopped_in_time_and_sized_by_the_default_profile(production):
    found = definition(production)
    assert found["Timeout"] == {"AttemptDurationSeconds": 86400}
    assert found["ContainerProperties"]["ResourceRequirements"] == [
        {"Type": "MEMORY", "Value": "16384"},
        {"Type": "VCPU", "Value": "4"},
    ]


@pytest.mark.long
@pytest.mark.parametrize(
    ("profile", "resources", "seconds"),
    [
        ("{vcpus: auto, memory_mib: auto, timeout_seconds: auto}", ["2048", "1"], 86400),
        ("{vcpus: 2, memory_mib: auto, timeout_seconds: 7200}", ["2048", "1"], 7200),
        ("{vcpus: 2, memory_mib: 4096, timeout_seconds: auto}", ["4096", "2"], 86400),
    ],
)
def test_a_job_that_states_nothing_gets_a_size_even_where_the_default_is_auto(
    synthesize, profile, resources, seconds
):
    name = re.sub(r"\W+", "-", profile).strip("-")
    found = definition(synthesize(name, f"profiles: {{default: {profile}}}"))
    requirements = found["ContainerProperties"]["ResourceRequirements"]
    assert [each["Value"] for each in requirements] == resources
    assert found["Timeout"] == {"AttemptDurationSeconds": seconds}


def test_a_job_can_write_nowhere_but_tmp(container):
    assert container["ReadonlyRootFilesystem"] is True
    assert container["Volumes"] == [{"Name": "tmp"}]
    [mount] = container["MountPoints"]
    assert mount == {"ContainerPath": "/tmp", "SourceVolume": "tmp", "ReadOnly": False}  # noqa: S108 - the job's own
    assert "Privileged" not in container


def test_a_job_runs_the_training_with_its_own_roles(container):
    assert container["Command"] == ["python", "-m", "recursive_training.run_training"]
    assert text(container["JobRoleArn"]) == "TrainingJobRole.Arn"
    assert text(container["ExecutionRoleArn"]) == "TrainingExecutionRole.Arn"
    assert container["NetworkConfiguration"] == {"AssignPublicIp": "ENABLED"}
    assert container["RuntimePlatform"] == {"CpuArchitecture": "X86_64", "OperatingSystemFamily": "LINUX"}
    assert {each["Name"]: text(each["Value"]) for each in container["Environment"]} == {
        "S3_DATA_BUCKET": "DataBucket",
        "S3_RESULTS_BUCKET": "ResultsBucket",
        "LOG_LEVEL": "INFO",
        "USE_DASK": "false",
        "DASK_THREADS": "2",
        "AWS_REGION": "$Region",
    }


def test_a_jobs_logs_are_kept_as_long_as_configured(local, production, container):
    assert container["LogConfiguration"]["LogDriver"] == "awslogs"
    assert text(container["LogConfiguration"]["Options"]["awslogs-group"]) == "TrainingLogs"
    group = local.full("Logs::LogGroup")["TrainingLogs"]
    assert group["DeletionPolicy"] == "Retain"
    assert group["Properties"]["RetentionInDays"] == 90
    assert production.resources("Logs::LogGroup")["TrainingLogs"]["RetentionInDays"] == 365


def test_the_image_is_an_asset_for_the_processor_it_runs_on(local):
    images = json.loads((local.folder / "PulseCompute.assets.json").read_text())["dockerImages"]
    [image] = images.values()
    assert image["source"]["platform"] == "linux/amd64"


def test_gpu_instances_have_a_queue_and_a_definition_of_their_own(synthesize):
    everything = synthesize("everything")
    instances = everything.resources("Batch::ComputeEnvironment")["Environmentsgpu"]
    resources = instances["ComputeResources"]
    assert resources["Type"] == "SPOT"
    assert resources["InstanceTypes"] == ["g5.xlarge", "g5.2xlarge"]
    assert resources["MinvCpus"] == 0
    assert resources["Ec2Configuration"] == [{"ImageType": "ECS_AL2023_NVIDIA"}]
    assert instances["UpdatePolicy"] == {"TerminateJobsOnUpdate": False, "JobExecutionTimeoutMinutes": 120}
    queue = everything.resources("Batch::JobQueue")["Queuespulseretrodictiongpuqueue"]
    [order] = queue["ComputeEnvironmentOrder"]
    assert text(order["ComputeEnvironment"]) == "Environmentsgpu.ComputeEnvironmentArn"
    container = definition(everything, "TrainingEc2Definition")["ContainerProperties"]
    assert "NetworkConfiguration" not in container


INSTANCES_OF = """
compute_environments: {{big: {{type: EC2, max_vcpus: 64, instance_types: {types}}}}}
container: {{cpu_architecture: {cpu_architecture}}}
queues: {{big-queue: {{priority: 1, environments: [big]}}}}
profiles: {{big: {{vcpus: 1, memory_mib: 2048, timeout_seconds: {timeout}, queue: big-queue}}}}
"""


@pytest.mark.long
@pytest.mark.parametrize(
    ("types", "cpu_architecture", "timeout", "minutes"),
    [
        ("[default_x86_64]", "X86_64", "172800", 2880),
        ("[default_arm64]", "ARM64", "auto", 7200),
        ("[optimal, m7i]", "X86_64", "60", 30),
    ],
)
def test_an_environment_takes_what_aws_batch_takes_and_its_updates_wait_for_the_longest_job(
    synthesize, types, cpu_architecture, timeout, minutes
):
    yaml = INSTANCES_OF.format(types=types, cpu_architecture=cpu_architecture, timeout=timeout)
    found = synthesize(f"big-{minutes}", yaml).resources("Batch::ComputeEnvironment")["Environmentsbig"]
    assert found["ComputeResources"]["InstanceTypes"] == types.strip("[]").split(", ")
    assert found["UpdatePolicy"] == {
        "TerminateJobsOnUpdate": False,
        "JobExecutionTimeoutMinutes": minutes,
    }


def test_an_environment_follows_the_changes_of_its_launch_template(synthesize):
    instances = synthesize("everything").resources("Batch::ComputeEnvironment")["Environmentsgpu"]
    assert text(instances["ComputeResources"]["LaunchTemplate"]["Version"]) == (
        "Environmentsgputemplate.LatestVersionNumber"
    )


def test_the_production_example_cancels_what_no_instance_can_hold(production):
    limits = production.resources("Batch::JobQueue")[INSTANCES]["JobStateTimeLimitActions"]
    assert "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT" in {limit["Reason"] for limit in limits}


def test_instances_keep_their_own_credentials_from_jobs_and_encrypt_their_disks(synthesize):
    [template] = synthesize("everything").resources("EC2::LaunchTemplate").values()
    data = template["LaunchTemplateData"]
    assert data["MetadataOptions"] == {"HttpTokens": "required", "HttpPutResponseHopLimit": 1}
    assert all(device["Ebs"]["Encrypted"] for device in data["BlockDeviceMappings"])


def test_private_jobs_go_out_through_one_nat_gateway(synthesize):
    everything = synthesize("everything")
    assert len(everything.resources("EC2::NatGateway")) == 1
    container = definition(everything)["ContainerProperties"]
    assert container["NetworkConfiguration"] == {"AssignPublicIp": "DISABLED"}
    assert container["EphemeralStorage"] == {"SizeInGiB": 60}
    subnets = everything.resources("Batch::ComputeEnvironment")["Environmentsfargate"]["ComputeResources"][
        "Subnets"
    ]
    assert len(subnets) == 3
    assert all("PrivateSubnet" in text(subnet) for subnet in subnets)
    assert everything.resources("EC2::FlowLog")


@pytest.mark.long
def test_the_network_can_change_its_mode_and_its_zones_later(synthesize):
    """A subnet's range cannot change, and CloudFormation makes a new one while the old one is there."""
    networks = [("public", 2), ("nat", 3), ("endpoints", 2), ("nat", 6)]
    ranges = {}
    for mode, zones in networks:
        yaml = f"network: {{mode: {mode}, availability_zones: {zones}}}"
        subnets = synthesize(f"{mode}-{zones}", yaml).resources("EC2::Subnet")
        assert len(subnets) == zones * (2 if mode == "nat" else 1)
        for name, subnet in subnets.items():
            assert ranges.setdefault(name, subnet["CidrBlock"]) == subnet["CidrBlock"], (mode, zones)
    assert len(set(ranges.values())) == len(ranges) == 12
    assert all(IPv4Network(one).subnet_of(IPv4Network("10.80.0.0/16")) for one in ranges.values())
    assert {IPv4Network(one).prefixlen for one in ranges.values()} == {20}


def test_isolated_jobs_reach_what_they_need_through_endpoints(synthesize):
    isolated = synthesize("isolated")
    services = {text(e["ServiceName"]) for e in isolated.resources("EC2::VPCEndpoint").values()}
    assert services == {f"com.amazonaws.$Region.{name}" for name in ("s3", "ecr.api", "ecr.dkr", "logs")}
    listening = {
        name: [(text(rule["SourceSecurityGroupId"]), rule["FromPort"], rule["ToPort"]) for rule in rules]
        for name, group in isolated.resources("EC2::SecurityGroup").items()
        if (rules := group.get("SecurityGroupIngress"))
    }
    assert listening == {
        f"NetworkVpc{name}SecurityGroup": [("NetworkJobs.GroupId", 443, 443)]
        for name in ("EcrApi", "EcrDocker", "Logs")
    }
    assert not isolated.resources("EC2::SecurityGroupIngress")
    assert not isolated.resources("EC2::InternetGateway")
    assert not isolated.resources("EC2::NatGateway")
    [only] = isolated.resources("Batch::JobDefinition").values()
    assert only["ContainerProperties"]["NetworkConfiguration"] == {"AssignPublicIp": "DISABLED"}


def test_zones_are_named_by_cloudformation_even_where_account_and_region_are_fixed(synthesize):
    zones = [
        subnet["AvailabilityZone"] for subnet in synthesize("everything").resources("EC2::Subnet").values()
    ]
    assert all(set(zone) == {"Fn::Select"} for zone in zones)


def _capitalized(value):
    """As CloudFormation writes the members of an API's structure."""
    if isinstance(value, dict):
        return {name[0].upper() + name[1:]: _capitalized(each) for name, each in value.items()}
    return [_capitalized(each) for each in value] if isinstance(value, list) else value
