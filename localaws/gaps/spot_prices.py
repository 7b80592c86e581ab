"""DescribeSpotPriceHistory of Amazon EC2, which MiniStack has not.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSpotPriceHistory.html. The prices follow
one rule: every hour on the hour a vCPU-hour gets the next of three prices, and each zone is one price ahead
of the zone before it. There are prices for Linux/UNIX only, and for the types that the request names, in its
InstanceTypes or its filter, if their names say how many vCPUs they have.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fnmatch import fnmatchcase
from itertools import islice
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

from localaws.batch.scheduling import instances
from localaws.ministack.patching import use

Response = tuple[int, dict[str, str], bytes]

VCPU_HOUR_USD = (Decimal("0.0150"), Decimal("0.0165"), Decimal("0.0180"))
LONGEST_HISTORY = timedelta(days=90)
MOST_PER_PAGE = 1000
_HOUR = timedelta(hours=1)
_PRODUCT = "Linux/UNIX"
_ZONES = "abc"  # those of MiniStack's DescribeAvailabilityZones
_FILTERS = {
    "instance-type": "InstanceType",
    "product-description": "ProductDescription",
    "availability-zone": "AvailabilityZone",
}


class SpotPrice(NamedTuple):
    """US dollars an hour of an instance type in a zone, from `since` on."""

    instance_type: str
    zone: str
    since: datetime
    usd: Decimal


def install() -> None:
    use("services.ec2._ACTION_MAP").setdefault("DescribeSpotPriceHistory", _describe)


def history(
    instance_types: Sequence[str], zones: Sequence[str], start: datetime, end: datetime
) -> Iterator[SpotPrice]:
    """The changes of price until `end`, newest first, back to the one that was in effect at `start`."""
    hour = end.replace(minute=0, second=0, microsecond=0)
    while hour > start - _HOUR:
        for zone in zones:
            for name in instance_types:
                if count := instances.vcpus(name):
                    yield SpotPrice(name, zone, hour, count * _vcpu_hour_usd(zone, hour))
        hour -= _HOUR


def _vcpu_hour_usd(zone: str, hour: datetime) -> Decimal:
    return VCPU_HOUR_USD[(hour.hour + _ZONES.index(zone[-1])) % len(VCPU_HOUR_USD)]


def _describe(parameters: dict[str, Any]) -> Response:
    filters = use("services.ec2._parse_filters")(parameters)
    for name in filters.keys() - _FILTERS.keys():
        return _refusal(f"The filter '{name}' is invalid")
    try:
        start, end, first, most = _window(parameters)
    except ValueError as error:
        return _refusal(str(error))
    asked = {name: [_asked(parameters, _FILTERS[name]), filters.get(name, [])] for name in _FILTERS}
    named = dict.fromkeys(asked["instance-type"][0] or asked["instance-type"][1])
    region = use("core.responses.get_region")()
    prices = history(
        [one for one in named if _passes(one, asked["instance-type"])],
        [one for letter in _ZONES if _passes(one := region + letter, asked["availability-zone"])],
        start,
        end,
    )
    if not _passes(_PRODUCT, asked["product-description"]):
        prices = iter(())
    page = list(islice(prices, first, first + most + 1))
    # AWS ends the last page with an empty token: https://github.com/boto/botocore/issues/533
    token = str(first + most) if len(page) > most else ""
    items = "".join(map(_item, page[:most]))
    body = f"<spotPriceHistorySet>{items}</spotPriceHistorySet><nextToken>{token}</nextToken>"
    response: Response = use("services.ec2._xml")(200, "DescribeSpotPriceHistoryResponse", body)
    return response


def _refusal(message: str) -> Response:
    response: Response = use("services.ec2._error")("InvalidParameterValue", message, 400)
    return response


def _window(parameters: dict[str, Any]) -> tuple[datetime, datetime, int, int]:
    """From when until when, the number of the first price of the page, and how many it has at most.

    Raises ValueError for what is no time or no number.
    """
    given = use("services.ec2._p")
    now = datetime.now(UTC)
    start = _time(given(parameters, "StartTime")) or now - LONGEST_HISTORY
    end = _time(given(parameters, "EndTime")) or now
    first = int(given(parameters, "NextToken") or 0)
    most = int(given(parameters, "MaxResults") or MOST_PER_PAGE)
    if first < 0 or most < 1:
        raise ValueError("NextToken must be one that was answered, and MaxResults at least 1")
    return max(start, now - LONGEST_HISTORY), min(end, now), first, min(most, MOST_PER_PAGE)


def _time(text: str) -> datetime | None:
    """Without a zone it is UTC."""
    if not text:
        return None
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _asked(parameters: dict[str, Any], name: str) -> list[str]:
    """The values of a parameter, be it a list or not."""
    one = use("services.ec2._p")(parameters, name)
    many: list[str] = use("services.ec2._parse_member_list")(parameters, name)
    return [one] if one else many


def _passes(value: str, asked: list[list[str]]) -> bool:
    """Of each list one pattern must fit, if the list has any."""
    return all(not patterns or any(fnmatchcase(value, one) for one in patterns) for patterns in asked)


def _item(price: SpotPrice) -> str:
    return (
        f"<item><instanceType>{escape(price.instance_type)}</instanceType>"
        f"<productDescription>{_PRODUCT}</productDescription><spotPrice>{price.usd:.6f}</spotPrice>"
        f"<timestamp>{price.since:%Y-%m-%dT%H:%M:%S.000Z}</timestamp>"
        f"<availabilityZone>{price.zone}</availabilityZone></item>"
    )
