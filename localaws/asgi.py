"""As much of a web server as a few local pages need: a request, a response, and their ASGI messages."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Response:
    status: int
    content_type: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


async def read(scope: Scope, receive: Receive, longest: int) -> Request | None:
    """The whole request, None when its body is longer than `longest` bytes or its client went away."""
    body = b""
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > longest:
            return None
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    return Request(scope["method"], scope["path"], headers, body)


async def buffered(receive: Receive) -> tuple[bytes, Receive]:
    """The whole body, and a `receive` that tells it once more."""
    parts: list[bytes] = []
    last: dict[str, Any] = {"more_body": True}
    while last.get("more_body"):
        last = await receive()
        parts.append(last.get("body", b""))
    body = b"".join(parts)
    waiting = [last if last["type"] == "http.disconnect" else {**last, "body": body}]

    async def again() -> dict[str, Any]:
        return waiting.pop() if waiting else await receive()

    return body, again


async def refuse(scope: Scope, receive: Receive, send: Send, response: Response) -> None:
    """Answers without having looked at the body, which is read all the same: a client that still sends it
    would not see the answer.
    """
    message = await receive()
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    while message.get("more_body"):
        message = await receive()
    await write(send, response if scope["method"] != "HEAD" else replace(response, body=b""))


def text(status: int, said: str, headers: dict[str, str] | None = None) -> Response:
    return Response(status, "text/plain; charset=utf-8", said.encode(), headers or {})


async def write(send: Send, response: Response) -> None:
    headers = {
        "content-type": response.content_type,
        "content-length": str(len(response.body)),
        "cache-control": "no-cache",
        "x-content-type-options": "nosniff",
        **response.headers,
    }
    await send(
        {
            "type": "http.response.start",
            "status": response.status,
            "headers": [
                (name.encode(), value.encode("latin-1", "replace")) for name, value in headers.items()
            ],
        }
    )
    await send(
        {
            "type": "http.response.body",
            "body": b"" if response.status == HTTPStatus.NOT_MODIFIED else response.body,
        }
    )
