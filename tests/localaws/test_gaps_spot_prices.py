"""What Spot instances cost and cost before, as a client of EC2 is told."""

from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

HOUR = timedelta(hours=1)
HALF = timedelta(minutes=30)
YESTERDAY_NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - 24 * HOUR


@pytest.fixture(scope="module")
def ec2(aws):
    return aws.client("ec2")


def prices(ec2, start=YESTERDAY_NOON, end=YESTERDAY_NOON, **members):
    found = ec2.describe_spot_price_history(StartTime=start, EndTime=end, **members)
    assert found["NextToken"] == ""
    return found["SpotPriceHistory"]


def test_the_price_at_the_start_comes_with_the_changes_after_it_newest_first(ec2):
    found = prices(
        ec2,
        YESTERDAY_NOON + HALF,
        YESTERDAY_NOON + 2 * HOUR + HALF,
        InstanceTypes=["m5.large"],
        ProductDescriptions=["Linux/UNIX"],
        AvailabilityZone="us-east-1a",
    )
    assert [(one["Timestamp"], one["SpotPrice"]) for one in found] == [
        (YESTERDAY_NOON + 2 * HOUR, "0.036000"),
        (YESTERDAY_NOON + HOUR, "0.033000"),
        (YESTERDAY_NOON, "0.030000"),
    ]
    assert {one["AvailabilityZone"] for one in found} == {"us-east-1a"}
    assert {one["InstanceType"] for one in found} == {"m5.large"}
    assert {one["ProductDescription"] for one in found} == {"Linux/UNIX"}


def test_a_price_is_by_vcpu_and_by_zone(ec2):
    found = prices(ec2, InstanceTypes=["m5.large", "g5.2xlarge"])
    assert {(one["InstanceType"], one["AvailabilityZone"]): one["SpotPrice"] for one in found} == {
        ("m5.large", "us-east-1a"): "0.030000",
        ("m5.large", "us-east-1b"): "0.033000",
        ("m5.large", "us-east-1c"): "0.036000",
        ("g5.2xlarge", "us-east-1a"): "0.120000",
        ("g5.2xlarge", "us-east-1b"): "0.132000",
        ("g5.2xlarge", "us-east-1c"): "0.144000",
    }


@pytest.mark.parametrize(
    ("members", "count"),
    [
        ({"instance-type": ["m5.large"], "availability-zone": ["us-east-1b"]}, 1),
        ({"instance-type": ["m5.large", "c5.xlarge"], "product-description": ["Linux/*"]}, 6),
        ({"instance-type": ["c5.metal"]}, 0),
        ({"instance-type": ["m5.large"], "product-description": ["Windows"]}, 0),
        ({"instance-type": ["m5.large"], "availability-zone": ["eu-west-1a"]}, 0),
    ],
)
def test_filters_choose_as_parameters_do(ec2, members, count):
    filters = [{"Name": name, "Values": values} for name, values in members.items()]
    assert len(prices(ec2, Filters=filters)) == count


def test_a_parameter_and_a_filter_must_both_fit(ec2):
    of_c5 = [{"Name": "instance-type", "Values": ["c5.*"]}]
    found = prices(ec2, InstanceTypes=["m5.large", "c5.large"], Filters=of_c5, AvailabilityZone="us-east-1c")
    assert [one["InstanceType"] for one in found] == ["c5.large"]


def test_pages_follow_one_another(ec2):
    asked = {"InstanceTypes": ["m5.large"], "StartTime": YESTERDAY_NOON, "EndTime": YESTERDAY_NOON + 4 * HOUR}
    whole = ec2.describe_spot_price_history(**asked)["SpotPriceHistory"]
    assert len(whole) == 15
    pages = list(
        ec2.get_paginator("describe_spot_price_history").paginate(**asked, PaginationConfig={"PageSize": 6})
    )
    assert [len(page["SpotPriceHistory"]) for page in pages] == [6, 6, 3]
    assert [one for page in pages for one in page["SpotPriceHistory"]] == whole


def test_history_ends_now_and_begins_ninety_days_ago(ec2):
    now = datetime.now(UTC)
    zone = {"InstanceTypes": ["m5.large"], "AvailabilityZone": "us-east-1a"}
    newest = prices(ec2, now - HOUR, now + 24 * HOUR, **zone)[0]["Timestamp"]
    assert now - HOUR < newest <= datetime.now(UTC)
    pages = ec2.get_paginator("describe_spot_price_history").paginate(**zone)
    stamps = [one["Timestamp"] for page in pages for one in page["SpotPriceHistory"]]
    assert len(stamps) in {24 * 90, 24 * 90 + 1}
    assert stamps == sorted(stamps, reverse=True)


@pytest.mark.parametrize(
    "members",
    [
        {"Filters": [{"Name": "colour", "Values": ["red"]}]},
        {"NextToken": "not one of ours"},
        {"NextToken": "-1"},
        {"MaxResults": 0},
    ],
)
def test_what_is_not_understood_is_refused(ec2, members):
    with pytest.raises(ClientError) as refused:
        ec2.describe_spot_price_history(InstanceTypes=["m5.large"], **members)
    assert refused.value.response["Error"]["Code"] == "InvalidParameterValue"


def test_who_may_not_ask_is_told_so(as_role):
    allowed = as_role("ec2", {"Action": "ec2:DescribeSpotPriceHistory", "Resource": "*"})
    assert prices(allowed, InstanceTypes=["m5.large"])
    denied = as_role("ec2", {"Action": "ec2:DescribeInstances", "Resource": "*"})
    with pytest.raises(ClientError) as refused:
        denied.describe_spot_price_history(InstanceTypes=["m5.large"])
    assert refused.value.response["Error"]["Code"] == "UnauthorizedOperation"
