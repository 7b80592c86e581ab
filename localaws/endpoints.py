"""Our own pages on the server's port, under /_localaws: the health of the instance, and the pages that
packages bring along.
"""

import dataclasses
import hmac
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from localaws.asgi import App, Receive, Request, Response, Scope, Send, read, text, write
from localaws.ministack.patching import replace, use

PREFIX = "/_localaws"
CLOSED = "/_ministack"
"""MiniStack's own, which ask nobody who they are: see `guard`."""
LONGEST_BODY_BYTES = 1024 * 1024

Page = Callable[[Request], Response]
Pages = Mapping[str, Page]
"""Who answers, by the path and everything below it."""


def install(root: Path, instance_id: str, page_token: str, private: Pages, public: Pages) -> None:
    """Mounts our pages in front of MiniStack's application; in a private one's address, the token follows
    PREFIX.
    """
    about = json.dumps({"instance_id": instance_id, "pid": os.getpid(), "root": str(root)}).encode()
    everybodys: Pages = {f"{PREFIX}/health": lambda _: Response(200, "application/json", about), **public}
    replace("app.app", mount(use("app.app"), everybodys, private, page_token))


def mount(behind: App, everybodys: Pages, owners: Pages, page_token: str) -> App:
    def respond(request: Request) -> Response:
        if page := _page(everybodys, request.path):
            return page(request)
        token, slash, rest = request.path.removeprefix(f"{PREFIX}/").partition("/")
        if not hmac.compare_digest(token.encode(), page_token.encode()):
            return text(403, "This page is its owner's. Take its address from `python -m localaws env`.")
        request = dataclasses.replace(request, path=f"{PREFIX}{slash}{rest}")
        if page := _page(owners, request.path):
            return page(request)
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


def _page(ours: Pages, wanted: str) -> Page | None:
    for path, answer in ours.items():
        if wanted == path or wanted.startswith(f"{path}/"):
            return answer
    return None
