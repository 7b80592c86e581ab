"""DescribeContainerInstances of Amazon ECS, for the instances of compute environments.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeContainerInstances.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from localaws.batch.memory.hosts import Host, ec2_instance_id
from localaws.batch.scheduling import instances

if TYPE_CHECKING:
    from localaws.batch.memory.state import Region
    from localaws.batch.model import Document


def describe(region: Region, cluster_arn: str, wanted: list[str], now_ms: int) -> Document:
    """The answer for container instances of a cluster, by short ids or full ARNs.

    What is not, or no longer, in the cluster is a failure with reason MISSING:
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html
    """
    found: list[Document] = []
    failures: list[Document] = []
    for reference in wanted:
        arn = container_instance_arn(cluster_arn, reference)
        host = region.hosts.find(ec2_instance_id(arn), now_ms)
        if host is not None and host.container_instance_arn == arn:
            found.append(_described(host))
        else:
            failures.append({"arn": arn, "reason": "MISSING"})
    return {"containerInstances": found, "failures": failures}


def container_instance_arn(cluster_arn: str, reference: str) -> str:
    """The ARN, in this cluster, of a short id or of an ARN."""
    return f"{cluster_arn.replace(':cluster/', ':container-instance/')}/{reference.rpartition('/')[2]}"


def _described(host: Host) -> Document:
    """Resources are left out of a type whose size is not known; on AWS a little less memory is registered."""
    runs = host.terminated_ms is None
    cpu, memory_mib = instances.vcpus(host.instance_type), instances.memory_mib(host.instance_type)
    resources = {"CPU": cpu and 1024 * cpu, "MEMORY": memory_mib}
    return {
        "containerInstanceArn": host.container_instance_arn,
        "ec2InstanceId": host.ec2_instance_id,
        "status": "ACTIVE" if runs else "INACTIVE",
        "agentConnected": runs,
        "registeredAt": host.launched_ms / 1000,
        "registeredResources": [_resource(name, count) for name, count in resources.items() if count],
        # A capability is an attribute without a value.
        "attributes": [
            {"name": "com.amazonaws.ecs.capability.logging-driver.awslogs"},
            {"name": "ecs.availability-zone", "value": host.zone},
            {"name": "ecs.instance-type", "value": host.instance_type},
            {"name": "ecs.os-type", "value": "linux"},
        ],
    }


def _resource(name: str, count: int) -> Document:
    return {"name": name, "type": "INTEGER", "doubleValue": 0.0, "longValue": 0, "integerValue": count}
