"""Whoever may not list a bucket is not told that a key is missing: 403 in place of 404.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html and API_HeadObject.html: without
s3:ListBucket, S3 answers AccessDenied for an object that does not exist.
"""

from http import HTTPStatus
from typing import Any

from localaws.ministack.patching import use, wrap

Response = tuple[int, dict[str, str], bytes]


def install() -> None:
    wrap("services.s3._get_object", _hidden_if_missing)
    wrap("services.s3._head_object", _hidden_if_missing)


def _hidden_if_missing(
    original: Any, bucket: str, key: str, headers: Any = None, query: Any = None
) -> Response:
    response: Response = original(bucket, key, headers, query)
    if response[0] != HTTPStatus.NOT_FOUND or not use("services.s3._ensure_bucket")(bucket):
        return response
    refused = _denial(f"arn:aws:s3:::{bucket}", headers or {}, query or {})
    if refused is None:
        return response
    hidden: Response = use("services.s3._error")("AccessDenied", refused, 403, f"/{bucket}/{key}")
    return hidden


def _denial(bucket_arn: str, headers: dict[str, str], query: Any) -> str | None:
    """AWS's sentence when the caller may not list the bucket; None too for calls that nobody signed."""
    caller = use("core.router.extract_access_key_id")(headers, query)
    if not use("app.AUTH") or not caller:
        return None
    action = "s3:ListBucket"
    region = use("core.responses.get_region")()
    denied = use("core.iam_evaluator.enforce")(caller, action, "s3", region, bucket_arn)
    if denied is None:
        return None
    sentence: str = use("core.iam_actions.identity_denial_message")(
        action, denied.principal_arn, bucket_arn, denied.decision == "Deny"
    )
    return sentence
