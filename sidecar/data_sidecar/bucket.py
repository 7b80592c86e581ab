"""The S3 calls that the data container makes. What S3 refuses is a Failure (refusals.py)."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeVar

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from data_sidecar.failure import ExitCode, Failure
from data_sidecar.refusals import CONFLICT, EXISTS, as_failure, code_of, disk_as_failure

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef, HeadObjectOutputTypeDef

ATTEMPTS = 8
"""Of a call: with the client's pauses about half a minute. What took hours is worth waiting for."""
_AT_ONCE = 4
"""Files, each in as many parts of 8 MiB: all of them fit into the memory of a small container."""
_TRANSFER = TransferConfig(max_concurrency=_AT_ONCE)
# No argument of boto3's: how many parts of a file that is stored wait in memory, else 10.
_TRANSFER.max_in_memory_upload_chunks = _AT_ONCE
_CONFLICT_PAUSES_SECONDS = (0.2, 0.4, 0.8, 1.6)
_MOST_DELETED = 1000
"""Objects a call: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html"""

_Item = TypeVar("_Item")
_Answer = TypeVar("_Answer")


@dataclass(frozen=True)
class StoredObject:
    """`version_id` is None in a bucket without versioning, and where a listing is all that is known."""

    key: str
    size: int
    etag: str
    modified: datetime
    version_id: str | None = None


def client(region: str | None) -> "S3Client":
    """An S3 client that gives up on a silent endpoint after a minute. Raises Failure (2)."""
    config = Config(
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        connect_timeout=10,
        read_timeout=60,
        max_pool_connections=_AT_ONCE * _AT_ONCE,
    )
    try:
        return boto3.client("s3", region_name=region, config=config)
    except (BotoCoreError, ValueError) as error:
        advice = "Check AWS_REGION and AWS_ENDPOINT_URL."
        raise Failure(ExitCode.USAGE, f"No S3 client can be made: {error}. {advice}") from error


def in_parallel(do: Callable[[_Item], _Answer], items: Iterable[_Item]) -> Iterator[_Answer]:
    """The answers in the order of the items; after the first failure nothing else is begun."""
    pool = ThreadPoolExecutor(_AT_ONCE)
    try:
        yield from pool.map(do, items)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


class Bucket:
    def __init__(self, s3: "S3Client", name: str) -> None:
        self._s3 = s3
        self.name = name

    def uri(self, key: str) -> str:
        return f"s3://{self.name}/{key}"

    def list(self, prefix: str) -> list[StoredObject]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix)
        with self._reading("s3:ListBucket", prefix):
            return [
                StoredObject(item["Key"], item["Size"], item["ETag"].strip('"'), item["LastModified"])
                for page in pages
                for item in page.get("Contents", ())
            ]

    def look_up(self, key: str, version_id: str | None = None) -> StoredObject:
        """What the object is, or that version of it. Raises Failure (66 where there is none)."""
        call = partial(self._s3.head_object, Bucket=self.name, Key=key)
        with self._missing_told(key, version_id):
            answer = call(VersionId=version_id) if version_id else call()
        return _stored(key, answer)

    def read(self, key: str, most: int) -> tuple[StoredObject, bytes]:
        """The object and its first bytes. Raises Failure (66 where there is none)."""
        with self._missing_told(key):
            answer = self._s3.get_object(Bucket=self.name, Key=key)
            payload = answer["Body"].read(most)
        return _stored(key, answer), payload

    def download(self, found: StoredObject, file: Path, progress: Callable[[int], None]) -> None:
        """Streams exactly this object to a file. What came of it is removed when the rest does not come."""
        version = {"VersionId": found.version_id} if found.version_id else {}
        action = "s3:GetObjectVersion" if found.version_id else "s3:GetObject"
        try:
            with (
                self._reading(action, found.key),
                disk_as_failure(self.uri(found.key)),
                file.open("wb") as stream,
            ):
                self._s3.download_fileobj(
                    self.name, found.key, stream, ExtraArgs=version, Callback=progress, Config=_TRANSFER
                )
            self._compare(found, file.stat().st_size)
        except BaseException:
            file.unlink(missing_ok=True)
            raise

    def _compare(self, found: StoredObject, came: int) -> None:
        if came != found.size:
            sentence = f"{self.uri(found.key)}: {came} of its {found.size} bytes came. Run the job again."
            raise Failure(ExitCode.TEMPORARY, sentence)

    def upload(self, stream: BinaryIO, key: str, content_type: str) -> None:
        with self._writing(key):
            self._s3.upload_fileobj(
                stream, self.name, key, ExtraArgs={"ContentType": content_type}, Config=_TRANSFER
            )

    def write(self, key: str, payload: bytes, content_type: str) -> None:
        with self._writing(key):
            self._s3.put_object(Bucket=self.name, Key=key, Body=payload, ContentType=content_type)

    def create(self, key: str, payload: bytes, content_type: str) -> bool:
        """Writes the object unless there is one already: False then."""
        put = partial(self._s3.put_object, Bucket=self.name, Key=key, ContentType=content_type)
        with self._writing(key):
            for pause in (*_CONFLICT_PAUSES_SECONDS, None):
                try:
                    put(Body=payload, IfNoneMatch="*")
                except ClientError as error:
                    if code_of(error) in EXISTS:
                        return False
                    if pause is None or code_of(error) != CONFLICT:
                        raise
                    time.sleep(pause)
                else:
                    break
        return True

    def delete(self, keys: Sequence[str]) -> None:
        for start in range(0, len(keys), _MOST_DELETED):
            some = keys[start : start + _MOST_DELETED]
            with as_failure("s3:DeleteObject", self.name, some[0], ExitCode.NOT_STORED):
                answer = self._s3.delete_objects(
                    Bucket=self.name, Delete={"Objects": [{"Key": key} for key in some], "Quiet": True}
                )
                for error in answer.get("Errors", ()):
                    told = {"Code": error.get("Code", ""), "Message": error.get("Message", "")}
                    raise ClientError({"Error": told}, "DeleteObjects")  # type: ignore[typeddict-item]

    @contextmanager
    def _missing_told(self, key: str, version_id: str | None = None) -> Iterator[None]:
        """S3 denies a missing key to whoever may list a prefix only, so the listing is asked:
        https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
        """
        try:
            with self._reading("s3:GetObjectVersion" if version_id else "s3:GetObject", key):
                yield
        except Failure as failure:
            if failure.code is not ExitCode.DENIED or version_id or not self._is_missing(key):
                raise
            sentence = f"{self.uri(key)}: there is no such object. Check the bucket and the key."
            raise Failure(ExitCode.MISSING, sentence) from failure

    def _is_missing(self, key: str) -> bool:
        try:
            with self._reading("s3:ListBucket", key):
                first = self._s3.list_objects_v2(Bucket=self.name, Prefix=key, MaxKeys=1)
        except Failure:
            return False
        return [item["Key"] for item in first.get("Contents", ())] != [key]

    def _reading(self, action: str, key: str) -> AbstractContextManager[None]:
        return as_failure(action, self.name, key, ExitCode.MISSING)

    def _writing(self, key: str) -> AbstractContextManager[None]:
        return as_failure("s3:PutObject", self.name, key, ExitCode.NOT_STORED)


def _stored(key: str, answer: "HeadObjectOutputTypeDef | GetObjectOutputTypeDef") -> StoredObject:
    etag, modified = answer["ETag"].strip('"'), answer["LastModified"]
    return StoredObject(key, answer["ContentLength"], etag, modified, answer.get("VersionId"))
