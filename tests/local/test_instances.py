"""A job on an EC2 Spot instance: what it is said to cost is its share of what AWS says the instance cost."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.local.deployment import Deployment, sample

pytestmark = pytest.mark.local
SHARE = Decimal("0.5")
"""One vCPU of the two that an m5.large has; 2 GiB of its 8 are less."""


def test_should_cost_its_share_of_the_spot_price_that_held_while_it_ran(pulse: Deployment):
    pulse.drop("datasets/instances.csv", sample(500))
    request = {"dataset": "datasets/instances.csv", "profile": "instances"}

    quote = pulse.post(request, query={"dry_run": "true"}).json()["quote"]
    job = pulse.ended(pulse.post(request).json()["job_id"])

    (ran,) = pulse.batch.describe_jobs(jobs=[job["batch_job_id"]])["jobs"]
    assert job["status"] == ran["status"] == "SUCCEEDED", pulse.log_of(ran)
    instance = instance_of(pulse, ran)
    assert (instance["InstanceType"], instance["InstanceLifecycle"]) == ("m5.large", "spot")
    assert Decimal(job["cost_usd"]) == round(SHARE * spot_usd(pulse, instance, ran), 6)
    low, likely, high = (Decimal(quote[f"{name}_usd"]) for name in ("low", "likely", "high"))
    assert 0 < low <= likely < high
    assert "m5.large Spot" in quote["why"]
    assert "Cost" in pulse.message(job["job_id"], "email")["text"]


def instance_of(pulse: Deployment, job: dict[str, Any]) -> dict[str, Any]:
    arn = job["attempts"][0]["container"]["containerInstanceArn"]
    cluster = arn.split("/")[1]
    (found,) = pulse.found.client("ecs").describe_container_instances(
        cluster=cluster, containerInstances=[arn]
    )["containerInstances"]
    answer = pulse.found.client("ec2").describe_instances(InstanceIds=[found["ec2InstanceId"]])
    return dict(answer["Reservations"][0]["Instances"][0])


def spot_usd(pulse: Deployment, instance: dict[str, Any], job: dict[str, Any]) -> Decimal:
    """Of the whole instance while the job ran, hour by hour, as the price changes."""
    start, stop = (
        datetime.fromtimestamp(job["attempts"][0][at] / 1000, UTC) for at in ("startedAt", "stoppedAt")
    )
    history = pulse.found.client("ec2").describe_spot_price_history(
        InstanceTypes=[instance["InstanceType"]],
        ProductDescriptions=["Linux/UNIX"],
        AvailabilityZone=instance["Placement"]["AvailabilityZone"],
        StartTime=start,
        EndTime=stop,
    )["SpotPriceHistory"]
    total, until = Decimal(0), stop
    for price in history:  # the newest comes first
        since = max(start, price["Timestamp"])
        total += Decimal(price["SpotPrice"]) * Decimal((until - since).total_seconds()) / 3600
        until = since
    assert until == start
    return total
