"""What `pulse demo` puts into the data bucket, finds in the results bucket, and removes from both."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pulse.aws.errors import as_domain_errors

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class Found(NamedTuple):
    name: str
    size_bytes: int
    written_at: datetime


class DemoObjects:
    """Needs `s3:PutObject` in the data bucket, `s3:ListBucket` and `s3:GetObject` in the results bucket, and
    `s3:ListBucketVersions` and `s3:DeleteObjectVersion` in both. All methods raise Unavailable and
    Misconfigured.
    """

    def __init__(self, client: Callable[[str], Any]) -> None:
        with as_domain_errors("Connecting to S3"):
            self._s3: S3Client = client("s3")

    def put(self, file: Path, bucket: str, key: str) -> datetime:
        """When S3 wrote it, by its own clock."""
        with as_domain_errors(f"Uploading to s3://{bucket}/{key}"):
            with file.open("rb") as body:
                self._s3.put_object(Bucket=bucket, Key=key, Body=body)
            return self._s3.head_object(Bucket=bucket, Key=key)["LastModified"]

    def below(self, bucket: str, prefix: str) -> list[Found]:
        with as_domain_errors(f"Listing s3://{bucket}/{prefix}"):
            pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
            return [
                Found(item["Key"].removeprefix(prefix), item["Size"], item["LastModified"])
                for page in pages
                for item in page.get("Contents", [])
            ]

    def json(self, bucket: str, key: str) -> dict[str, Any]:
        with as_domain_errors(f"Reading s3://{bucket}/{key}"):
            return dict(json.loads(self._s3.get_object(Bucket=bucket, Key=key)["Body"].read()))

    def remove(self, bucket: str, prefix: str) -> None:
        """Every version of every object below `prefix`."""
        with as_domain_errors(f"Removing s3://{bucket}/{prefix}"):
            pages = self._s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix)
            for page in pages:
                for version in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
                    self._s3.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])


def removal(bucket: str, prefix: str) -> str:
    """The command that removes what `DemoObjects.remove` does, but for delete markers."""
    query = "'{Objects: Versions[].{Key: Key, VersionId: VersionId}}'"
    listed = f"aws s3api list-object-versions --bucket {bucket} --prefix {prefix} --query {query}"
    return f'aws s3api delete-objects --bucket {bucket} --delete "$({listed} --output json)"'
