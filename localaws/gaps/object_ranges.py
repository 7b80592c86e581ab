"""A Range counts for GetObject of a version and for HeadObject too; MiniStack answers the whole object.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html: a range is answered with 206, and 416 when
the object ends before it.
"""

from http import HTTPStatus
from typing import Any

from localaws.ministack.patching import use, wrap

Response = tuple[int, dict[str, str], bytes]


def install() -> None:
    wrap("services.s3._get_object", _part_of_version)
    wrap("services.s3._head_object", _part_of_head)


def _part_of_version(
    original: Any, bucket: str, key: str, headers: dict[str, str], query: Any = None
) -> Response:
    response: Response = original(bucket, key, headers, query)
    status, described, body = response
    if status != HTTPStatus.OK or not headers.get("range"):
        return response
    return _part(bucket, key, headers["range"], described, body)


def _part_of_head(original: Any, bucket: str, key: str, headers: Any = None, query: Any = None) -> Response:
    response: Response = original(bucket, key, headers, query)
    status, described, _ = response
    if status != HTTPStatus.OK or not (headers or {}).get("range"):
        return response
    status, described, _ = _part(bucket, key, headers["range"], described, None)
    return status, described, b""


def _part(bucket: str, key: str, wanted: str, described: dict[str, str], body: bytes | None) -> Response:
    """`body` None: only the headers are wanted."""
    size = int(described["Content-Length"]) if body is None else len(body)
    found = use("services.s3._parse_range")(wanted, size)
    if found is None:
        fault = use("services.s3._xml_body")(use("services.s3._range_error_xml")(bucket, key))
        headers = {"Content-Type": "application/xml", "Content-Range": f"bytes */{size}"}
        return HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers, fault
    start, end = found
    # A checksum of the whole does not fit a part, and boto3 would refuse it.
    kept = {name: one for name, one in described.items() if not name.lower().startswith("x-amz-checksum-")}
    kept |= {"Content-Length": str(end - start + 1), "Content-Range": f"bytes {start}-{end}/{size}"}
    return HTTPStatus.PARTIAL_CONTENT, kept, (body or b"")[start : end + 1]
