"""S3: whole small objects, parts of large ones, and what lies under a prefix."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from pulse.aws.errors import as_domain_errors, code
from pulse.domain.errors import TooLarge, Unavailable
from pulse.domain.s3.objects import Listing, Part

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_ABSENT = frozenset({"NoSuchKey", "NoSuchVersion", "MethodNotAllowed", "404"})
"""The third: what S3 says of the version that marks a deletion."""
_NO_VERSION_ID = "InvalidArgument"
"""What S3 says of a version id that has not the form of one, so that no object has it."""
_NOTHING_THERE = "InvalidRange"
"""What S3 says of any range of an empty object."""


class Objects:
    """Needs `s3:GetObject`, and `s3:GetObjectVersion` where version ids are given, on what is read: for drops
    `requests/*` of the data bucket, for sizes `datasets/*` there, for alerts `results/*/metrics.json`,
    `manifest.json` and `claim.json` of the results bucket. A listing needs `s3:ListBucket` on the bucket.
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
        with as_domain_errors("Reading an object from S3"):
            try:
                answer = self._client.get_object(Bucket=bucket, Key=key, **version)  # type: ignore[arg-type]
            except ClientError as error:
                if _is_absent(error, version_id):
                    return None
                raise
            content = answer["Body"].read(limit_bytes + 1)
        announced = _announced(answer)
        if len(content) > limit_bytes:
            raise TooLarge(announced, limit_bytes)
        # botocore compares the two only where all is read without a limit.
        if len(content) != announced:
            raise Unavailable(f"S3's answer ended after {len(content)} of {announced} bytes.")
        return content

    def read_range(self, bucket: str, key: str, byte_range: str, *, version_id: str = "") -> Part | None:
        """A part of the object, None when the object does not exist. `byte_range` is an HTTP Range:
        `bytes=0-99` the first hundred, `bytes=-100` the last.

        Raises Misconfigured when denied, Unavailable.
        """
        version = {"VersionId": version_id} if version_id else {}
        with as_domain_errors("Reading a part of an object from S3"):
            try:
                answer = self._client.get_object(Bucket=bucket, Key=key, Range=byte_range, **version)  # type: ignore[arg-type]
            except ClientError as error:
                if _is_absent(error, version_id):
                    return None
                if code(error) == _NOTHING_THERE:
                    return Part(b"", 0)
                raise
            content = answer["Body"].read()
        _announced(answer)  # with which botocore has compared what it read
        _, _, whole = answer.get("ContentRange", "").rpartition("/")
        return Part(content, int(whole or len(content)))

    def listing(self, bucket: str, prefix: str, *, limit: int = 1000, after: str = "") -> Listing:
        """The first `limit` objects, at most 1,000, under `prefix` beyond the key `after`, in the order of
        their keys: one call.

        Raises Misconfigured when denied or the bucket does not exist, Unavailable.
        """
        with as_domain_errors("Listing objects of S3"):
            answer = self._client.list_objects_v2(
                Bucket=bucket, Prefix=prefix, MaxKeys=limit, StartAfter=after
            )
        sizes = {found["Key"]: found["Size"] for found in answer.get("Contents", ())}
        return Listing(sizes, complete=not answer["IsTruncated"])


def _announced(answer: Mapping[str, Any]) -> int:
    """How long an object is, which S3 always says. Raises Unavailable for an answer that does not: what cut
    that header off may have cut the object, and nobody could tell.
    """
    length = answer.get("ContentLength")
    if length is None:
        raise Unavailable("S3's answer does not say how long it is.")
    return int(length)


def _is_absent(error: ClientError, version_id: str) -> bool:
    return code(error) in _ABSENT or (bool(version_id) and code(error) == _NO_VERSION_ID)
