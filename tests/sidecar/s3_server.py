"""moto's S3 at an address of this machine, for what runs in another process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests

_S3 = "https://s3.us-east-1.amazonaws.com"
_HOP = {"connection", "transfer-encoding", "content-length", "server", "date", "host", "expect"}


class _Handler(BaseHTTPRequestHandler):
    """Hands each request to the S3 that moto puts in the place of AWS in this process."""

    protocol_version = "HTTP/1.1"

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
        url = f"{_S3}{self.path}"
        answer = requests.request(self.command, url, headers=headers, data=body, timeout=60, stream=True)
        is_head = self.command == "HEAD"
        content = b"" if is_head else answer.content
        self.send_response(answer.status_code)
        for name, value in answer.headers.items():
            if name.lower() not in _HOP:
                self.send_header(name, value)
        length = answer.headers.get("Content-Length", "0") if is_head else str(len(content))
        self.send_header("Content-Length", length)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _serve  # noqa: N815 - http.server's names

    def log_message(self, *_arguments: object) -> None:
        """Says nothing."""


@contextmanager
def s3_server() -> Iterator[str]:
    """The address, within mock_aws."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
