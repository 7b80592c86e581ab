"""The EC2 instances under AWS Batch's containers, and the clients that tell of them: Amazon ECS and EC2."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from tests.simulation.faults import client_error
from tests.simulation.kernel import Kernel

_LINUX = "Linux/UNIX"


@dataclass(frozen=True)
class Host:
    """An instance. `id` is that of Amazon EC2."""

    id: str
    type: str
    zone: str
    spot: bool = False


@dataclass
class Fleet:
    """`hosts` by the ARN of the container instance, `…:container-instance/<cluster>/<id>`. `prices`: since
    when Spot costs what, US dollars an hour, by instance type and zone, the oldest first.
    """

    hosts: dict[str, Host] = field(default_factory=dict)
    prices: dict[tuple[str, str], list[tuple[datetime, str]]] = field(default_factory=dict)
    _gone: set[str] = field(default_factory=set)

    def end(self, container_instance: str) -> None:
        """Takes an instance away: Amazon ECS forgets it at once. Its cluster stays."""
        self._gone.add(_cluster(container_instance))
        self.hosts.pop(container_instance, None)

    def has_cluster(self, name: str) -> bool:
        return name in self._gone or any(_cluster(arn) == name for arn in self.hosts)

    def find(self, instance_id: str) -> Host | None:
        return next((host for host in self.hosts.values() if host.id == instance_id), None)


@dataclass(frozen=True)
class ECS:
    kernel: Kernel
    fleet: Fleet

    def describe_container_instances(
        self,
        *,
        cluster: str,
        containerInstances: Sequence[str],  # noqa: N803 - boto3's name
    ) -> dict[str, Any]:
        def describe() -> dict[str, Any]:
            hosts = self.fleet.hosts
            found = [arn for arn in containerInstances if arn in hosts and _cluster(arn) == cluster]
            if not found and not self.fleet.has_cluster(cluster):
                said = "Cluster not found."
                raise client_error("DescribeContainerInstances", "ClusterNotFoundException", 400, said)
            return {
                "containerInstances": [
                    {"containerInstanceArn": arn, "ec2InstanceId": hosts[arn].id} for arn in found
                ],
                "failures": [
                    {"arn": arn, "reason": "MISSING"} for arn in containerInstances if arn not in found
                ],
            }

        return self.kernel.call("ecs", "DescribeContainerInstances", describe)


@dataclass(frozen=True)
class EC2:
    kernel: Kernel
    fleet: Fleet

    def describe_instances(self, *, InstanceIds: Sequence[str]) -> dict[str, Any]:  # noqa: N803
        def describe() -> dict[str, Any]:
            hosts = [self.fleet.find(one) for one in InstanceIds]
            if None in hosts:
                said = f"The instance IDs '{', '.join(InstanceIds)}' do not exist"
                raise client_error("DescribeInstances", "InvalidInstanceID.NotFound", 400, said)
            return {"Reservations": [{"Instances": [_described(host)]} for host in hosts if host]}

        return self.kernel.call("ec2", "DescribeInstances", describe)

    def describe_spot_price_history(
        self,
        *,
        Filters: Sequence[Mapping[str, Any]],  # noqa: N803
        StartTime: datetime,  # noqa: N803
        EndTime: datetime,  # noqa: N803
    ) -> dict[str, Any]:
        """Tells the prices of a time, the newest first, and the one that held when it began."""

        def describe() -> dict[str, Any]:
            wanted = {one["Name"]: one["Values"][0] for one in Filters}
            type_, zone = wanted["instance-type"], wanted["availability-zone"]
            known = (
                self.fleet.prices.get((type_, zone), []) if wanted["product-description"] == _LINUX else []
            )
            before = [one for one in known if one[0] <= StartTime][-1:]
            during = [one for one in known if StartTime < one[0] <= EndTime]
            return {
                "SpotPriceHistory": [
                    {
                        "AvailabilityZone": zone,
                        "InstanceType": type_,
                        "ProductDescription": _LINUX,
                        "SpotPrice": price,
                        "Timestamp": since,
                    }
                    for since, price in reversed(before + during)
                ]
            }

        return self.kernel.call("ec2", "DescribeSpotPriceHistory", describe)

    def get_paginator(self, operation: Literal["describe_spot_price_history"]) -> "_Pages":
        assert operation == "describe_spot_price_history"
        return _Pages(self)


@dataclass(frozen=True)
class _Pages:
    ec2: EC2

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        yield self.ec2.describe_spot_price_history(**request)


def _cluster(container_instance: str) -> str:
    return container_instance.partition("/")[2].partition("/")[0]


def _described(host: Host) -> dict[str, Any]:
    more = {"InstanceLifecycle": "spot"} if host.spot else {}
    return {
        "InstanceId": host.id,
        "InstanceType": host.type,
        "Placement": {"AvailabilityZone": host.zone},
        **more,
    }
