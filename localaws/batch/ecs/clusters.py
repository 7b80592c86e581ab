"""The Amazon ECS clusters of compute environments, and what is in them.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Cluster.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from localaws.batch.ecs import tasks

if TYPE_CHECKING:
    from localaws.batch.memory.hosts import Host
    from localaws.batch.memory.state import Region
    from localaws.batch.model import Document


def arns(region: Region) -> list[str]:
    return [str(environment["ecsClusterArn"]) for environment in list(region.environments.values())]


def hosts(region: Region, cluster_arn: str) -> list[Host]:
    """The container instances that are registered; a terminated one can be described, but is not listed."""
    prefix = cluster_arn.replace(":cluster/", ":container-instance/") + "/"
    return [
        host
        for host in list(region.hosts)
        if host.terminated_ms is None and host.container_instance_arn.startswith(prefix)
    ]


def describe(region: Region, cluster_arn: str) -> Document:
    statuses = [task.status for task in tasks.of_cluster(region, cluster_arn)]
    return {
        "clusterArn": cluster_arn,
        "clusterName": cluster_arn.rpartition("/")[2],
        "status": "ACTIVE",
        "registeredContainerInstancesCount": len(hosts(region, cluster_arn)),
        "runningTasksCount": statuses.count("RUNNING"),
        "pendingTasksCount": statuses.count("PENDING"),
        "activeServicesCount": 0,
        "statistics": [],
        "tags": [],
        "settings": [],
        "capacityProviders": [],
        "defaultCapacityProviderStrategy": [],
    }
