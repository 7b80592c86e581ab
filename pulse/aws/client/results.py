"""The results of a run, read from their bucket by whoever asks, with their own credentials."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import boto3
from botocore.config import Config

from pulse.aws.errors import as_domain_errors
from pulse.domain.fault import printable

LINK_SECONDS = 3600


class ResultFile(NamedTuple):
    key: str
    size_bytes: int


class Results:
    """Needs `s3:ListBucket` on the bucket and `s3:GetObject` on its objects. All methods raise Misconfigured
    when denied, Unavailable.
    """

    def __init__(self, session: boto3.Session, bucket: str) -> None:
        self._bucket = bucket
        with as_domain_errors("Connecting to S3"):
            # Without it, links are signed as of old, which newer regions and KMS refuse.
            self._client = session.client("s3", config=Config(signature_version="s3v4"))

    def files(self, prefix: str) -> Iterator[ResultFile]:
        """What lies below `prefix`, in the order of the keys."""
        with as_domain_errors(f"Listing s3://{self._bucket}/{printable(prefix)}"):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
            for page in pages:
                for found in page.get("Contents", ()):
                    yield ResultFile(found["Key"], found["Size"])

    def read(self, key: str) -> bytes:
        with as_domain_errors(f"Reading s3://{self._bucket}/{printable(key)}"):
            return self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()

    def download(self, key: str, to: Path, on_bytes: Callable[[int], None]) -> None:
        """Writes an object to a file, whole or not at all; `on_bytes` gets how many bytes more came in, from
        several threads.
        """
        with as_domain_errors(f"Downloading s3://{self._bucket}/{printable(key)}"):
            self._client.download_file(self._bucket, key, str(to), Callback=on_bytes)

    def link(self, key: str) -> str:
        """An address that shows the object to whoever has it, for LINK_SECONDS or as long as the credentials
        that signed it last, whichever is shorter.
        """
        with as_domain_errors(f"Signing a link to s3://{self._bucket}/{printable(key)}"):
            return self._client.generate_presigned_url(
                "get_object", Params={"Bucket": self._bucket, "Key": key}, ExpiresIn=LINK_SECONDS
            )
