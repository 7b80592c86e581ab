"""Values of the configuration that AWS has rules for: what each may be, said once beside it."""

from ipaddress import IPv4Network
from typing import Annotated, Literal

from msgspec import Meta

AccountId = Annotated[
    str, Meta(pattern=r"^[0-9]{12}\Z", description="an account id: twelve digits in quotes, or null")
]
Region = Annotated[
    str, Meta(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]\Z", description="a region such as us-east-1, or null")
]
StackPrefix = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z][A-Za-z0-9-]{0,63}\Z",
        description="1 to 64 letters, digits and hyphens, beginning with a letter",
    ),
]
FolderName = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,199}\Z",
        description="the path of a folder of this project, such as trainings",
    ),
]
EnvironmentName = Annotated[
    str,
    Meta(
        pattern=r"^[a-z][a-z0-9]{0,19}\Z",
        description="null, or 1 to 20 lower-case letters and digits, beginning with a letter",
    ),
]
JobDefinitionName = Annotated[
    str,
    Meta(pattern=r"^[A-Za-z0-9_-]{1,128}\Z", description="1 to 128 letters, digits, hyphens and underscores"),
]
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html; no dots: TLS would not match.
BucketName = Annotated[
    str,
    Meta(
        pattern=r"^(?!xn--|sthree-|amzn-s3-demo-)(?!.*(-s3alias|--ol-s3|--x-s3|--table-s3)\Z)"
        r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]\Z",
        description="null, or 3 to 63 lower-case letters, digits and hyphens, beginning and ending with a "
        "letter or digit, without the prefixes and suffixes that S3 reserves",
    ),
]
Cidr = Annotated[
    str,
    Meta(
        pattern=r"^[0-9]+(\.[0-9]+){3}/[0-9]+\Z",  # the rest is said by is_private_range
        description="a private range of /16 to /24 without host bits, such as 10.80.0.0/16: "
        "of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16",
    ),
]
_PRIVATE = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
_PREFIX_LENGTHS = range(16, 25)
ShareName = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9]{1,255}\*?\Z",
        description="share identifiers of 1 to 255 letters and digits, of which the last may be *, "
        "each with a weight from 0.0001 to 999.9999",
    ),
]
Days = Annotated[int, Meta(ge=1, le=3650, description="days, an integer from 1 to 3650")]
LogRetentionDays = Annotated[
    Literal[
        1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400,
        545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
    ],
    Meta(
        description="days as CloudWatch Logs knows them: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, "
        "400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653"
    ),
]  # fmt: skip
EmailAddress = Annotated[
    str,
    Meta(
        pattern=r"^[^@\s,;:<>()\[\]\"\\\x00-\x1f\x7f]{1,64}@([A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}\Z",
        description="an e-mail address such as you@example.com",
    ),
]
Host = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?\Z",
        description="a host such as hooks.slack.com, or host:port",
    ),
]


def is_private_range(cidr: str) -> bool:
    """Whether what has the form of a Cidr is one: no octet is above 255, no bit of a host is set."""
    try:
        network = IPv4Network(cidr)
    except ValueError:
        return False
    private = any(network.subnet_of(whole) for whole in _PRIVATE)
    return private and network.prefixlen in _PREFIX_LENGTHS and str(network) == cidr
