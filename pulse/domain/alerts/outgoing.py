"""An alert as it may leave: whatever its parts were made of, none of its texts holds a secret."""

from typing import Any
from urllib.parse import unquote

import msgspec
from msgspec import structs

from pulse.domain.alerts.alert import Alert
from pulse.domain.text.redaction import MARKER, redacted, redacted_lines

_NO_LIMIT = 10_000
"""More than the longest text of an alert: whoever makes one cuts it."""


def without_secrets(alert: Alert) -> Alert:
    """The same alert, redacted. Links whose address holds a secret are left out: half an address leads
    nowhere. The four renderings of the alert are made of what this returns.
    """
    links = tuple(link for link in alert.links if not _names_secret(link.url))
    plain = msgspec.to_builtins(structs.replace(alert, links=()))
    return structs.replace(msgspec.convert(_redacted(plain), Alert), links=links)


def _redacted(value: Any) -> Any:
    if isinstance(value, str):
        return "\n".join(redacted_lines(value.split("\n"), _NO_LIMIT))
    if isinstance(value, dict):
        return {name: _redacted(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted(one) for one in value]
    return value


def _names_secret(url: str) -> bool:
    """The console's addresses are percent-encoded twice, with `$` for the second round's `%`."""
    plain = unquote(unquote(url.replace("$25", "%")))
    return any(MARKER in redacted(address, _NO_LIMIT) for address in {url, plain})
