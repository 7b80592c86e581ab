"""Instances under containers through botocore's Stubber, and what the ledger notes of them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import boto3
import pytest
from botocore.stub import Stubber

from pulse.aws.instances import Instances
from pulse.domain.cost.instances import Instance, SpotPrice
from pulse.domain.errors import Misconfigured, Unavailable

ARN = "arn:aws:ecs:us-east-1:123456789012:container-instance/AWSBatch-gpu-1/7b1d"
ASKED = {"cluster": "AWSBatch-gpu-1", "containerInstances": [ARN]}
INSTANCE = Instance(type="g5.xlarge", zone="us-east-1b", spot=True)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def ecs():
    with Stubber(boto3.client("ecs", region_name="us-east-1")) as stub:
        yield stub
        stub.assert_no_pending_responses()


@pytest.fixture
def ec2():
    with Stubber(boto3.client("ec2", region_name="us-east-1")) as stub:
        yield stub
        stub.assert_no_pending_responses()


@pytest.fixture
def instances(ecs, ec2):
    return Instances(lambda: ecs.client, lambda: ec2.client)


def registered(ecs):
    answer = {"containerInstances": [{"containerInstanceArn": ARN, "ec2InstanceId": "i-1"}], "failures": []}
    ecs.add_response("describe_container_instances", answer, ASKED)


def described(ec2, **more):
    instance = {"InstanceType": "g5.xlarge", "Placement": {"AvailabilityZone": "us-east-1b"}, **more}
    ec2.add_response(
        "describe_instances", {"Reservations": [{"Instances": [instance]}]}, {"InstanceIds": ["i-1"]}
    )


@pytest.mark.parametrize(("more", "spot"), [({"InstanceLifecycle": "spot"}, True), ({}, False)])
def test_should_find_out_on_what_a_container_runs(instances, ecs, ec2, more, spot):
    registered(ecs)
    described(ec2, **more)
    assert instances.find(ARN) == Instance(type="g5.xlarge", zone="us-east-1b", spot=spot)


def test_should_know_nothing_of_a_container_instance_that_is_gone(instances, ecs):
    missing = {"containerInstances": [], "failures": [{"arn": ARN, "reason": "MISSING"}]}
    ecs.add_response("describe_container_instances", missing, ASKED)
    assert instances.find(ARN) is None


def test_should_know_nothing_of_an_instance_whose_compute_environment_is_gone(instances, ecs):
    ecs.add_client_error("describe_container_instances", "ClusterNotFoundException")
    assert instances.find(ARN) is None


def test_should_know_nothing_of_an_instance_that_is_gone(instances, ecs, ec2):
    registered(ecs)
    ec2.add_client_error("describe_instances", "InvalidInstanceID.NotFound")
    registered(ecs)
    ec2.add_response("describe_instances", {"Reservations": []}, {"InstanceIds": ["i-1"]})
    assert [instances.find(ARN), instances.find(ARN)] == [None, None]


@pytest.mark.parametrize(
    ("code", "error"), [("UnauthorizedOperation", Misconfigured), ("RequestLimitExceeded", Unavailable)]
)
def test_should_tell_a_denial_from_what_passes(instances, ecs, ec2, code, error):
    registered(ecs)
    ec2.add_client_error("describe_instances", code)
    with pytest.raises(error, match="Looking up an instance"):
        instances.find(ARN)
    ec2.add_client_error("describe_spot_price_history", code)
    with pytest.raises(error, match="Looking up Spot prices"):
        instances.spot_prices(INSTANCE, NOON, NOON + HOUR)


def test_should_read_all_pages_of_spot_prices(instances, ec2):
    asked = {
        "StartTime": NOON,
        "EndTime": NOON + HOUR,
        "Filters": [
            {"Name": "instance-type", "Values": ["g5.xlarge"]},
            {"Name": "product-description", "Values": ["Linux/UNIX"]},
            {"Name": "availability-zone", "Values": ["us-east-1b"]},
        ],
    }
    late = [{"Timestamp": NOON, "SpotPrice": "0.410000"}]
    early = [{"Timestamp": NOON - HOUR, "SpotPrice": "0.402500"}]
    ec2.add_response("describe_spot_price_history", {"SpotPriceHistory": late, "NextToken": "more"}, asked)
    ec2.add_response(
        "describe_spot_price_history", {"SpotPriceHistory": early}, asked | {"NextToken": "more"}
    )
    assert instances.spot_prices(INSTANCE, NOON, NOON + HOUR) == [
        SpotPrice(NOON, Decimal("0.41")),
        SpotPrice(NOON - HOUR, Decimal("0.4025")),
    ]


def test_should_note_an_instance_in_the_ledger_for_as_long_as_history(ledger, table):
    assert ledger.instance(ARN) is None
    ledger.note_instance(ARN, INSTANCE, now=NOON)
    ledger.note_instance(ARN, INSTANCE, now=NOON)
    assert ledger.instance(ARN) == INSTANCE
    (item,) = table.scan()["Items"]
    assert item["expires_at"] > NOON.timestamp()
