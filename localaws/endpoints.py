"""Our own pages on the server's port, under /_localaws: the health of the instance, the inbox, and whatever
else a package brings along.
"""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from localaws.asgi import App, Receive, Request, Response, Scope, Send, read, write
from localaws.inbox import box, pages
from localaws.patching import replace, use

PREFIX = "/_localaws"
LONGEST_BODY_BYTES = 1024 * 1024

Pages = Mapping[str, Callable[[Request], Response]]
"""Who answers, by the path and everything below it."""


def install(root: Path, instance_id: str, more: Pages) -> None:
    """Mounts our pages in front of MiniStack's application."""
    about = json.dumps({"instance_id": instance_id, "pid": os.getpid(), "root": str(root)}).encode()
    ours: Pages = {
        f"{PREFIX}/health": lambda _: Response(200, "application/json", about),
        pages.PATH: lambda request: pages.answer(box(), request),
        **more,
    }
    replace("app.app", mount(use("app.app"), ours))


def mount(behind: App, ours: Pages) -> App:
    def respond(request: Request) -> Response:
        for path, answer in ours.items():
            if request.path == path or request.path.startswith(f"{path}/"):
                return answer(request)
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
