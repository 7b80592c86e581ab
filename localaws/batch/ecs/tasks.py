"""The Amazon ECS tasks that attempts run as, while they run: how ECS lists and describes them.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from localaws.batch.memory import containers, resources
from localaws.batch.memory.environment import is_fargate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from localaws.batch.memory.state import Job, Region
    from localaws.batch.model import Document


@dataclass(frozen=True)
class Task:
    """An attempt that occupies its compute environment."""

    job: Job
    environment: Document

    @property
    def arn(self) -> str:
        return str(self.job.task["taskArn"])

    @property
    def cluster_arn(self) -> str:
        return str(self.environment["ecsClusterArn"])

    @property
    def launch_type(self) -> str:
        return "FARGATE" if is_fargate(self.environment) else "EC2"

    @property
    def container_instance_arn(self) -> str | None:
        """None on Fargate."""
        found: str | None = self.job.task.get("containerInstanceArn")
        return found

    @property
    def status(self) -> str:
        return "RUNNING" if self.job.status == "RUNNING" else "PENDING"

    @property
    def family(self) -> str:
        """The name of the task definition that AWS Batch registers; how AWS makes it is not documented."""
        return str(self.job.detail["jobDefinition"]).rpartition("/")[2].replace(":", "_")

    @property
    def id(self) -> str:
        return self.arn.rpartition("/")[2]

    def container_arn(self, number: int) -> str:
        scope, path = self.job.scope, self.arn.partition(":task/")[2]
        container = uuid.uuid5(uuid.NAMESPACE_URL, f"{self.arn}/{number}")
        return f"arn:aws:ecs:{scope.region}:{scope.account}:container/{path}/{container}"

    @property
    def created_seconds(self) -> float:
        return self.job.starting_ms / 1000

    @property
    def started_seconds(self) -> float | None:
        """None before the job is RUNNING."""
        return self.job.detail["startedAt"] / 1000 if self.status == "RUNNING" else None


def of_region(region: Region) -> Iterator[Task]:
    for job in list(region.jobs.started()):
        environment = region.environments.get(job.environment or "")
        if environment:
            yield Task(job, environment)


def of_cluster(region: Region, cluster_arn: str) -> list[Task]:
    return [task for task in of_region(region) if task.cluster_arn == cluster_arn]


def runtime_id(task_id: str, number: int) -> str:
    """Of the container with this place in its task, as Fargate makes them."""
    return f"{task_id}-{number}"


def zone(region: Region, task: Task) -> str:
    """The Availability Zone of the task's host; on Fargate the region's first, as nothing says another."""
    hosts = (
        host for host in list(region.hosts) if host.container_instance_arn == task.container_instance_arn
    )
    host = next(hosts, None)
    return host.zone if host else f"{region.scope.region}a"


def listing(region: Region, cluster_arn: str, request: Document) -> Document:
    """The answer of ListTasks; every task here is to go on running, so none is listed as STOPPED."""
    instance, family = request.get("containerInstance", ""), request.get("family")
    wanted = instance.rpartition("/")[2]
    return {
        "taskArns": [
            task.arn
            for task in of_cluster(region, cluster_arn)
            if request.get("desiredStatus", "RUNNING") == "RUNNING"
            and request.get("launchType", task.launch_type) == task.launch_type
            and family in {None, task.family}
            and (not wanted or (task.container_instance_arn or "").endswith(f"/{wanted}"))
        ]
    }


def describe(region: Region, cluster_arn: str, wanted: list[str]) -> Document:
    """The answer of DescribeTasks for ids or ARNs; what does not run is a failure with reason MISSING."""
    known = {task.arn: task for task in of_cluster(region, cluster_arn)}
    found: list[Document] = []
    failures: list[Document] = []
    for reference in wanted:
        arn = f"{cluster_arn.replace(':cluster/', ':task/')}/{reference.rpartition('/')[2]}"
        if task := known.get(arn):
            found.append(_described(region, task))
        else:
            failures.append({"arn": arn, "reason": "MISSING"})
    return {"tasks": found, "failures": failures}


def _described(region: Region, task: Task) -> Document:
    job, scope = task.job, task.job.scope
    told: Document = {
        "taskArn": task.arn,
        "clusterArn": task.cluster_arn,
        "taskDefinitionArn": f"arn:aws:ecs:{scope.region}:{scope.account}:task-definition/{task.family}:1",
        "containerInstanceArn": task.container_instance_arn,
        "group": f"family:{task.family}",
        "launchType": task.launch_type,
        "availabilityZone": zone(region, task),
        "connectivity": "CONNECTED",
        "lastStatus": task.status,
        "desiredStatus": "RUNNING",
        "cpu": str(int(1024 * job.vcpus)),
        "memory": str(job.memory_mib),
        "createdAt": task.created_seconds,
        "startedAt": task.started_seconds,
        "version": 1,
        "overrides": {"containerOverrides": []},
        "attachments": [],
        "tags": [],
        "containers": [_container(task, number) for number in range(len(job.containers))],
    }
    return {name: value for name, value in told.items() if value is not None}


def _container(task: Task, number: int) -> Document:
    """One that has not started is PENDING, as a container that ECS pulls is."""
    found = task.job.containers[number]
    amounts, status = resources.of_container(found), containers.status(found)
    shown: Document = {name: found[name] for name in ("exitCode", "reason") if name in found}
    return {
        "containerArn": task.container_arn(number),
        "taskArn": task.arn,
        "name": containers.name(found),
        "image": found["image"],
        "runtimeId": runtime_id(task.id, number),
        "lastStatus": "PENDING" if status == "PULLED" else status,
        "networkInterfaces": [],
        "cpu": str(int(1024 * amounts.vcpus)),
        "memory": str(amounts.memory_mib),
        **shown,
    }
