"""The AWS Price List API: what Fargate and EC2 instances cost in a region today. Needs
`pricing:GetProducts` on `*`.

https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-price-list-query-api.html
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from msgspec.structs import asdict

from pulse.aws.errors import as_domain_errors
from pulse.domain.cost.prices import Prices, SpotDiscount
from pulse.domain.validation import convert

FARGATE, EC2 = "AmazonECS", "AmazonEC2"
SOURCE = f"AWS Price List API, service codes {FARGATE} and {EC2}"

_ENDPOINT_REGION = "us-east-1"
"""The API answers for all regions, but only from a few."""
_USAGE_TYPE = re.compile(r"(?:[A-Z0-9]+-)?Fargate-(.+)")
"""`USE1-Fargate-GB-Hours`: the first word is the region's, and some have none. With more before it, as in
`USE1-SpotUsage-Fargate-…`, it is another price.
"""
_PLACES = {
    "vCPU-Hours:perCPU": ("X86_64", "vcpu_hour_usd"),
    "GB-Hours": ("X86_64", "gb_hour_usd"),
    "ARM-vCPU-Hours:perCPU": ("ARM64", "vcpu_hour_usd"),
    "ARM-GB-Hours": ("ARM64", "gb_hour_usd"),
    "EphemeralStorage-GB-Hours": ("ephemeral_gb_hour_usd",),
}


_PLAIN_LINUX = {
    "operatingSystem": "Linux",
    "preInstalledSw": "NA",
    "tenancy": "Shared",
    "capacitystatus": "Used",
}
"""Picks, from a type's many rows, the instance that is neither dedicated nor reserved."""
_MEMORY = re.compile(r"([\d,.]+) GiB")


class PriceList:
    """`client` is boto3's of the service `pricing`."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def prices(
        self, region: str, *, instance_types: Iterable[str], spot_discount: SpotDiscount, today: date
    ) -> Prices:
        """The prices of `region` on demand, of Fargate and of these types (`m7i.large`) and families (`m7i`)
        of EC2, as far as the region has them. Spot is in no list, so its discount is taken over.

        Raises InvalidInput with what the list lacks of Fargate (all of it for a region that is not there),
        Misconfigured when denied, Unavailable.
        """
        fargate: dict[str, Any] = {"X86_64": {}, "ARM64": {}}
        for usage_type, amount_usd in self._fargate(region):
            *above, name = _PLACES[usage_type]
            (fargate[above[0]] if above else fargate)[name] = amount_usd
        raw = {
            "as_of": today,
            "region": region,
            "source": SOURCE,
            "fargate": fargate,
            "spot_discount": asdict(spot_discount),
            "ec2": dict(row for kind in sorted(set(instance_types)) for row in self._ec2(region, kind)),
        }
        return convert(raw, Prices, what=f"the Price List API's answer for {region}")

    def _fargate(self, region: str) -> Iterator[tuple[str, Decimal]]:
        for row in self._rows(FARGATE, {"regionCode": region}):
            found = _USAGE_TYPE.fullmatch(row["product"]["attributes"].get("usagetype", ""))
            if found and found[1] in _PLACES:
                yield from ((found[1], amount) for amount in _paid(row))

    def _ec2(self, region: str, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yields the one row of a type. The API cannot filter by family: all rows of the region are read."""
        one = {"instanceType": kind} if "." in kind else {}
        for row in self._rows(EC2, {"regionCode": region} | _PLAIN_LINUX | one):
            has = row["product"]["attributes"]
            name, memory = has.get("instanceType", ""), _MEMORY.fullmatch(has.get("memory", ""))
            if memory and kind in {name, name.partition(".")[0]}:
                for amount_usd in _paid(row):
                    yield (
                        name,
                        {
                            "hour_usd": amount_usd,
                            "vcpus": int(has["vcpu"]),
                            "memory_mib": int(Decimal(memory[1].replace(",", "")) * 1024),
                            "gpus": int(has.get("gpu", 0)),
                        },
                    )

    def _rows(self, service_code: str, wanted: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        filters = [{"Type": "TERM_MATCH", "Field": name, "Value": value} for name, value in wanted.items()]
        with as_domain_errors("Asking the AWS Price List API"):
            pages = self._client.get_paginator("get_products").paginate(
                ServiceCode=service_code, Filters=filters, FormatVersion="aws_v1"
            )
            yield from (json.loads(text) for page in pages for text in page["PriceList"])


def connect() -> PriceList:
    import boto3  # noqa: PLC0415 - a quarter of a second, for one option of one command

    return PriceList(boto3.client("pricing", region_name=_ENDPOINT_REGION))


def _paid(row: dict[str, Any]) -> Iterable[Decimal]:
    """The row's prices on demand in US dollars, without the free first gigabytes and the like."""
    for term in row["terms"].get("OnDemand", {}).values():
        for dimension in term["priceDimensions"].values():
            amount = Decimal(dimension["pricePerUnit"].get("USD", 0))
            if amount:
                yield amount.normalize()
