"""Amazon S3: the client of the buckets.

Conditional writes: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""

import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from botocore.exceptions import ClientError
from botocore.response import StreamingBody

from tests.simulation.faults import client_error
from tests.simulation.kernel import Kernel
from tests.simulation.s3_bucket import MOST_KEYS, Bucket, Version

CONFLICT_SHARE = 0.5
"""Of the conditional writes that meet another one of the same key on its way."""
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_VERSION_ID = re.compile(r"null|[A-Za-z0-9._+/=]{32}(?:[A-Za-z0-9._+/=]{32})?")


class S3:
    """The client of these buckets."""

    def __init__(self, kernel: Kernel, buckets: Iterable[Bucket]) -> None:
        self._kernel = kernel
        self._buckets = {bucket.name: bucket for bucket in buckets}
        self._on_their_way: Counter[tuple[str, str]] = Counter()

    def add(self, bucket: Bucket) -> None:
        """Makes a bucket known."""
        self._buckets[bucket.name] = bucket

    def get_object(
        self,
        *,
        Bucket: str,  # noqa: N803 - boto3's names, here and below
        Key: str,  # noqa: N803
        VersionId: str = "",  # noqa: N803
        Range: str = "",  # noqa: N803
    ) -> dict[str, Any]:
        """Reads an object; a Range that is not understood is read as none."""

        def get() -> dict[str, Any]:
            bucket = self._bucket(Bucket, "GetObject")
            found = _found(bucket, Key, VersionId, "GetObject")
            part, more = _part(found.body, Range)
            body = StreamingBody(io.BytesIO(part), len(part))
            return {"Body": body, "ContentLength": len(part), **_described(bucket, found), **more}

        return self._kernel.call("s3", "GetObject", get, cut=_cut)

    def head_object(self, *, Bucket: str, Key: str, VersionId: str = "") -> dict[str, Any]:  # noqa: N803
        def head() -> dict[str, Any]:
            if Bucket not in self._buckets:
                raise client_error("HeadObject", "404", 404, "Not Found")
            bucket = self._buckets[Bucket]
            found = _found(bucket, Key, VersionId, "HeadObject")
            return {"ContentLength": len(found.body), **_described(bucket, found)}

        return self._kernel.call("s3", "HeadObject", head)

    def list_objects_v2(
        self,
        *,
        Bucket: str,  # noqa: N803
        Prefix: str = "",  # noqa: N803
        MaxKeys: int = MOST_KEYS,  # noqa: N803
        StartAfter: str = "",  # noqa: N803
        ContinuationToken: str = "",  # noqa: N803
    ) -> dict[str, Any]:
        def list_() -> dict[str, Any]:
            bucket = self._bucket(Bucket, "ListObjectsV2")
            most = min(MaxKeys, MOST_KEYS)
            after = max(StartAfter, ContinuationToken)
            keys = bucket.keys(Prefix, after, most + 1) if most else []
            answer: dict[str, Any] = {
                "Name": Bucket,
                "Prefix": Prefix,
                "MaxKeys": most,
                "KeyCount": len(keys[:most]),
                "IsTruncated": len(keys) > most,
            }
            if keys:
                answer["Contents"] = [_listed(bucket, key) for key in keys[:most]]
            if answer["IsTruncated"]:
                answer["NextContinuationToken"] = keys[most - 1]
            return answer

        return self._kernel.call("s3", "ListObjectsV2", list_)

    def put_object(
        self,
        *,
        Bucket: str,  # noqa: N803
        Key: str,  # noqa: N803
        Body: bytes,  # noqa: N803
        IfNoneMatch: Literal["", "*"] = "",  # noqa: N803
        **_: Any,
    ) -> dict[str, Any]:
        """Writes an object. With IfNoneMatch, not over another one; a write that meets another one on its way
        may have to be sent again.
        """
        place = Bucket, Key

        def put() -> dict[str, Any]:
            bucket = self._bucket(Bucket, "PutObject")
            if IfNoneMatch and bucket.get(Key) is not None:
                said = "At least one of the pre-conditions you specified did not hold"
                raise client_error("PutObject", "PreconditionFailed", 412, said)
            if IfNoneMatch and self._on_their_way[place] > 1 and self._conflicts(place):
                said = "The conditional request cannot succeed due to a conflicting operation."
                raise client_error("PutObject", "ConditionalRequestConflict", 409, said)
            found = bucket.put(Key, Body)
            return {"ETag": f'"{found.etag}"', **_version_of(bucket, found)}

        self._on_their_way[place] += 1
        try:
            return self._kernel.call("s3", "PutObject", put)
        finally:
            self._on_their_way[place] -= 1

    def delete_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        def delete() -> dict[str, Any]:
            marker = self._bucket(Bucket, "DeleteObject").delete(Key)
            return {"DeleteMarker": True, "VersionId": marker.id} if marker else {}

        return self._kernel.call("s3", "DeleteObject", delete)

    def get_paginator(self, operation: Literal["list_objects_v2"]) -> "_Pages":
        assert operation == "list_objects_v2"
        return _Pages(self)

    def _bucket(self, name: str, operation: str) -> Bucket:
        try:
            return self._buckets[name]
        except KeyError:
            said = "The specified bucket does not exist"
            raise client_error(operation, "NoSuchBucket", 404, said) from None

    def _conflicts(self, place: tuple[str, str]) -> bool:
        return self._kernel.chance("conflict", *place, self._kernel.now) < CONFLICT_SHARE


@dataclass(frozen=True)
class _Pages:
    s3: S3

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        while True:
            page = self.s3.list_objects_v2(**request)
            yield page
            if not page["IsTruncated"]:
                return
            request["ContinuationToken"] = page["NextContinuationToken"]


def _cut(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer with the first half of its body, as of a connection that ends early."""
    body = answer["Body"].read()
    return {**answer, "Body": StreamingBody(io.BytesIO(body[: len(body) // 2]), len(body))}


def _found(bucket: Bucket, key: str, version_id: str, operation: str) -> Version:
    if version_id and not _VERSION_ID.fullmatch(version_id):
        said = "Invalid version id specified"
        raise client_error(operation, "400" if operation == "HeadObject" else "InvalidArgument", 400, said)
    found = bucket.get(key, version_id)
    if found is None:
        raise _missing(operation, version_id)
    if found.is_marker:
        said = "The specified method is not allowed against this resource."
        raise client_error(operation, "MethodNotAllowed", 405, said)
    return found


def _missing(operation: str, version_id: str) -> ClientError:
    if operation == "HeadObject":
        return client_error(operation, "404", 404, "Not Found")
    if version_id:
        return client_error(operation, "NoSuchVersion", 404, "The specified version does not exist.")
    return client_error(operation, "NoSuchKey", 404, "The specified key does not exist.")


def _part(body: bytes, wanted: str) -> tuple[bytes, dict[str, Any]]:
    """A part of an object by an HTTP Range, and what the answer says of it."""
    found = _RANGE.fullmatch(wanted)
    if found is None or found[0] == "bytes=-":
        return body, {}
    size = len(body)
    if found[1]:
        start, end = int(found[1]), min(int(found[2] or size), size - 1)
    else:
        start, end = max(size - int(found[2]), 0), size - 1
    if start >= size:
        said = "The requested range is not satisfiable"
        raise client_error("GetObject", "InvalidRange", 416, said)
    if end < start:
        return body, {}
    return body[start : end + 1], {"ContentRange": f"bytes {start}-{end}/{size}"}


def _described(bucket: Bucket, version: Version) -> dict[str, Any]:
    return {
        "ETag": f'"{version.etag}"',
        "LastModified": version.modified_at,
        **_version_of(bucket, version),
    }


def _version_of(bucket: Bucket, version: Version) -> dict[str, Any]:
    return {"VersionId": version.id} if bucket.versioned else {}


def _listed(bucket: Bucket, key: str) -> dict[str, Any]:
    found = bucket.get(key)
    assert found is not None
    return {
        "Key": key,
        "Size": len(found.body),
        "ETag": f'"{found.etag}"',
        "LastModified": found.modified_at,
        "StorageClass": "STANDARD",
    }
