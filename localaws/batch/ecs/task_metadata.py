"""The task metadata endpoint, version 4, of a job's containers: what each is told of itself and of its task.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4-response.html

Statistics and version 3 are not here. A task's id is random and known to its job; nothing behind is secret.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from localaws.asgi import Request, Response
from localaws.batch.ecs import tasks
from localaws.batch.memory import containers, resources
from localaws.batch.memory.destination import destination

if TYPE_CHECKING:
    from localaws.batch.memory.state import Region, State
    from localaws.batch.model import Document

PATH = "/_localaws/v4"


def uri(endpoint_url: str, task_id: str, number: int) -> str:
    """What ECS_CONTAINER_METADATA_URI_V4 is in the task's container with this place."""
    return f"{endpoint_url}{PATH}/{tasks.runtime_id(task_id, number)}"


def answer(state: State, request: Request) -> Response:
    """GET of the address itself is the container; with /task or /taskWithTags below it, the task."""
    wanted, _, about = request.path.removeprefix(f"{PATH}/").partition("/")
    found = next(
        (
            (region, task, number)
            for region in list(state.regions.values())
            for task in tasks.of_region(region)
            for number in range(len(task.job.containers))
            if wanted == tasks.runtime_id(task.id, number)
        ),
        None,
    )
    if found is None:
        return _json(404, "There is no container of this id whose task runs")
    region, task, number = found
    if not about:
        told = container(task, number)
        # Who asks runs, even where its start is still to be noted.
        return _json(200, {**told, "KnownStatus": "RUNNING"} if told["KnownStatus"] == "PULLED" else told)
    if about in {"task", "taskWithTags"}:
        return _json(200, whole_task(region, task))
    return _json(404, f"Only /task and /taskWithTags are answered on this machine, not /{about[:100]}")


def container(task: tasks.Task, number: int) -> Document:
    job, found = task.job, task.job.containers[number]
    name, log, amounts = containers.name(found), destination(job, found), resources.of_container(found)
    status = containers.status(found)
    told: Document = {
        "DockerId": tasks.runtime_id(task.id, number),
        "Name": name,
        "DockerName": name,
        "Image": found["image"],
        "Labels": {
            "com.amazonaws.ecs.cluster": _cluster(task),
            "com.amazonaws.ecs.container-name": name,
            "com.amazonaws.ecs.task-arn": task.arn,
            "com.amazonaws.ecs.task-definition-family": task.family,
            "com.amazonaws.ecs.task-definition-version": "1",
        },
        "DesiredStatus": "STOPPED" if status == "STOPPED" else "RUNNING",
        "KnownStatus": status,
        "Limits": {"CPU": int(1024 * amounts.vcpus), "Memory": amounts.memory_mib},
        "CreatedAt": _time(task.created_seconds),
        **_times(found),
        "Type": "NORMAL",
        "ContainerARN": task.container_arn(number),
        "Networks": [
            {
                "NetworkMode": "awsvpc" if task.launch_type == "FARGATE" else "host",
                "IPv4Addresses": ["127.0.0.1"],
            }
        ],
    }
    if "exitCode" in found:
        told["ExitCode"] = found["exitCode"]
    if log:
        options = {"group": log.group, "region": log.scope.region, "stream": log.stream}
        told["LogDriver"] = "awslogs"
        told["LogOptions"] = {f"awslogs-{name}": value for name, value in options.items()}
    return told


def whole_task(region: Region, task: tasks.Task) -> Document:
    return {
        "Cluster": _cluster(task),
        "TaskARN": task.arn,
        "Family": task.family,
        "Revision": "1",
        "DesiredStatus": "RUNNING",
        "KnownStatus": "RUNNING",
        "Limits": {"CPU": task.job.vcpus, "Memory": task.job.memory_mib},
        "PullStartedAt": _time(task.created_seconds),
        "PullStoppedAt": _time(task.started_seconds or task.created_seconds),
        "AvailabilityZone": tasks.zone(region, task),
        "LaunchType": task.launch_type,
        "Containers": [container(task, number) for number in range(len(task.job.containers))],
    }


def _times(container: Document) -> Document:
    named = {"StartedAt": "startedAt", "FinishedAt": "stoppedAt"}
    return {told: _time(container[kept] / 1000) for told, kept in named.items() if kept in container}


def _cluster(task: tasks.Task) -> str:
    """Its ARN on Fargate, its name on EC2, as in AWS's examples."""
    return task.cluster_arn if task.launch_type == "FARGATE" else task.cluster_arn.rpartition("/")[2]


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _json(status: int, document: Document | str) -> Response:
    return Response(status, "application/json", json.dumps(document).encode())
