"""Job definitions for the simulated AWS Batch: the training's, as the recorded events show it, and another
program's.
"""

from tests.simulation.account import ACCOUNT, REGION
from tests.simulation.batch_job import Definition, Document, Platform


def training_definition(
    arn: str,
    *,
    platform: Platform = "FARGATE",
    log_group: str = "/pulse/training",
    scheduling_priority: int | None = None,
) -> Definition:
    """A definition of the training, as the recorded events show it."""
    container: Document = {
        "image": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/cdk-assets:0f1e2d",
        "command": [],
        "jobRoleArn": f"arn:aws:iam::{ACCOUNT}:role/PulseCompute-JobRole",
        "executionRoleArn": f"arn:aws:iam::{ACCOUNT}:role/PulseCompute-ExecutionRole",
        "volumes": [],
        "environment": [],
        "mountPoints": [],
        "ulimits": [],
        "networkInterfaces": [],
        "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "2048"}],
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {"awslogs-group": log_group, "awslogs-stream-prefix": "job"},
            "secretOptions": [],
        },
        "secrets": [],
    }
    if platform == "FARGATE":
        container["fargatePlatformConfiguration"] = {"platformVersion": "LATEST"}
        container["runtimePlatform"] = {"operatingSystemFamily": "LINUX", "cpuArchitecture": "X86_64"}
    return Definition(arn, platform, container, scheduling_priority=scheduling_priority)


def other_definition(name: str, platform: Platform) -> Definition:
    """A definition of a program that is not Pulse's."""
    container: Document = {
        "image": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/nightly-report:5",
        "command": ["./nightly.sh"],
        "environment": [],
        "resourceRequirements": [{"type": "VCPU", "value": "4"}, {"type": "MEMORY", "value": "8192"}],
        "volumes": [],
        "mountPoints": [],
        "ulimits": [],
        "networkInterfaces": [],
        "secrets": [],
    }
    arn = f"arn:aws:batch:{REGION}:{ACCOUNT}:job-definition/{name}"
    return Definition(arn, platform, container, scheduling_priority=0)
