"""Data sets on their way from a person's disk into the data bucket."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import boto3
from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import ClientError

from pulse.aws.errors import as_domain_errors, code
from pulse.domain.errors import Unavailable
from pulse.domain.fault import printable

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import HeadObjectOutputTypeDef

_ABSENT = frozenset({"404", "NoSuchKey", "NotFound"})
_UNVERSIONED = "null"


class Stored(NamedTuple):
    """`version_id` is empty in a bucket without versions."""

    size_bytes: int
    version_id: str


class Uploads:
    """Needs `s3:PutObject` and `s3:GetObject` on the keys, and `s3:ListBucket` to hear that one is absent."""

    def __init__(self, session: boto3.Session, bucket: str) -> None:
        self._bucket = bucket
        with as_domain_errors("Connecting to S3"):
            self._client = session.client("s3")

    def find(self, key: str) -> Stored | None:
        """What lies under `key`. Raises Misconfigured when denied, Unavailable."""
        with as_domain_errors(f"Looking for s3://{self._bucket}/{printable(key)}"):
            try:
                head: HeadObjectOutputTypeDef = self._client.head_object(Bucket=self._bucket, Key=key)
            except ClientError as error:
                if code(error) in _ABSENT:
                    return None
                raise
        version = head.get("VersionId", "")
        return Stored(head["ContentLength"], "" if version == _UNVERSIONED else version)

    def send(self, file: Path, key: str, on_bytes: Callable[[int], None]) -> None:
        """Uploads in parts where the file is large; `on_bytes` is told how many bytes more went out, from
        several threads. Raises Misconfigured when denied, Unavailable; nothing is stored then.
        """
        doing = f"Uploading to s3://{self._bucket}/{printable(key)}"
        with as_domain_errors(doing):
            try:
                self._client.upload_file(str(file), self._bucket, key, Callback=on_bytes)
            except S3UploadFailedError as error:
                # It says in words what the ClientError behind it said.
                if isinstance(error.__context__, ClientError):
                    raise error.__context__ from error
                raise Unavailable(f"{doing}: {printable(str(error))}") from error
