"""One call of the API, repeated under the same Idempotency-Key for as long as its outcome is open."""

import random
import time
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

import httpx
from rich.markup import escape

from pulse.aws.client.signed_api import SignedApi
from pulse.cli import output
from pulse.cli.client import answers
from pulse.domain.errors import PulseError
from pulse.domain.fault import printable

PATIENCE_SECONDS = timedelta(minutes=3).total_seconds()
UNREACHED_SECONDS = 15.0
"""Patience with an address at which nobody has answered this command and nothing listens."""
LONGEST_PAUSE_SECONDS = 20.0
_THIS_MACHINE = frozenset({"127.0.0.1", "::1", "localhost"})

# What says nothing of the outcome yet, and why, where the answer has no title: 429, 502, 503 without
# Retry-After and 504 are API Gateway's own.
OPEN = {
    HTTPStatus.CONFLICT: "under way",
    HTTPStatus.TOO_MANY_REQUESTS: "too many calls at once",
    HTTPStatus.BAD_GATEWAY: "the API gave no answer",
    HTTPStatus.SERVICE_UNAVAILABLE: "not now",
    HTTPStatus.GATEWAY_TIMEOUT: "the API gave no answer in time",
}


class NoAnswer(PulseError):
    """Raised when no answer that settles a call came in time."""

    def __init__(self, reason: str, seconds: float) -> None:
        super().__init__(f"No answer within {seconds:.0f} s: {reason}.")


class NothingListens(PulseError):
    """Raised when nothing listens at an address of this machine."""

    def __init__(self, url: str) -> None:
        super().__init__(
            f"Nothing listens at {printable(url)}. Start AWS on this machine with pulse local up --detach, "
            'then eval "$(pulse local env)"; or leave PULSE_API_URL out for what is deployed to an account.'
        )


def call(api: SignedApi, method: str, path: str, **arguments: Any) -> httpx.Response:
    """The first answer that settles the call; `arguments` as SignedApi.call takes them. A spinner says why it
    waits.

    Raises NothingListens at once on this machine, NoAnswer when none came within PATIENCE_SECONDS or
    UNREACHED_SECONDS, and what SignedApi.call raises but for httpx.TransportError. Must only be used with
    what may be sent twice: GET, a dry run, an Idempotency-Key.
    """
    began, pause = time.monotonic(), 1.0
    with output.messages.status(escape(f"Asking {printable(api.url)}")) as status:
        while True:
            patience = PATIENCE_SECONDS
            try:
                answer = api.call(method, path, **arguments)
            except httpx.TransportError as error:
                reason, wait = f"{printable(api.url)}: {printable(str(error)) or type(error).__name__}", None
                if isinstance(error, httpx.ConnectError) and not api.reached:
                    if httpx.URL(api.url).host in _THIS_MACHINE:
                        raise NothingListens(api.url) from error
                    patience = min(UNREACHED_SECONDS, PATIENCE_SECONDS)
            else:
                if not _is_open(answer):
                    return answer
                reason, wait = _reason(answer), _retry_after(answer.headers)
            if wait is None:
                wait = pause * random.uniform(0.5, 1.5)  # noqa: S311 - spreads callers, guards nothing
                pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
            if time.monotonic() + wait > began + patience:
                raise NoAnswer(reason, patience)
            message = f"{reason}; asking again in {max(1, round(wait))} s"
            status.update(escape(message))
            if not output.messages.is_terminal:
                output.messages.print(message, markup=False)
            time.sleep(wait)


def path(resource: str, query: Mapping[str, str]) -> str:
    """With %20 for spaces: a signature is made over the query as it is sent, and AWS reads a + as itself."""
    return f"{resource}?{urlencode(query, quote_via=quote, safe='')}" if query else resource


def _is_open(answer: httpx.Response) -> bool:
    """A 409 without Retry-After is final: what the call is about has ended."""
    if answer.status_code == HTTPStatus.CONFLICT:
        return "retry-after" in answer.headers
    return answer.status_code in OPEN


def _reason(answer: httpx.Response) -> str:
    return f"{answer.status_code}, {answers.title(answer) or OPEN[HTTPStatus(answer.status_code)]}"


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds; None without the header, or for a date, which Pulse never sends."""
    text = headers.get("retry-after", "")
    return float(text) if text.isdecimal() else None
