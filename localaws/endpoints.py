"""Our own pages on the server's port, under /_localaws: the health of the instance, and the inbox."""

import json
import os
from pathlib import Path

from localaws.asgi import App, Receive, Request, Response, Scope, Send, read, write
from localaws.inbox import box, pages
from localaws.patching import replace, use

PREFIX = "/_localaws"
LONGEST_BODY_BYTES = 1024 * 1024


def install(root: Path, instance_id: str) -> None:
    """Mounts our pages in front of MiniStack's application."""
    replace("app.app", mount(use("app.app"), root, instance_id))


def mount(behind: App, root: Path, instance_id: str) -> App:
    about = json.dumps({"instance_id": instance_id, "pid": os.getpid(), "root": str(root)}).encode()

    def respond(request: Request) -> Response:
        if request.path == f"{PREFIX}/health":
            return Response(200, "application/json", about)
        if request.path == pages.PATH or request.path.startswith(f"{pages.PATH}/"):
            return pages.answer(box(), request)
        return Response(404, "text/plain; charset=utf-8", b"Not found")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(f"{PREFIX}/"):
            await behind(scope, receive, send)
            return
        request = await read(scope, receive, LONGEST_BODY_BYTES)
        if request is None:
            await write(send, Response(413, "text/plain; charset=utf-8", b"The body is longer than 1 MiB"))
        else:
            await write(send, respond(request))

    return app
