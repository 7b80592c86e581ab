"""The inbox over HTTP: the page, the messages as JSON, and the sink that a Slack webhook points to."""

import json
import logging
from pathlib import Path

from localaws.asgi import Request, Response, text
from localaws.inbox import slack
from localaws.inbox.pace import Pace
from localaws.inbox.store import Inbox

PATH = "/_localaws/inbox"

ONE_A_SECOND = "one-a-second"
"""The webhook /slack/one-a-second keeps to Slack's limit, the others take whatever comes."""
_pace = Pace()

_ASSETS = Path(__file__).parent / "assets"
_PAGES = {
    "/": ("page.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
    "/mrkdwn.js": ("mrkdwn.js", "text/javascript; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}
# Whatever a message holds, the page loads and runs nothing but its own files.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# The address of the page lets people in: a link in a message does not carry it on.
_HEADERS = {"content-security-policy": _POLICY, "referrer-policy": "no-referrer"}

_log = logging.getLogger("localaws")


def answer(inbox: Inbox, request: Request) -> Response:
    """The response to a request whose path begins with PATH."""
    path = request.path.removeprefix(PATH)
    if not path:
        return Response(302, "text/plain; charset=utf-8", b"", {"location": "inbox/"})
    if path in _PAGES:
        return _page(request, path)
    if path == "/messages":
        return _messages(inbox, request)
    if path == "/slack" or path.startswith("/slack/"):
        return _slack(inbox, request, path.removeprefix("/slack").strip("/"))
    return text(404, "Not found. The inbox has /, /messages and /slack.")


def _page(request: Request, path: str) -> Response:
    if request.method not in ("GET", "HEAD"):
        return _not_allowed("GET")
    name, content_type = _PAGES[path]
    return Response(200, content_type, (_ASSETS / name).read_bytes(), _HEADERS)


def _messages(inbox: Inbox, request: Request) -> Response:
    if request.method == "DELETE":
        inbox.clear()
        return Response(204, "application/json", b"")
    if request.method not in ("GET", "HEAD"):
        return _not_allowed("GET, DELETE")
    tag = f'"{inbox.revision}"'
    if request.headers.get("if-none-match") == tag:
        return Response(304, "application/json", b"", {"etag": tag})
    return Response(200, "application/json", json.dumps(inbox.messages()).encode(), {"etag": tag})


def _slack(inbox: Inbox, request: Request, webhook: str) -> Response:
    if request.method != "POST":
        return _not_allowed("POST")
    if webhook == ONE_A_SECOND and (seconds := _pace.take()):
        return text(429, "rate_limited", {"retry-after": str(seconds)})
    try:
        said, blocks, channel = slack.parse(request.body, request.headers.get("content-type", ""))
    except slack.Refused as refused:
        _log.warning("The inbox refused a Slack message: %s", str(refused).encode("unicode_escape").decode())
        return text(400, refused.code)
    inbox.receive_slack(to=channel or webhook or "incoming webhook", text=said, blocks=blocks)
    return text(200, "ok")


def _not_allowed(allowed: str) -> Response:
    return Response(405, "text/plain; charset=utf-8", b"Method not allowed", {"allow": allowed})
