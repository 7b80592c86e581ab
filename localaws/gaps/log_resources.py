"""What of CloudWatch Logs a call is about: MiniStack asks IAM for the bare log group.

The ARNs of a group's streams are what policies name, also those that end with `:*`, as CloudFormation's Arn
of a group does:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html.
"""

import json
from typing import Any

from localaws.ministack.patching import wrap


def install() -> None:
    wrap("core.iam_actions.extract_resource_arn", _with_stream)


def _with_stream(original: Any, service: str, method: str, path: str, *arguments: Any, **named: Any) -> Any:
    arn = original(service, method, path, *arguments, **named)
    if service != "logs" or ":log-group:" not in arn:
        return arn
    body = named["body"] if "body" in named else arguments[1]
    return f"{arn}:log-stream:{_stream(body)}"


def _stream(body: bytes) -> str:
    """The stream that the request names; empty for the whole group."""
    try:
        return str(json.loads(body).get("logStreamName") or "")
    except (ValueError, AttributeError):
        return ""
