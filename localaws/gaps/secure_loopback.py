"""Loopback counts as TLS: bucket and topic policies that enforce SSL deny plain http, and this endpoint has
no other.
"""

import contextvars
import ipaddress
from typing import Any

from localaws.ministack.patching import replace, wrap


def install() -> None:
    wrap("app.pin_request_origin", _loopback_is_secure)
    # What one service sends to another happens outside any request, and over TLS on AWS.
    origin = contextvars.ContextVar("localaws_request_origin", default=("127.0.0.1", True))
    replace("core.iam_evaluator._request_origin", origin)


def _loopback_is_secure(original: Any, source_ip: str, secure_transport: bool) -> Any:
    return original(source_ip, secure_transport or ipaddress.ip_address(source_ip).is_loopback)
