"""The condition keys of a conditional write, which MiniStack does not give to IAM.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
"""

from typing import Any

from localaws.ministack.patching import wrap

_HEADERS = ("if-match", "if-none-match")


def install() -> None:
    wrap("core.iam_actions.s3_service_context", _with_conditions)


def _with_conditions(
    original: Any,
    iam_action: str,
    query_params: dict[str, Any] | None,
    path: str = "",
    headers: dict[str, str] | None = None,
) -> dict[str, Any]:
    context = dict(original(iam_action, query_params, path, headers))
    if iam_action == "s3:PutObject":
        given = {name.lower(): value for name, value in (headers or {}).items()}
        context |= {f"s3:{name}": given[name] for name in _HEADERS if name in given}
    return context
