"""microburst between the functions and the AWS on this machine; a call asks for its fault in a header.

`python -m tests.local.fault_proxy UPSTREAM PORT RULES` serves; `proxy()` starts it as a process of its own.
"""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from microburst import cli, forward

from tests.local.deployment import until

HEADER = "x-fault"
CLONE = Path(__file__).parents[2]
READ_TIMEOUT_SECONDS = 0.25
"""Of the functions' clients while faults are injected."""
TOO_SLOW_MILLISECONDS = 500

_THROTTLES = {
    "batch": {"code": "TooManyRequestsException", "status": 429},
    "dynamodb": {"code": "ProvisionedThroughputExceededException", "status": 400},
    "s3": {"code": "SlowDown", "status": 503},
}
RULES: dict[str, list[dict[str, Any]]] = {
    "answer lost": [{"response": {"abort_bytes": 0}}],
    "answer broken off": [{"response": {"abort_frac": 0.5}}],
    "answer cut short": [{"response": {"truncate_frac": 0.5}}],
    "connection reset": [{"reset": True}],
    "throttled": [{"service": service, "error": error} for service, error in _THROTTLES.items()],
    "error 500": [{"error": {"code": "InternalServerError", "status": 500}}],
    "error 503": [{"error": {"code": "ServiceUnavailable", "status": 503}}],
    "time-out, done later": [{"latency": TOO_SLOW_MILLISECONDS}],
    "time-out, never done": [{"timeout_ms": TOO_SLOW_MILLISECONDS}],
}
"""What microburst does to a call whose header names the fault."""
DONE_BUT_500 = "done, status 500"
"""AWS does what it is asked to and answers with this status all the same; microburst knows no such fault."""


def rules() -> list[dict[str, Any]]:
    return [
        {"service": "*", **effect, "headers": {HEADER: name}}
        for name, effects in RULES.items()
        for effect in effects
    ]


@contextmanager
def proxy(upstream: str, folder: Path) -> Iterator[str]:
    """The address of a proxy in front of `upstream`. `folder` keeps its rules and its log."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    config = folder / "rules.json"  # JSON is YAML
    config.write_text(json.dumps({"rules": rules()}))
    command = [sys.executable, "-m", "tests.local.fault_proxy", upstream, str(port), str(config)]
    with (folder / "proxy.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=CLONE, stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{port}"
        until(lambda: _answers(url), "the proxy")
        yield url
    finally:
        process.terminate()
        process.wait(10)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/_microburst/health", trust_env=False).is_success
    except httpx.TransportError:
        return False


def _keep_host() -> None:
    """Signed requests stay valid only with the Host that the client signed."""
    outbound = forward.Upstream._outbound_headers
    forward.Upstream._outbound_headers = lambda self, request: (
        outbound(self, request) | {"host": request.headers["Host"]}
    )


def _keep_length() -> None:
    """As AWS says it with each answer; microburst sends all in chunks, and nobody sees that some lack."""
    outbound = forward.Upstream._outbound_headers

    def without_length(self: forward.Upstream, request: Any) -> dict[str, str]:
        headers = dict(outbound(self, request))
        headers.pop("content-length", None)  # the client of microburst writes its own
        return headers

    forward.Upstream._outbound_headers = without_length
    forward.HOP_BY_HOP = forward.HOP_BY_HOP - {"content-length"}


def _answer_500_when_asked() -> None:
    stream = forward._stream_to_client
    forward._stream_to_client = lambda request, status, *rest: stream(
        request, 500 if request.headers.get(HEADER) == DONE_BUT_500 else status, *rest
    )


if __name__ == "__main__":
    _keep_host()
    _keep_length()
    _answer_500_when_asked()
    _, upstream_url, own_port, rules_file = sys.argv
    where = ["--upstream", upstream_url, "--port", own_port]
    sys.exit(cli.main([*where, "--config", rules_file, "--no-resign"]))
