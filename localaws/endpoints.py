"""Our own pages on the server's port, under /_localaws: the health of the instance, the inbox, and whatever
else a package brings along.
"""

import dataclasses
import hmac
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from localaws.asgi import App, Receive, Request, Response, Scope, Send, read, text, write
from localaws.inbox import box, pages
from localaws.patching import replace, use

PREFIX = "/_localaws"
CLOSED = "/_ministack"
"""MiniStack's own, which ask nobody who they are: see `guard`."""
HEALTH = f"{PREFIX}/health"
LONGEST_BODY_BYTES = 1024 * 1024

Pages = Mapping[str, Callable[[Request], Response]]
"""Who answers, by the path and everything below it."""


def install(root: Path, instance_id: str, page_token: str, more: Pages) -> None:
    """Mounts our pages in front of MiniStack's application."""
    about = json.dumps({"instance_id": instance_id, "pid": os.getpid(), "root": str(root)}).encode()
    ours: Pages = {
        pages.PATH: lambda request: pages.answer(box(), request),
        **more,
    }
    health = Response(200, "application/json", about)
    replace("app.app", mount(use("app.app"), ours, page_token, health))


def mount(behind: App, ours: Pages, page_token: str, health: Response) -> App:
    """In an address, the token follows PREFIX; only the health is told to everybody."""

    def respond(request: Request) -> Response:
        if request.path == HEALTH:
            return health
        token, slash, rest = request.path.removeprefix(f"{PREFIX}/").partition("/")
        if not hmac.compare_digest(token.encode(), page_token.encode()):
            return text(403, "This page is another one's. Take its address from `python -m localaws env`.")
        wanted = f"{PREFIX}{slash}{rest}"
        for path, answer in ours.items():
            if wanted == path or wanted.startswith(f"{path}/"):
                return answer(dataclasses.replace(request, path=wanted))
        return text(404, "Not found")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(f"{PREFIX}/"):
            await behind(scope, receive, send)
            return
        request = await read(scope, receive, LONGEST_BODY_BYTES)
        if request is None:
            await write(send, text(413, "The body is longer than 1 MiB"))
        else:
            await write(send, respond(request))

    return app
