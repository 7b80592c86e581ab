"""Jobs of several containers: their definitions, the programs they run, and how they ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from localaws.batch.memory.state import Job

Document = dict[str, Any]
EXECUTION_ROLE = "arn:aws:iam::000000000000:role/execution"

FOREVER = "import time; time.sleep(600)"
VOLUME = {"volumes": [{"name": "shared", "host": {}}]}
MOUNT = [{"sourceVolume": "shared", "containerPath": "/pulse"}]
SHARED = [{"name": "SHARED", "value": "/pulse"}]
MOUNTED = {"mountPoints": MOUNT, "environment": SHARED}
# Sleeps until SIGTERM, then ends well.
PATIENT = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: (print("asked to stop", flush=True), sys.exit(0)))
{ready}
time.sleep(600)
"""
READY = "import os, pathlib; pathlib.Path(os.environ['SHARED'], 'ready').touch()"
WAITS = """
import os, pathlib, time
while not pathlib.Path(os.environ["SHARED"], "ready").exists():
    time.sleep(0.01)
"""


def ends(job: Job) -> list[int | None]:
    """The exit code of each container in DescribeJobs, once its last attempt is seen to say the same."""
    [task] = job.attempts[-1]["taskProperties"]
    assert "container" not in job.detail
    assert "container" not in job.attempts[-1]
    assert task["taskArn"] == job.task["taskArn"]
    described = [
        {name: one.get(name) for name in ("name", "exitCode", "logStreamName")} for one in job.containers
    ]
    assert [{name: one.get(name) for name in described[0]} for one in task["containers"]] == described
    return [one.get("exitCode") for one in job.containers]


def part(
    name: str, code: str = "pass", *, vcpus: str = "0.5", memory: str = "1024", **members: Any
) -> Document:
    """A container that runs the code with the image's Python; two of them fit Fargate's 1 vCPU."""
    return {
        "name": name,
        "image": "image",
        "command": ["python", "-c", code],
        "resourceRequirements": [{"type": "VCPU", "value": vcpus}, {"type": "MEMORY", "value": memory}],
        **members,
    }


def after(name: str, condition: str) -> list[Document]:
    """The `dependsOn` of a container."""
    return [{"containerName": name, "condition": condition}]


def several(*containers: Document, name: str = "definition", **task: Any) -> Document:
    properties = {"executionRoleArn": EXECUTION_ROLE, "containers": list(containers), **task}
    return {
        "jobDefinitionName": name,
        "type": "container",
        "platformCapabilities": ["FARGATE"],
        "ecsProperties": {"taskProperties": [properties]},
    }
