"""The EC2 instances under AWS Batch's containers: what they are, and what they cost on Spot."""

from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from pulse.aws.errors import as_domain_errors, code
from pulse.domain.cost.instances import Instance, SpotPrice

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ecs import ECSClient

_SYSTEM = "Linux/UNIX"


class Instances:
    """Needs `ecs:DescribeContainerInstances`, and `ec2:DescribeInstances` and `ec2:DescribeSpotPriceHistory`
    on `*`. The clients are made when they are first wanted.
    """

    def __init__(self, make_ecs: "Callable[[], ECSClient]", make_ec2: "Callable[[], EC2Client]") -> None:
        self._make_ecs = make_ecs
        self._make_ec2 = make_ec2

    @cached_property
    def _ecs(self) -> "ECSClient":
        return self._make_ecs()

    @cached_property
    def _ec2(self) -> "EC2Client":
        return self._make_ec2()

    def find(self, container_instance: str) -> Instance | None:
        """By the ARN in Amazon ECS, `…:container-instance/<cluster>/<id>`; None when it is gone. Raises
        Unavailable, Misconfigured.
        """
        cluster, _, _ = container_instance.partition("/")[2].partition("/")
        with as_domain_errors("Looking up a container instance"):
            try:
                found = self._ecs.describe_container_instances(
                    cluster=cluster, containerInstances=[container_instance]
                )
            except ClientError as error:
                if code(error) != "ClusterNotFoundException":
                    raise
                return None
        ids = [one["ec2InstanceId"] for one in found.get("containerInstances", [])]
        return self._described(ids[0]) if ids else None

    def spot_prices(self, instance: Instance, since: datetime, until: datetime) -> list[SpotPrice]:
        """Lists the prices of such instances in the zone, from the one that held at `since` on. Raises
        Unavailable, Misconfigured.
        """
        with as_domain_errors("Looking up Spot prices"):
            pages = self._ec2.get_paginator("describe_spot_price_history").paginate(
                Filters=[
                    {"Name": "instance-type", "Values": [instance.type]},
                    {"Name": "product-description", "Values": [_SYSTEM]},
                    {"Name": "availability-zone", "Values": [instance.zone]},
                ],
                StartTime=since,
                EndTime=until,
            )
            return [
                SpotPrice(price["Timestamp"], Decimal(price["SpotPrice"]))
                for page in pages
                for price in page["SpotPriceHistory"]
            ]

    def _described(self, instance_id: str) -> Instance | None:
        with as_domain_errors("Looking up an instance"):
            try:
                answer = self._ec2.describe_instances(InstanceIds=[instance_id])
            except ClientError as error:
                if code(error) != "InvalidInstanceID.NotFound":
                    raise
                return None
        instances = [one for reservation in answer["Reservations"] for one in reservation["Instances"]]
        if not instances:
            return None
        return Instance(
            type=instances[0]["InstanceType"],
            zone=instances[0]["Placement"]["AvailabilityZone"],
            spot=instances[0].get("InstanceLifecycle") == "spot",
        )
