"""Who calls the HTTP API, and what they may do."""

from typing import TYPE_CHECKING, Any

from lambdas.common import http_input
from lambdas.wiring import shared

if TYPE_CHECKING:
    from pulse.domain.access import Guard


def guard(event: dict[str, Any]) -> "Guard":
    """Raises Unavailable, Misconfigured: where a caller's tags decide and cannot be read, nobody gets in."""
    access, arn = shared.settings().access, http_input.caller(event)
    return access.guard(arn, shared.principals().tags(arn) if access.needs_tags else {})
