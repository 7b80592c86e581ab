"""A client of AWS Batch that knows nothing of this project: `python client.py IMAGE [NAME]`.

Makes an environment, a queue and a definition of its own on instances, runs one job, prints its log, and
takes everything away again. Exit code 0 when the job SUCCEEDED. On AWS, name a subnet, a security group and
an instance profile of yours in the place of these.
"""

import sys
import time
import uuid
from collections.abc import Callable
from typing import Any

import boto3

batch, logs = boto3.client("batch"), boto3.client("logs")
image, *names = sys.argv[1:]
mine = f"hello-{uuid.uuid4().hex[:8]}"


def until(describe: Callable[[], Any], done: Callable[[Any], bool], seconds: float = 60) -> Any:
    """The first answer of `describe` that is `done`."""
    deadline = time.monotonic() + seconds
    while not done(found := describe()):
        if time.monotonic() > deadline:
            raise SystemExit(f"Still waiting after {seconds} s: {found}")
        time.sleep(0.2)
    return found


batch.create_compute_environment(
    computeEnvironmentName=mine,
    type="MANAGED",
    computeResources={
        "type": "EC2",
        "minvCpus": 0,
        "maxvCpus": 4,
        "instanceTypes": ["optimal"],
        "subnets": ["subnet-1"],
        "securityGroupIds": ["sg-1"],
        "instanceRole": "ecsInstanceRole",
    },
)
batch.create_job_queue(
    jobQueueName=mine, priority=1, computeEnvironmentOrder=[{"order": 1, "computeEnvironment": mine}]
)
definition = batch.register_job_definition(
    jobDefinitionName=mine,
    type="container",
    containerProperties={"image": image, "vcpus": 1, "memory": 512, "command": []},
)["jobDefinitionArn"]
submission: dict[str, Any] = {"containerOverrides": {"command": names}} if names else {}
job_id = batch.submit_job(jobName=mine, jobQueue=mine, jobDefinition=definition, **submission)["jobId"]
job = until(
    lambda: batch.describe_jobs(jobs=[job_id])["jobs"][0],
    lambda found: found["status"] in {"SUCCEEDED", "FAILED"},
)
print(job["status"], job.get("statusReason", ""), job["container"].get("reason", ""))
if stream := job["container"].get("logStreamName"):
    for event in logs.get_log_events(logGroupName="/aws/batch/job", logStreamName=stream)["events"]:
        print(event["message"])

batch.deregister_job_definition(jobDefinition=definition)
batch.update_job_queue(jobQueue=mine, state="DISABLED")
batch.delete_job_queue(jobQueue=mine)
until(lambda: batch.describe_job_queues(jobQueues=[mine])["jobQueues"], lambda found: not found)
batch.update_compute_environment(computeEnvironment=mine, state="DISABLED")
batch.delete_compute_environment(computeEnvironment=mine)
sys.exit(job["status"] != "SUCCEEDED")
