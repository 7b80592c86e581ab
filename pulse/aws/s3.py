"""S3: whole small objects."""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from pulse.aws.errors import code, translated
from pulse.domain.errors import TooLarge

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_ABSENT = frozenset({"NoSuchKey", "NoSuchVersion", "404"})


class Objects:
    """Needs `s3:GetObject`, and `s3:GetObjectVersion` where version ids are given, on what is read: for drops
    `requests/*` of the data bucket, for alerts `results/*/metrics.json` of the results bucket.
    """

    def __init__(self, make_client: Callable[[], "S3Client"]) -> None:
        self._make_client = make_client

    @cached_property
    def _client(self) -> "S3Client":
        """Made when it is first wanted: most invocations read no object."""
        return self._make_client()

    def read(self, bucket: str, key: str, *, version_id: str = "", limit_bytes: int) -> bytes | None:
        """The object, None when it does not exist.

        Raises TooLarge above `limit_bytes`, Misconfigured when denied (which S3 also says of an object that
        does not exist to those who may not list the bucket), Unavailable.
        """
        version = {"VersionId": version_id} if version_id else {}
        with translated("Reading an object from S3"):
            try:
                answer = self._client.get_object(Bucket=bucket, Key=key, **version)  # type: ignore[arg-type]
            except ClientError as error:
                if code(error) in _ABSENT:
                    return None
                raise
            content = answer["Body"].read(limit_bytes + 1)
        if len(content) > limit_bytes:
            raise TooLarge(answer["ContentLength"], limit_bytes)
        return content
