"""As much of S3 as a run uses, on loopback; it ends its client by a signal once that has stored enough."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

_MISSING = b"<Error><Code>NoSuchKey</Code><Message>There is none.</Message></Error>"
_EXISTS = b"<Error><Code>PreconditionFailed</Code><Message>There is one.</Message></Error>"


@dataclass
class Storage:
    """`objects` by `/bucket/key`. Process `pid` gets the signal when it has stored a key that ends in
    `suffix` for the `after`-th time; `stored` are those.
    """

    url: str = ""
    objects: dict[str, bytes] = field(default_factory=dict)
    pid: int = 0
    sent: signal.Signals = signal.SIGTERM
    suffix: str = ""
    after: int = 0
    stored: list[str] = field(default_factory=list)

    def put(self, path: str, body: bytes) -> None:
        self.objects[path] = body
        if self.suffix and path.endswith(self.suffix):
            self.stored.append(path)
            if len(self.stored) == self.after:
                os.kill(self.pid, self.sent)

    def below(self, prefix: str) -> dict[str, bytes]:
        found = sorted(key for key in self.objects if key.startswith(prefix))
        return {key.removeprefix(prefix): self.objects[key] for key in found}


@contextmanager
def killing_storage() -> Iterator[Storage]:
    storage = Storage()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self, status: int, body: bytes = b"") -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("ETag", f'"{md5(body, usedforsecurity=False).hexdigest()}"')
            self.send_header("Last-Modified", "Wed, 01 Jan 2020 00:00:00 GMT")
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            body = storage.objects.get(self.path)
            self.answer(404, _MISSING) if body is None else self.answer(200, body)

        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if "If-None-Match" in self.headers and self.path in storage.objects:
                self.answer(412, _EXISTS)
                return
            storage.put(self.path, body)
            self.answer(200)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    storage.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield storage
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
