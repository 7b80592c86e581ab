"""pulse.aws.instances over the simulation's Amazon ECS and EC2."""

from datetime import timedelta
from decimal import Decimal

import pytest

from pulse.aws.instances import Instances
from pulse.domain.cost.instances import Instance, SpotPrice
from tests.simulation.instances import EC2, ECS, Fleet, Host
from tests.simulation.kernel import START, Kernel

CLUSTER = "arn:aws:ecs:us-east-1:123456789012:container-instance/pulse"
HERE = f"{CLUSTER}/a"
INSTANCE = Instance(type="m5.large", zone="us-east-1a", spot=True)


@pytest.fixture
def fleet():
    hours = [(START + timedelta(hours=hour), f"0.0{hour}00") for hour in range(1, 5)]
    return Fleet(
        {
            HERE: Host("i-1", "m5.large", "us-east-1a", spot=True),
            f"{CLUSTER}/b": Host("i-2", "m5.large", "x"),
        },
        {("m5.large", "us-east-1a"): hours},
    )


@pytest.fixture
def instances(fleet):
    kernel = Kernel(1, {})
    return Instances(lambda: ECS(kernel, fleet), lambda: EC2(kernel, fleet))


def test_should_find_what_runs_under_a_container_instance(instances):
    assert instances.find(HERE) == INSTANCE
    assert instances.find(f"{CLUSTER}/b").spot is False


def test_should_find_nothing_where_an_instance_or_its_cluster_is_gone(instances, fleet):
    fleet.end(HERE)
    assert instances.find(HERE) is None
    assert instances.find(f"{CLUSTER}-none/a") is None


def test_should_tell_the_prices_of_a_time_and_the_one_before(instances):
    since, until = START + timedelta(hours=2.5), START + timedelta(hours=3.5)
    prices = instances.spot_prices(INSTANCE, since, until)
    assert sorted(prices, key=lambda price: price.since) == [
        SpotPrice(START + timedelta(hours=2), Decimal("0.0200")),
        SpotPrice(START + timedelta(hours=3), Decimal("0.0300")),
    ]
