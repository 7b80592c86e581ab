"""What a test needs of an AWS on this machine beside boto3: a deployed stack, a built image, a job's end."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from localaws.errors import DeployFailed, SetUpFailed, StillWaiting
from localaws.instance import Instance

Document = dict[str, Any]

PAUSE_SECONDS = 0.05
_CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]


def deploy(
    aws: Instance, name: str, template: Mapping[str, Any], *, tags: Sequence[Mapping[str, str]] = ()
) -> dict[str, str]:
    """Creates or updates the stack `name`, waits until it is done, and returns its outputs.

    Raises DeployFailed with the reasons of what failed, StillWaiting after a minute.
    """
    cloudformation = aws.client("cloudformation")
    wanted = {
        "StackName": name,
        "TemplateBody": json.dumps(template),
        "Tags": list(tags),
        "Capabilities": _CAPABILITIES,
    }
    try:
        cloudformation.create_stack(**wanted)
    except cloudformation.exceptions.AlreadyExistsException:
        cloudformation.update_stack(**wanted)
    stack = _until(
        lambda: cloudformation.describe_stacks(StackName=name)["Stacks"][0],
        lambda found: not found["StackStatus"].endswith("_IN_PROGRESS"),
        f"the stack {name}",
    )
    if stack["StackStatus"] not in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
        events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
        failed = [event for event in events if "FAILED" in event["ResourceStatus"]]
        raise DeployFailed(
            name,
            stack["StackStatus"],
            [f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}" for event in failed],
        )
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def build_image(aws: Instance, folder: Path, tag: str) -> None:
    """Builds the Dockerfile of `folder` as the image `tag`, without Docker. Raises SetUpFailed."""
    environment = aws.environment()
    command = [environment["CDK_DOCKER"], "build", "--tag", tag, str(folder)]
    done = subprocess.run(
        command,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SetUpFailed(f"Building the image {tag}", command, done.stdout)


def run_job(aws: Instance, queue: str, definition: str, *, seconds: float = 60, **more: Any) -> Document:
    """Submits a job and returns it, as DescribeJobs answers it, once it has SUCCEEDED or FAILED.

    `more` goes to SubmitJob (`containerOverrides`, `arrayProperties`). Raises StillWaiting.
    """
    batch = aws.client("batch")
    wanted = {"jobName": "test", "jobQueue": queue, "jobDefinition": definition, **more}
    job_id = batch.submit_job(**wanted)["jobId"]
    return _until(
        lambda: batch.describe_jobs(jobs=[job_id])["jobs"][0],
        lambda found: found["status"] in {"SUCCEEDED", "FAILED"},
        f"the job {job_id}",
        seconds,
    )


def _until(
    describe: Callable[[], Document], done: Callable[[Document], bool], what: str, seconds: float = 60
) -> Document:
    deadline = time.monotonic() + seconds
    while not done(found := describe()):
        if time.monotonic() > deadline:
            raise StillWaiting(what, seconds, found)
        time.sleep(PAUSE_SECONDS)
    return found
