"""A custom resource that never answers holds a deploy for an hour; here for a minute."""

from typing import Any

from localaws.patching import wrap

LONGEST_SECONDS = 60


def install() -> None:
    wrap("services.cloudformation.custom_resource.invoke_custom_resource", _within_a_minute)


def _within_a_minute(
    original: Any, request_type: str, logical_id: str, props: dict[str, Any], *rest: Any, **named: Any
) -> Any:
    try:
        wanted = int(props.get("ServiceTimeout", LONGEST_SECONDS))
    except (TypeError, ValueError):
        wanted = LONGEST_SECONDS
    capped = {**props, "ServiceTimeout": str(min(wanted, LONGEST_SECONDS))}
    return original(request_type, logical_id, capped, *rest, **named)
