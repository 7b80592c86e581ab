"""The Price List API's answers through botocore's Stubber, and `pulse cost` over them."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import boto3
import pytest
import typer
import yaml
from botocore.stub import Stubber
from typer.testing import CliRunner

from pulse.aws.client import price_list
from pulse.aws.client.price_list import PriceList
from pulse.cli.commands.cost import cost
from pulse.domain.cost.prices import InstancePrice, Prices, SpotDiscount
from pulse.domain.errors import Misconfigured, Unavailable
from pulse.domain.validation import InvalidInput, convert

FILE = Path(__file__).parents[2] / "config" / "prices.yaml"
FARGATE = FILE.read_text().partition("ec2:")[0]
SPOT = SpotDiscount(least_percent=50, most_percent=70)
TODAY = date(2026, 3, 2)
IRELAND = {
    "EU-Fargate-vCPU-Hours:perCPU": ["0.0404800000"],
    "EU-Fargate-GB-Hours": ["0.0044450000"],
    "EU-Fargate-ARM-vCPU-Hours:perCPU": ["0.0323800000"],
    "EU-Fargate-ARM-GB-Hours": ["0.0035600000"],
    "EU-Fargate-EphemeralStorage-GB-Hours": ["0.0000000000", "0.0001220000"],
    "EU-SpotUsage-Fargate-vCPU-Hours:perCPU": ["0.0121440000"],
    "EU-Fargate-Windows-vCPU-Hours:perCPU": ["0.0914800000"],
    "EU-ECS-Anywhere-Instance-hours": ["0.0102500000"],
}


def row(usage_type: str, amounts: list[str]) -> str:
    """A row as the API gives it: JSON in a string."""
    sku = f"SKU{abs(hash(usage_type)) % 10**10}"
    dimensions = {
        f"{sku}.JRTCKXETXF.{place}": {
            "unit": "hours",
            "endRange": "Inf",
            "description": f"AWS Fargate - {usage_type} - EU (Ireland)",
            "appliesTo": [],
            "rateCode": f"{sku}.JRTCKXETXF.{place}",
            "beginRange": str(place),
            "pricePerUnit": {"USD": amount},
        }
        for place, amount in enumerate(amounts)
    }
    return json.dumps(
        {
            "product": {
                "productFamily": "Compute",
                "attributes": {
                    "regionCode": "eu-west-1",
                    "servicecode": "AmazonECS",
                    "usagetype": usage_type,
                    "locationType": "AWS Region",
                    "location": "EU (Ireland)",
                    "servicename": "Amazon EC2 Container Service",
                    "operation": "",
                },
                "sku": sku,
            },
            "serviceCode": "AmazonECS",
            "terms": {
                "OnDemand": {
                    f"{sku}.JRTCKXETXF": {
                        "priceDimensions": dimensions,
                        "sku": sku,
                        "effectiveDate": "2026-02-01T00:00:00Z",
                        "offerTermCode": "JRTCKXETXF",
                        "termAttributes": {},
                    }
                }
            },
            "version": "20260220000000",
            "publicationDate": "2026-02-20T00:00:00Z",
        }
    )


def asked_for(region: str, **more) -> dict:
    filters = [{"Type": "TERM_MATCH", "Field": "regionCode", "Value": region}]
    return {"ServiceCode": "AmazonECS", "Filters": filters, "FormatVersion": "aws_v1", **more}


def asked_for_instances(region: str, **one: str) -> dict:
    plain = {
        "operatingSystem": "Linux",
        "preInstalledSw": "NA",
        "tenancy": "Shared",
        "capacitystatus": "Used",
    }
    wanted = {"regionCode": region} | plain | one
    filters = [{"Type": "TERM_MATCH", "Field": name, "Value": value} for name, value in wanted.items()]
    return {"ServiceCode": "AmazonEC2", "Filters": filters, "FormatVersion": "aws_v1"}


def instances(**hourly_usd: list[str]) -> dict:
    """The answer for `m5_large=["0.1"]` and the like: 4 vCPUs, 16 GiB, and on a g5 a GPU."""
    rows = []
    for name, amounts in hourly_usd.items():
        kind = name.replace("_", ".")
        whole = json.loads(row(f"EU-BoxUsage:{kind}", amounts))
        whole["product"]["attributes"] |= {"instanceType": kind, "vcpu": "4", "memory": "16 GiB"}
        whole["product"]["attributes"] |= {"gpu": "1"} if kind.startswith("g5") else {}
        rows.append(json.dumps(whole))
    return {"FormatVersion": "aws_v1", "PriceList": rows}


def answer(prices: dict[str, list[str]], **more) -> dict:
    rows = [row(usage_type, amounts) for usage_type, amounts in prices.items()]
    return {"FormatVersion": "aws_v1", "PriceList": rows, **more}


@pytest.fixture
def client():
    return boto3.client("pricing", region_name="us-east-1")


@pytest.fixture
def stub(client):
    with Stubber(client) as stub:
        yield stub
        stub.assert_no_pending_responses()


def prices_of(client, region="eu-west-1", instance_types=()):
    return PriceList(client).prices(region, instance_types=instance_types, spot_discount=SPOT, today=TODAY)


def test_should_take_the_prices_of_instance_types_and_families(client, stub):
    stub.add_response("get_products", answer(IRELAND), asked_for("eu-west-1"))
    many = instances(g5_xlarge=["1.1230000000"], m5_large=["0.1070000000"], g5_2xlarge=["0", "1.3530000000"])
    stub.add_response("get_products", many, asked_for_instances("eu-west-1"))
    one = instances(m5_large=["0.1070000000"])
    stub.add_response("get_products", one, asked_for_instances("eu-west-1", instanceType="m5.large"))
    prices = prices_of(client, instance_types=["m5.large", "g5", "m5.large"])
    assert prices.ec2 == {
        "g5.xlarge": InstancePrice(hour_usd=Decimal("1.123"), vcpus=4, memory_mib=16384, gpus=1),
        "g5.2xlarge": InstancePrice(hour_usd=Decimal("1.353"), vcpus=4, memory_mib=16384, gpus=1),
        "m5.large": InstancePrice(hour_usd=Decimal("0.107"), vcpus=4, memory_mib=16384),
    }


def test_should_take_the_linux_prices_on_demand_from_all_pages(client, stub):
    first, second = dict(list(IRELAND.items())[:3]), dict(list(IRELAND.items())[3:])
    stub.add_response("get_products", answer(first, NextToken="more"), asked_for("eu-west-1"))
    stub.add_response("get_products", answer(second), asked_for("eu-west-1", NextToken="more"))
    prices = prices_of(client)
    assert (prices.as_of, prices.region, prices.spot_discount) == (TODAY, "eu-west-1", SPOT)
    assert prices.source == "AWS Price List API, service codes AmazonECS and AmazonEC2"
    assert prices.fargate.x86_64.vcpu_hour_usd == Decimal("0.04048")
    assert prices.fargate.x86_64.gb_hour_usd == Decimal("0.004445")
    assert prices.fargate.arm64.vcpu_hour_usd == Decimal("0.03238")
    assert prices.fargate.arm64.gb_hour_usd == Decimal("0.00356")
    assert prices.fargate.ephemeral_gb_hour_usd == Decimal("0.000122")


def test_should_name_every_price_that_the_list_lacks(client, stub):
    some = {name: amounts for name, amounts in IRELAND.items() if "ARM" not in name}
    stub.add_response("get_products", answer(some), asked_for("eu-west-1"))
    with pytest.raises(InvalidInput, match="answer for eu-west-1") as caught:
        prices_of(client)
    assert {fault.field for fault in caught.value.faults} == {
        "fargate.ARM64.vcpu_hour_usd",
        "fargate.ARM64.gb_hour_usd",
    }


def test_should_say_that_a_region_is_none(client, stub):
    stub.add_response("get_products", answer({}), asked_for("Dublin"))
    with pytest.raises(InvalidInput, match="region: allowed is an AWS region"):
        prices_of(client, "Dublin")


@pytest.mark.parametrize(
    ("code", "error"), [("AccessDeniedException", Misconfigured), ("ThrottlingException", Unavailable)]
)
def test_should_tell_a_denial_from_what_passes(client, stub, code, error):
    stub.add_client_error("get_products", code)
    with pytest.raises(error, match="Asking the AWS Price List API"):
        prices_of(client)


@pytest.fixture
def run(client, monkeypatch):
    monkeypatch.setattr(price_list, "connect", lambda: PriceList(client))
    app = typer.Typer()
    app.command()(cost)
    return lambda *words: CliRunner().invoke(app, [*map(str, words)])


@pytest.fixture
def file(tmp_path):
    """The prices of Fargate only."""
    copy = tmp_path / "prices.yaml"
    copy.write_text(FARGATE)
    return copy


def test_should_add_an_instance_type_to_the_file_and_keep_it_from_then_on(stub, run, file):
    for usd in ("0.1070000000", "0.1080000000"):
        stub.add_response("get_products", answer(IRELAND), asked_for("us-east-1"))
        asked = asked_for_instances("us-east-1", instanceType="m5.large")
        stub.add_response("get_products", instances(m5_large=[usd]), asked)
    asked = asked_for_instances("us-east-1", instanceType="x9.large")
    stub.add_response("get_products", instances(), asked)

    added = run("--refresh-prices", "--instance-type", "m5.large", "--file", file)
    assert added.exit_code == 0, added.output
    refreshed = run("--refresh-prices", "--instance-type", "x9.large", "--file", file)
    assert refreshed.exit_code == 0, refreshed.output
    assert "us-east-1 has no x9.large" in refreshed.stderr
    written = convert(yaml.safe_load(file.read_text()), Prices).ec2
    assert written == {"m5.large": InstancePrice(hour_usd=Decimal("0.108"), vcpus=4, memory_mib=16384)}
    assert "0.108" in refreshed.stdout


def test_should_write_the_file_anew_and_show_old_and_new(stub, run, file):
    stub.add_response("get_products", answer(IRELAND), asked_for("eu-west-1"))
    done = run("--refresh-prices", "--region", "eu-west-1", "--file", file)
    assert done.exit_code == 0, done.output
    written = convert(yaml.safe_load(file.read_text()), Prices)
    assert (written.region, written.fargate.ephemeral_gb_hour_usd) == ("eu-west-1", Decimal("0.000122"))
    assert written.as_of == datetime.now(UTC).date()
    assert file.read_text().startswith(FILE.read_text().partition("as_of")[0])
    assert "0.000111" in done.stdout
    assert "0.000122" in done.stdout
    assert f" {written.as_of} " in done.stdout
    assert "Written to" in done.stderr


def test_should_leave_the_file_as_it_is_when_the_list_lacks_a_price(stub, run, file):
    stub.add_response("get_products", answer({}), asked_for("us-east-1"))
    done = run("--refresh-prices", "--file", file)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "fargate.X86_64.vcpu_hour_usd" in done.stderr
    assert file.read_text() == FARGATE


def test_should_print_json_that_a_program_can_read(stub, run, file):
    stub.add_response("get_products", answer(IRELAND), asked_for("us-east-1"))
    done = run("--refresh-prices", "--json", "--file", file)
    said = json.loads(done.stdout)
    assert said["old"]["as_of"] == "2026-01-01"
    assert said["new"]["fargate"]["ephemeral_gb_hour_usd"] == "0.000122"


def test_should_print_the_prices_without_asking_anybody(stub, run, file):
    done = run("--prices", "--file", file)
    assert done.exit_code == 0
    assert "0.04048" in done.stdout
    assert file.read_text() == FARGATE


@pytest.mark.parametrize("option", [["--region", "eu-west-1"], ["--instance-type", "m5.large"]])
def test_should_refuse_an_option_that_nothing_is_done_with(run, file, option):
    assert run(*option, "--file", file).exit_code == 2


@pytest.mark.parametrize("content", ["as_of: [", "- 1", "region: us-east-1"])
def test_should_say_what_is_wrong_with_the_file(run, file, content):
    file.write_text(content)
    done = run("--prices", "--file", file)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr
