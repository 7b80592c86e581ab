"""A queue, an image and roles inside a running instance, and how the live tests use them."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any

import boto3

from localaws.images.store import Config, Store

if TYPE_CHECKING:
    from localaws.instance import Instance

LOGS = {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"}
AMOUNTS = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "2048"}]


class Stage:
    """Image `image:1` runs the project's own Python; the queue `queue` lies on Fargate with 4 vCPUs."""

    def __init__(self, aws: Instance) -> None:
        self.aws = aws
        self.batch = self.client("batch")
        self.image("image:1")
        self.execution = self.role("execution", LOGS)
        self.batch.create_compute_environment(
            computeEnvironmentName="environment",
            type="MANAGED",
            computeResources={
                "type": "FARGATE",
                "maxvCpus": 4,
                "subnets": ["subnet-1"],
                "securityGroupIds": ["sg-1"],
            },
        )
        self.batch.create_job_queue(
            jobQueueName="queue",
            priority=1,
            computeEnvironmentOrder=[{"order": 1, "computeEnvironment": "environment"}],
        )
        self._events: list[dict[str, Any]] = []
        self._inbox = self._listen()

    def client(self, service: str, **options: Any) -> Any:
        return self.aws.client(service, **options)

    def session(self, key: str, secret: str, token: str | None = None) -> boto3.Session:
        return boto3.Session(key, secret, token, region_name="us-east-1")

    def image(self, tag: str) -> None:
        store = Store.of(self.aws.root)
        rootfs = store.draft() / "rootfs"
        rootfs.mkdir()
        command = ["python", "-c", "print('from the image')"]
        store.add(rootfs, Config("/app", [], command, {}, sys.prefix), [tag])

    def role(self, name: str, *statements: dict[str, Any], service: str = "ecs-tasks.amazonaws.com") -> str:
        iam = self.client("iam")
        allow = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        trust = {"Version": "2012-10-17", "Statement": [allow]}
        arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
        self.allow(name, *statements)
        return arn

    def allow(self, role: str, *statements: dict[str, Any]) -> None:
        """The role has these statements and no others; none leaves it as it is."""
        if statements:
            document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
            self.client("iam").put_role_policy(RoleName=role, PolicyName="all", PolicyDocument=document)

    def user(self, name: str, *statements: dict[str, Any]) -> Any:
        """A Batch client of a new user with these permissions."""
        iam = self.client("iam")
        iam.create_user(UserName=name)
        document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        iam.put_user_policy(UserName=name, PolicyName="all", PolicyDocument=document)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        session = self.session(key["AccessKeyId"], key["SecretAccessKey"])
        return session.client("batch", endpoint_url=self.aws.endpoint_url)

    def definition(self, **container: Any) -> str:
        properties = {
            "image": "image:1",
            "executionRoleArn": self.execution,
            "resourceRequirements": AMOUNTS,
            **container,
        }
        answer = self.batch.register_job_definition(
            jobDefinitionName="definition",
            type="container",
            platformCapabilities=["FARGATE"],
            containerProperties=properties,
        )
        arn: str = answer["jobDefinitionArn"]
        return arn

    def submit(
        self, code: str, *, name: str = "job", container: Any = None, overrides: Any = None, **members: Any
    ) -> str:
        """The id of a job that runs the code."""
        answer = self.batch.submit_job(
            jobName=name,
            jobQueue="queue",
            jobDefinition=self.definition(**(container or {})),
            containerOverrides={"command": ["python", "-c", code], **(overrides or {})},
            **members,
        )
        job: str = answer["jobId"]
        return job

    def submit_several(self, *names: str, code: str) -> str:
        """The id of a job with a container of each name, which all run the code."""
        half = [{"type": "VCPU", "value": "0.5"}, {"type": "MEMORY", "value": "1024"}]
        command = ["python", "-c", code]
        containers = [
            {"name": name, "image": "image:1", "command": command, "resourceRequirements": half}
            for name in names
        ]
        definition: str = self.batch.register_job_definition(
            jobDefinitionName="several",
            type="container",
            platformCapabilities=["FARGATE"],
            ecsProperties={
                "taskProperties": [{"executionRoleArn": self.execution, "containers": containers}]
            },
        )["jobDefinitionArn"]
        job: str = self.batch.submit_job(jobName="job", jobQueue="queue", jobDefinition=definition)["jobId"]
        return job

    def until(self, job: str, *statuses: str, seconds: float = 20) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found: dict[str, Any] = self.batch.describe_jobs(jobs=[job])["jobs"][0]
            if found["status"] in (statuses or ("SUCCEEDED", "FAILED")):
                return found
            time.sleep(0.02)
        message = f"{job} is {found['status']} after {seconds} s"
        raise TimeoutError(message)

    def run(self, code: str, **members: Any) -> dict[str, Any]:
        return self.until(self.submit(code, **members))

    def lines(self, group: str, job: dict[str, Any]) -> list[str]:
        stream = job["container"]["logStreamName"]
        events = self.client("logs").get_log_events(
            logGroupName=group, logStreamName=stream, startFromHead=True
        )["events"]
        return [event["message"] for event in events]

    def events(self, job: str) -> list[dict[str, Any]]:
        """The events of a finished job, in the order of their arrival."""
        sqs = self.client("sqs")
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            mine = [event for event in self._events if event["detail"]["jobId"] == job]
            if mine and mine[-1]["detail"]["status"] in {"SUCCEEDED", "FAILED"}:
                return mine
            answer = sqs.receive_message(QueueUrl=self._inbox, MaxNumberOfMessages=10, WaitTimeSeconds=1)
            for message in answer.get("Messages", []):
                self._events.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=self._inbox, ReceiptHandle=message["ReceiptHandle"])
        message = f"The last event of {job} has not arrived"
        raise TimeoutError(message)

    def _listen(self) -> str:
        sqs, events = self.client("sqs"), self.client("events")
        url: str = sqs.create_queue(QueueName="batch-events")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        events.put_rule(Name="batch", EventPattern=json.dumps({"source": ["aws.batch"]}))
        events.put_targets(Rule="batch", Targets=[{"Id": "queue", "Arn": arn}])
        return url
