"""On which instance a job runs, as a client of Batch, ECS and EC2 finds out, on what the CDK deploys."""

import uuid
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError

from localaws import faults
from tests.localaws import cdk_instances
from tests.localaws.batch_live import AMOUNTS, Stage

LONG = "import time; time.sleep(60)"
CONTAINER_INSTANCES = "arn:aws:ecs:us-east-1:000000000000:container-instance/AWSBatch-"
UNKNOWN = "i-0123456789abcdef0"


@pytest.fixture(scope="module")
def stage(aws):
    return Stage(aws)


@pytest.fixture(scope="module")
def stack(stage, deploy):
    outputs = {"Profile": {"Fn::GetAtt": ["Profile", "Arn"]}, "Template": {"Ref": "Template"}}
    outputs |= {name: {"Ref": name} for name in ("Spot", "OnDemand")}
    stage.batch.register_job_definition(
        jobDefinitionName="on-instances",
        type="container",
        platformCapabilities=["EC2"],
        containerProperties={"image": "image:1", "resourceRequirements": AMOUNTS},
    )
    return deploy("hosts", cdk_instances.resources(), outputs)


@pytest.fixture
def run(stage, stack):
    """`run(queue)` is a RUNNING job, which ends with the test."""
    running = []

    def submit(queue, code=LONG, status="RUNNING"):
        found = stage.batch.submit_job(
            jobName="job",
            jobQueue=queue,
            jobDefinition="on-instances",
            containerOverrides={"command": ["python", "-c", code]},
        )
        running.append(found["jobId"])
        return stage.until(found["jobId"], status)

    yield submit
    for job in running:
        stage.batch.terminate_job(jobId=job, reason="enough")
        stage.until(job)


def described(stage, job, reference=None):
    """The job's container instance in ECS, and its instance in EC2."""
    arn = job["container"]["containerInstanceArn"]
    answer = stage.client("ecs").describe_container_instances(
        cluster=arn.split("/")[1], containerInstances=[reference or arn]
    )
    assert answer["failures"] == []
    [registered] = answer["containerInstances"]
    ids = [registered["ec2InstanceId"]]
    [reservation] = stage.client("ec2").describe_instances(InstanceIds=ids)["Reservations"]
    [instance] = reservation["Instances"]
    assert instance["InstanceId"] == registered["ec2InstanceId"]
    return registered, instance


def refusal(call, **arguments):
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    return refused.value.response["Error"]["Code"]


def test_the_cdk_s_environments_are_deployed_as_they_are_written(stage, stack):
    found = stage.batch.describe_compute_environments(computeEnvironments=[stack["Spot"], stack["OnDemand"]])[
        "computeEnvironments"
    ]
    assert [one["computeResources"]["type"] for one in found] == ["SPOT", "EC2"]
    for environment in found:
        resources = environment["computeResources"]
        assert (environment["status"], environment["type"]) == ("VALID", "MANAGED")
        assert resources["instanceRole"] == stack["Profile"]
        assert resources["launchTemplate"] == {"launchTemplateId": stack["Template"]}
        assert resources["ec2Configuration"] == [{"imageType": "ECS_AL2023"}]
        assert resources["minvCpus"] == 0


def test_a_job_on_spot_tells_its_instance_from_starting_on(stage, run):
    job = run("spot")
    arn = job["container"]["containerInstanceArn"]
    assert arn.startswith(f"{CONTAINER_INSTANCES}hosts-Spot-")
    registered, instance = described(stage, job)
    assert (registered["containerInstanceArn"], registered["status"]) == (arn, "ACTIVE")
    attributes = {one["name"]: one.get("value") for one in registered["attributes"]}
    assert attributes["ecs.instance-type"] == "m5.large"
    assert attributes["ecs.availability-zone"] == "us-east-1b"
    resources = {one["name"]: one["integerValue"] for one in registered["registeredResources"]}
    assert resources == {"CPU": 2048, "MEMORY": 8192}
    assert instance["InstanceType"] == "m5.large"
    assert instance["Placement"]["AvailabilityZone"] == "us-east-1b"
    assert instance["InstanceLifecycle"] == "spot"
    assert instance["State"] == {"Code": 16, "Name": "running"}
    assert (datetime.now(UTC) - instance["LaunchTime"]).total_seconds() < 60

    stage.batch.terminate_job(jobId=job["jobId"], reason="enough")
    ended = stage.until(job["jobId"])
    assert ended["attempts"][0]["container"]["containerInstanceArn"] == arn
    registered, instance = described(stage, ended, reference=arn.rpartition("/")[2])
    assert registered["status"] == "INACTIVE"
    assert (instance["State"]["Name"], instance["InstanceLifecycle"]) == ("terminated", "spot")
    told = {
        event["detail"]["status"]: event["detail"]["container"].get("containerInstanceArn")
        for event in stage.events(job["jobId"])
    }
    assert told == {"RUNNABLE": None, "STARTING": arn, "RUNNING": arn, "FAILED": arn}


def test_a_job_on_demand_has_an_instance_without_a_lifecycle(stage, run):
    _, instance = described(stage, run("on-demand"))
    assert "InstanceLifecycle" not in instance


def test_a_reclaimed_host_is_the_instance_that_ec2_knows(stage, run):
    with faults.injected(stage.aws.pages_url, jobs=[{"how": "spot-ec2"}]):
        job = run("spot", status="FAILED")
    registered, _ = described(stage, job)
    assert job["statusReason"] == f"Host EC2 (instance {registered['ec2InstanceId']}) terminated."


def test_a_job_on_fargate_has_no_container_instance(stage):
    job = stage.run("pass")
    assert "containerInstanceArn" not in job["container"]
    assert "containerInstanceArn" not in job["attempts"][0]["container"]


def test_ecs_tells_what_is_missing_and_where(stage, run):
    arn = run("spot")["container"]["containerInstanceArn"]
    cluster, known = arn.split("/")[1:]
    ecs = stage.client("ecs")
    unknown = uuid.uuid4().hex
    answer = ecs.describe_container_instances(
        cluster=f"arn:aws:ecs:us-east-1:000000000000:cluster/{cluster}", containerInstances=[unknown, known]
    )
    assert [one["containerInstanceArn"] for one in answer["containerInstances"]] == [arn]
    assert answer["failures"] == [{"arn": arn.replace(known, unknown), "reason": "MISSING"}]
    ask = ecs.describe_container_instances
    assert refusal(ask, cluster="nobody-s", containerInstances=[known]) == "ClusterNotFoundException"
    too_many = {"cluster": cluster, "containerInstances": [known] * 101}
    assert refusal(ask, **too_many) == "InvalidParameterException"
    ecs.create_cluster(clusterName="own")
    assert ask(cluster="own", containerInstances=[known])["containerInstances"] == []


def test_ecs_lists_and_describes_what_a_running_job_is_made_of(stage, run, as_role):
    job = run("spot")["container"]
    ecs, cluster = stage.client("ecs"), job["containerInstanceArn"].split("/")[1]
    cluster_arn = f"arn:aws:ecs:us-east-1:000000000000:cluster/{cluster}"
    ecs.create_cluster(clusterName="own")
    listed = ecs.list_clusters()["clusterArns"]
    assert {cluster_arn, "arn:aws:ecs:us-east-1:000000000000:cluster/own"} <= set(listed)
    answer = ecs.describe_clusters(clusters=[cluster, "own", "nobody-s"])
    assert {one["clusterName"] for one in answer["clusters"]} == {cluster, "own"}
    assert [one["reason"] for one in answer["failures"]] == ["MISSING"]
    hosts = ecs.list_container_instances(cluster=cluster)["containerInstanceArns"]
    assert hosts == [job["containerInstanceArn"]]
    assert ecs.list_tasks(cluster=cluster_arn)["taskArns"] == [job["taskArn"]]
    by_instance = ecs.list_tasks(cluster=cluster, containerInstance=hosts[0])
    assert by_instance["taskArns"] == [job["taskArn"]]
    allowed = as_role("ecs", {"Action": "ecs:DescribeTasks", "Resource": job["taskArn"]})
    [task] = allowed.describe_tasks(cluster=cluster, tasks=[job["taskArn"].rpartition("/")[2]])["tasks"]
    assert (task["containerInstanceArn"], task["lastStatus"]) == (hosts[0], "RUNNING")
    assert task["createdAt"] <= task["startedAt"]
    assert refusal(ecs.list_tasks, cluster="nobody-s") == "ClusterNotFoundException"


def test_a_job_reads_its_metadata_over_http(stage):
    job = stage.run(
        "import json, os, urllib.request as u; a = os.environ['ECS_CONTAINER_METADATA_URI_V4'];"
        "print(*[json.load(u.urlopen(a + p))[k] for p, k in (('', 'Name'), ('/task', 'TaskARN'))])"
    )
    assert stage.lines("/aws/batch/job", job) == [f"default {job['container']['taskArn']}"]


def test_ec2_describes_its_own_instances_beside_those_of_jobs(stage, run):
    registered, _ = described(stage, run("on-demand"))
    mine = registered["ec2InstanceId"]
    ec2 = stage.client("ec2")
    launched = ec2.run_instances(ImageId="ami-1", InstanceType="t3.micro", MinCount=1, MaxCount=1)
    own = launched["Instances"][0]["InstanceId"]

    def ids(**members):
        found = ec2.describe_instances(**members)["Reservations"]
        return {one["InstanceId"] for reservation in found for one in reservation["Instances"]}

    assert ids(InstanceIds=[mine, own]) == {mine, own}
    of_type = {"Name": "instance-type", "Values": ["t3.micro"]}
    assert ids(InstanceIds=[mine, own], Filters=[of_type]) == {own}
    assert ids() == {own}
    for asked in ([UNKNOWN], [mine, UNKNOWN]):
        assert refusal(ec2.describe_instances, InstanceIds=asked) == "InvalidInstanceID.NotFound"
    ec2.terminate_instances(InstanceIds=[own])


def test_ecs_is_allowed_by_the_container_instance(stage, run, as_role):
    arn = run("spot")["container"]["containerInstanceArn"]
    cluster, known = arn.split("/")[1:]
    statement = {"Action": "ecs:DescribeContainerInstances", "Resource": f"{CONTAINER_INSTANCES}hosts-Spot-*"}
    allowed = as_role("ecs", statement)
    for reference in (arn, known):
        answer = allowed.describe_container_instances(cluster=cluster, containerInstances=[reference])
        assert len(answer["containerInstances"]) == 1
    on_the_cluster = {**statement, "Resource": f"arn:aws:ecs:us-east-1:000000000000:cluster/{cluster}"}
    elsewhere = {**statement, "Resource": f"{CONTAINER_INSTANCES}other-*"}
    for denied in (as_role("ecs", on_the_cluster), as_role("ecs", elsewhere)):
        code = refusal(denied.describe_container_instances, cluster=cluster, containerInstances=[known])
        assert code == "AccessDeniedException"


def test_ec2_is_allowed_on_everything_or_not_at_all(stage, run, as_role):
    registered, _ = described(stage, run("spot"))
    asked = {"InstanceIds": [registered["ec2InstanceId"]]}
    everything = as_role("ec2", {"Action": "ec2:DescribeInstances", "Resource": "*"})
    assert len(everything.describe_instances(**asked)["Reservations"]) == 1
    one_only = {"Action": "ec2:DescribeInstances", "Resource": "arn:aws:ec2:*:*:instance/*"}
    denied = as_role("ec2", one_only)
    assert refusal(denied.describe_instances, **asked) == "UnauthorizedOperation"
