"""What AWS Batch accepts, as types: the limit and the sentence that tells it, once.

https://docs.aws.amazon.com/batch/latest/userguide/service_limits.html and the API's own reference pages.
"""

from typing import Annotated, Literal

from msgspec import Meta

JOB_NAME_CHARACTERS = 128
MAX_TAGS = 50
MIN_ARRAY_SIZE = 2
MAX_ARRAY_SIZE = 10_000
MAX_DEPENDENCIES = 20
FARGATE_MAX_TIMEOUT_SECONDS = 14 * 86_400

Attempts = Annotated[int, Meta(ge=1, le=10, description="an integer from 1 to 10")]
TimeoutSeconds = Annotated[
    int,
    Meta(
        ge=60, le=FARGATE_MAX_TIMEOUT_SECONDS, description="seconds, an integer from 60 to 1209600 (14 days)"
    ),
]
Auto = Literal["auto"]
"""Sized from the data: see `sizing`."""
Vcpus = Annotated[float, Meta(ge=0.25, le=256, description="a number of vCPU, 0.25 to 256")]
MemoryMib = Annotated[int, Meta(ge=512, le=3_145_728, description="MiB, an integer from 512 to 3145728")]
Gpus = Annotated[int, Meta(ge=0, le=16, description="an integer from 0 to 16")]
JobNamePrefix = Annotated[
    str,
    Meta(
        # It leaves room for "-YYYYMMDDHHMMSS-xxxxxxxx-merge".
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,97}\Z",
        description="1 to 98 letters, digits, hyphens and underscores, beginning with a letter or digit",
    ),
]
ShareIdentifier = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9]{1,255}\Z", description="1 to 255 letters and digits")
]
SchedulingPriority = Annotated[int, Meta(ge=0, le=9999, description="an integer from 0 to 9999")]
TagKey = Annotated[
    str,
    Meta(
        pattern=r"^(?![aA][wW][sS]:)[\w .:/=+@-]{1,128}\Z",
        description="a tag key of 1 to 128 letters, digits, spaces and _.:/=+-@, not beginning with aws:",
    ),
]
TagValue = Annotated[
    str,
    Meta(
        pattern=r"^[\w .:/=+@-]{0,256}\Z",
        description="a tag value of at most 256 letters, digits, spaces and _.:/=+-@",
    ),
]
Tags = dict[TagKey, TagValue]
Platform = Literal["FARGATE", "EC2"]
CpuArchitecture = Literal["X86_64", "ARM64"]
