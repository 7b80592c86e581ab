"""SSE-KMS without a key id uses the account's own `aws/s3` key on AWS; MiniStack refuses it.

The CDK uploads to its staging bucket so.
"""

from typing import Any

from localaws.ministack.patching import use, wrap

_ALGORITHM = "x-amz-server-side-encryption"
_KEY = "x-amz-server-side-encryption-aws-kms-key-id"


def install() -> None:
    wrap("services.s3._resolve_sse_write_headers", _with_managed_key)


def _with_managed_key(original: Any, headers: dict[str, str], *rest: Any, **named: Any) -> Any:
    if headers.get(_ALGORITHM) == "aws:kms" and not headers.get(_KEY):
        account, region = use("core.responses.get_account_id")(), use("core.responses.get_region")()
        headers = {**headers, _KEY: f"arn:aws:kms:{region}:{account}:alias/aws/s3"}
    return original(headers, *rest, **named)
