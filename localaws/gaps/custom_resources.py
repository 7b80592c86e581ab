"""A custom resource that never answers holds a deploy for an hour; here for a minute. It answers to an
address of ours, because MiniStack's own are closed (`guard`).
"""

from typing import Any

from localaws.endpoints import CLOSED, PREFIX
from localaws.ministack.patching import wrap

LONGEST_SECONDS = 60


def install() -> None:
    wrap("services.cloudformation.custom_resource.invoke_custom_resource", _within_a_minute)
    wrap("services.cloudformation.custom_resource._response_url", _ours)
    wrap("services.cloudformation.wait_conditions.handle_url", _ours)
    wrap("services.cloudformation.wait_conditions._token_of", _of_ours)


def _ours(original: Any, token: str) -> str:
    return str(original(token)).replace(f"{CLOSED}/", f"{PREFIX}/", 1)


def _of_ours(original: Any, url: Any) -> Any:
    return original(url.replace(f"{PREFIX}/", f"{CLOSED}/", 1) if isinstance(url, str) else url)


def _within_a_minute(
    original: Any, request_type: str, logical_id: str, props: dict[str, Any], *rest: Any, **named: Any
) -> Any:
    try:
        wanted = int(props.get("ServiceTimeout", LONGEST_SECONDS))
    except (TypeError, ValueError):
        wanted = LONGEST_SECONDS
    capped = {**props, "ServiceTimeout": str(min(wanted, LONGEST_SECONDS))}
    return original(request_type, logical_id, capped, *rest, **named)
