"""An https POST without redirects or proxies: the one adapter here that talks to somebody else than AWS."""

import ssl
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from msgspec import Struct

from pulse.domain.errors import NotDelivered

TIMEOUT_SECONDS = 5
_ANSWER_BYTES = 2000
_DIGITS = 9


class Answer(Struct, frozen=True, kw_only=True):
    status: int
    retry_after_seconds: int | None = None
    text: str = ""


class Webhook:
    """Needs no AWS permission."""

    def post(self, url: str, body: bytes) -> Answer:
        """Raises NotDelivered, without the URL, when no answer comes within TIMEOUT_SECONDS."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        connection: HTTPConnection
        if parts.scheme == "https":
            context = ssl.create_default_context()
            connection = HTTPSConnection(host, parts.port, timeout=TIMEOUT_SECONDS, context=context)
        else:
            connection = HTTPConnection(host, parts.port, timeout=TIMEOUT_SECONDS)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        try:
            connection.request("POST", path or "/", body, {"Content-Type": "application/json; charset=utf-8"})
            answer = connection.getresponse()
            text = answer.read(_ANSWER_BYTES).decode("utf-8", "replace")
        except (OSError, HTTPException, ValueError) as error:
            raise NotDelivered(f"The webhook's host did not answer: {type(error).__name__}.") from None
        finally:
            connection.close()
        return Answer(
            status=answer.status, retry_after_seconds=_seconds(answer.headers["Retry-After"]), text=text
        )


def _seconds(header: str | None) -> int | None:
    """Retry-After in seconds; its other form, a date, is not what Slack sends and is not honoured."""
    return int(header) if header and header.isdecimal() and len(header) <= _DIGITS else None
