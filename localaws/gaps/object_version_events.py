"""S3's "Object Created" on EventBridge names the version of the object, in a versioned bucket."""

import contextvars
import json
from typing import Any

from localaws.ministack.patching import wrap

_version: contextvars.ContextVar[str | None] = contextvars.ContextVar("localaws_object_version", default=None)


def install() -> None:
    wrap("services.s3._fire_s3_event", _remembering_version)
    wrap("services.eventbridge._dispatch_event", _with_version)


def _remembering_version(original: Any, *arguments: Any, **named: Any) -> Any:
    token = _version.set(named.get("version_id"))
    try:
        return original(*arguments, **named)
    finally:
        _version.reset(token)


def _with_version(original: Any, event: dict[str, Any], *arguments: Any, **named: Any) -> Any:
    version = _version.get()
    if version and event.get("Source") == "aws.s3":
        detail = json.loads(event["Detail"])
        detail["object"].setdefault("version-id", version)
        event = {**event, "Detail": json.dumps(detail)}
    return original(event, *arguments, **named)
