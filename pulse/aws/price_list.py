"""The AWS Price List API: what Fargate costs in a region today. Needs `pricing:GetProducts` on `*`.

https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-price-list-query-api.html
"""

import json
import re
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from msgspec.structs import asdict

from pulse.aws.errors import translated
from pulse.domain.prices import Prices, SpotDiscount
from pulse.domain.validation import convert

SERVICE_CODE = "AmazonECS"
SOURCE = f"AWS Price List API, service code {SERVICE_CODE}"

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


class PriceList:
    """`client` is boto3's of the service `pricing`."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def fargate(self, region: str, *, spot_discount: SpotDiscount, today: date) -> Prices:
        """The prices of `region` on demand; Spot has none, so its discount is taken over.

        Raises InvalidInput with what the list lacks (all of it for a region that is not there), Misconfigured
        when denied, Unavailable.
        """
        fargate: dict[str, Any] = {"X86_64": {}, "ARM64": {}}
        for usage_type, amount_usd in self._amounts(region):
            *above, name = _PLACES[usage_type]
            (fargate[above[0]] if above else fargate)[name] = amount_usd
        raw = {
            "as_of": today,
            "region": region,
            "source": SOURCE,
            "fargate": fargate,
            "spot_discount": asdict(spot_discount),
        }
        return convert(raw, Prices, what=f"the Price List API's answer for {region}")

    def _amounts(self, region: str) -> Iterator[tuple[str, Decimal]]:
        filters = [{"Type": "TERM_MATCH", "Field": "regionCode", "Value": region}]
        with translated("Asking the AWS Price List API"):
            pages = self._client.get_paginator("get_products").paginate(
                ServiceCode=SERVICE_CODE, Filters=filters, FormatVersion="aws_v1"
            )
            for row in (json.loads(text) for page in pages for text in page["PriceList"]):
                found = _USAGE_TYPE.fullmatch(row["product"]["attributes"].get("usagetype", ""))
                if found and found[1] in _PLACES:
                    yield from ((found[1], amount) for amount in _paid(row))


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
