"""The Amazon ECS tasks that attempts run as, while they run: how ECS lists and describes them.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from localaws.batch.memory import resources
from localaws.batch.memory.environment import is_fargate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from localaws.batch.memory.state import Job, Region
    from localaws.batch.model import Document

CONTAINER = "default"
"""What AWS Batch calls the container of a job, as names of log streams show."""


@dataclass(frozen=True)
class Task:
    """An attempt that occupies its compute environment."""

    job: Job
    environment: Document

    @property
    def arn(self) -> str:
        return str(self.job.container["taskArn"])

    @property
    def cluster_arn(self) -> str:
        return str(self.environment["ecsClusterArn"])

    @property
    def launch_type(self) -> str:
        return "FARGATE" if is_fargate(self.environment) else "EC2"

    @property
    def container_instance_arn(self) -> str | None:
        """None on Fargate."""
        found: str | None = self.job.container.get("containerInstanceArn")
        return found

    @property
    def status(self) -> str:
        return "RUNNING" if self.job.status == "RUNNING" else "PENDING"

    @property
    def family(self) -> str:
        """The name of the task definition that AWS Batch registers; how AWS makes it is not documented."""
        return str(self.job.detail["jobDefinition"]).rpartition("/")[2].replace(":", "_")

    @property
    def container_arn(self) -> str:
        scope = self.job.scope
        path = self.arn.partition(":task/")[2]
        return f"arn:aws:ecs:{scope.region}:{scope.account}:container/{path}/{self.job.id.replace(':', '-')}"

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
    amounts = resources.asked(job.container, fargate=task.launch_type == "FARGATE")
    cpu, memory = str(int(1024 * amounts.vcpus)), str(amounts.memory_mib)
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
        "cpu": cpu,
        "memory": memory,
        "createdAt": task.created_seconds,
        "startedAt": task.started_seconds,
        "version": 1,
        "overrides": {"containerOverrides": []},
        "attachments": [],
        "tags": [],
        "containers": [
            {
                "containerArn": task.container_arn,
                "taskArn": task.arn,
                "name": CONTAINER,
                "image": job.container["image"],
                "lastStatus": task.status,
                "networkInterfaces": [],
                "cpu": cpu,
                "memory": memory,
            }
        ],
    }
    return {name: value for name, value in told.items() if value is not None}
