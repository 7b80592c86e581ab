"""The S3 calls a run makes; S3's refusals become errors that say which action on what."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    PartialCredentialsError,
)
from botocore.exceptions import ConnectionError as NotConnectedError

from recursive_training.errors import (
    AccessDeniedError,
    NoSuchDatasetError,
    ResultsNotWrittenError,
    TemporaryError,
    TrainingError,
    UsageError,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
_DENIED = {
    "403", "AccessDenied", "AllAccessDisabled", "AccountProblem", "ExpiredToken", "Forbidden",
    "InvalidAccessKeyId", "InvalidToken", "SignatureDoesNotMatch", "TokenRefreshRequired",
    "UnauthorizedAccess", "KMS.DisabledException",
}  # fmt: skip
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
_EXISTS = {"412", "PreconditionFailed"}
_CONFLICT = "ConditionalRequestConflict"  # another write of the same key is on its way
_CONFLICT_PAUSES_SECONDS = (0.2, 0.4, 0.8, 1.6)
_TEMPORARY = {
    "500", "502", "503", "504", "BandwidthLimitExceeded", "InternalError", "OperationAborted",
    "RequestLimitExceeded", "RequestTimeout", "RequestTimeTooSkewed", "ServiceUnavailable", "SlowDown",
    "Throttling", "ThrottlingException", _CONFLICT,
}  # fmt: skip
_CONNECTIONS = 10  # botocore's own max_pool_connections
_NO_CREDENTIALS = (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError)
# The last two: the connection broke, or bits fell over, while the body came.
_OUT_OF_REACH = (HTTPClientError, NotConnectedError, IncompleteReadError, FlexibleChecksumError)
_NEXT: dict[type[TrainingError], str] = {
    NoSuchDatasetError: "Check the bucket, the key and the version.",
    ResultsNotWrittenError: "Check --s3-results-bucket and --s3-results-prefix, and run the job again.",
}


@dataclass(frozen=True)
class StoredObject:
    """An object as it was read. `version_id` is None in a bucket without versioning."""

    bucket: str
    key: str
    version_id: str | None
    etag: str
    last_modified: datetime
    payload: bytes

    @property
    def uri(self) -> str:
        return f"s3://{self.bucket}/{self.key}"

    @cached_property
    def sha256(self) -> str:
        return sha256(self.payload).hexdigest()


def client(region: str) -> "S3Client":
    """An S3 client that tries four times and gives up on a silent endpoint after a minute.

    Raises UsageError when the environment names an endpoint or a profile that cannot be.
    """
    config = Config(
        retries={"mode": "standard", "total_max_attempts": 4}, connect_timeout=10, read_timeout=60
    )
    try:
        return boto3.client("s3", region_name=region, config=config)
    except (BotoCoreError, ValueError) as error:
        raise UsageError(
            [f"No S3 client can be made: {error}. Check AWS_ENDPOINT_URL, AWS_PROFILE and --aws-region."]
        ) from error


class Bucket:
    """One bucket. The client retries what is temporary; what fails then is a TrainingError."""

    def __init__(self, s3: "S3Client", name: str) -> None:
        self._s3 = s3
        self.name = name

    def keys(self, prefix: str) -> list[str]:
        """The keys under the prefix, sorted.

        Folders that a console made (keys ending in a slash) are no objects.
        """
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix)
        with self._reading("s3:ListBucket", f"arn:aws:s3:::{self.name}", f"s3://{self.name}/{prefix}"):
            keys = [item["Key"] for page in pages for item in page.get("Contents", ())]
        return sorted(key for key in keys if not key.endswith("/"))

    def first_keys(self, prefix: str) -> list[str]:
        """Some key under the prefix, if there is one and it may be listed: one call."""
        try:
            with self._reading("s3:ListBucket", f"arn:aws:s3:::{self.name}", f"s3://{self.name}/{prefix}"):
                page = self._s3.list_objects_v2(Bucket=self.name, Prefix=prefix, MaxKeys=1)
        except (AccessDeniedError, NoSuchDatasetError):
            return []
        return [item["Key"] for item in page.get("Contents", ())]

    def read(self, key: str, version_id: str | None = None) -> StoredObject:
        """The object, or exactly that version of it."""
        uri = f"s3://{self.name}/{key}" + (f" (version {version_id})" if version_id else "")
        action = "s3:GetObjectVersion" if version_id else "s3:GetObject"
        try:
            with self._reading(action, f"arn:aws:s3:::{self.name}/{key}", uri):
                if version_id:
                    answer = self._s3.get_object(Bucket=self.name, Key=key, VersionId=version_id)
                else:
                    answer = self._s3.get_object(Bucket=self.name, Key=key)
                payload = answer["Body"].read()
        except AccessDeniedError as error:
            if version_id or not self._is_missing(key):
                raise
            raise NoSuchDatasetError(
                f"{uri}: there is no such object. {_NEXT[NoSuchDatasetError]}"
            ) from error
        return StoredObject(
            bucket=self.name,
            key=key,
            version_id=answer.get("VersionId"),
            etag=answer["ETag"].strip('"'),
            last_modified=answer["LastModified"],
            payload=payload,
        )

    def _is_missing(self, key: str) -> bool:
        """Whether the listing says so. S3 denies a missing key to whoever may list only a prefix:
        https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
        """
        try:
            return key not in self.keys(key)
        except TrainingError:
            return False

    def read_all(self, keys: Sequence[str]) -> list[StoredObject | NoSuchDatasetError]:
        """The objects in the order of the keys, or why one is not there; read ten at a time."""

        def read(key: str) -> StoredObject | NoSuchDatasetError:
            try:
                return self.read(key)
            except NoSuchDatasetError as error:
                return error

        with ThreadPoolExecutor(_CONNECTIONS) as pool:
            return list(pool.map(read, keys))

    def write(self, key: str, payload: bytes, content_type: str) -> None:
        with self._writing(key):
            self._s3.put_object(Bucket=self.name, Key=key, Body=payload, ContentType=content_type)

    def create(self, key: str, payload: bytes, content_type: str) -> bool:
        """Writes the object unless there is one already: False then."""
        pauses = iter(_CONFLICT_PAUSES_SECONDS)
        with self._writing(key):
            while True:
                try:
                    self._s3.put_object(
                        Bucket=self.name, Key=key, Body=payload, ContentType=content_type, IfNoneMatch="*"
                    )
                except ClientError as error:
                    code = error.response["Error"].get("Code", "")
                    if code in _EXISTS:
                        return False
                    pause = next(pauses, None)
                    if code != _CONFLICT or pause is None:
                        raise
                    time.sleep(pause)
                else:
                    return True

    @contextmanager
    def _reading(self, action: str, resource: str, uri: str) -> Iterator[None]:
        with self._translated(action, resource, uri, NoSuchDatasetError):
            yield

    @contextmanager
    def _writing(self, key: str) -> Iterator[None]:
        uri, resource = f"s3://{self.name}/{key}", f"arn:aws:s3:::{self.name}/{key}"
        with self._translated("s3:PutObject", resource, uri, ResultsNotWrittenError):
            yield

    @contextmanager
    def _translated(
        self, action: str, resource: str, uri: str, otherwise: type[TrainingError]
    ) -> Iterator[None]:
        try:
            yield
        except ClientError as error:
            code, message = (
                error.response["Error"].get("Code", ""),
                error.response["Error"].get("Message", ""),
            )
            said = f"{uri}: S3 answered {code} ({message})."
            if code in _DENIED:
                raise AccessDeniedError(f"{said} Allow {action} on {resource} to the job's role.") from error
            if code in _TEMPORARY:
                raise TemporaryError(f"{said} Run the job again.") from error
            raise otherwise(f"{said} {_NEXT[otherwise]}") from error
        except _NO_CREDENTIALS as error:
            raise AccessDeniedError(
                f"{uri}: {error}. Give the job a role, or set AWS_ACCESS_KEY_ID."
            ) from error
        except _OUT_OF_REACH as error:
            raise TemporaryError(f"{uri}: S3 is out of reach ({error}). Run the job again.") from error
        except BotoCoreError as error:
            raise otherwise(f"{uri}: {error}. {_NEXT[otherwise]}") from error
