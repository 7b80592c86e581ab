"""The server's process: its command, its scrubbed environment, its health."""

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

from localaws.layout import PACKAGE, Layout
from localaws.processes import LOOPBACK
from localaws.state import private

ACCOUNT_ID = "000000000000"
REGION = "us-east-1"
REQUIREMENTS = PACKAGE / "requirements.txt"
LAUNCHER = PACKAGE / "launcher.py"
LOG_LIMIT_BYTES = 20 * 1024 * 1024
PRIVATE = 0o777 - private.FOLDER_MODE
"""What the server's umask takes from the files of its functions and jobs too."""
NOT_FOR_THE_SERVER = ("LOCALAWS_PYTHON", "LOCALAWS_ROOT", "LOCALAWS_URL")
"""Of `Instance.environment`: they may name another instance."""
_KEPT = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")  # without them, some interpreters do not start


def environment(layout: Layout, python: Path, port: int) -> dict[str, str]:
    """All that the server sees. Lambda workers inherit the whole of it, so nothing of the user's is passed
    on.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in _KEPT or (name.startswith("LOCALAWS_") and name not in NOT_FOR_THE_SERVER)
    }
    return kept | {
        "PATH": os.pathsep.join([str(python.parent), "/usr/local/bin", "/usr/bin", "/bin"]),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "HOME": str(layout.home),
        "XDG_CACHE_HOME": str(layout.home / ".cache"),
        "TMPDIR": str(layout.tmp),
        "AUTH": "true",
        "PERSIST_STATE": "1",
        "STATE_DIR": str(layout.state),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(layout.s3),
        "BIND_HOST": LOOPBACK,
        "MINISTACK_HOST": LOOPBACK,
        "GATEWAY_PORT": str(port),
        "MINISTACK_ACCOUNT_ID": ACCOUNT_ID,
        "MINISTACK_REGION": REGION,
        # Listeners of services that nobody asked for, and a Docker engine that must not be touched.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "DOCKER_HOST": f"unix://{layout.tmp}/no-docker.sock",
    }


def spawn(layout: Layout, python: Path, port: int, instance_id: str) -> subprocess.Popen[bytes]:
    """Starts the server in a session of its own, its output appended to the log."""
    if layout.log.exists() and layout.log.stat().st_size > LOG_LIMIT_BYTES:
        layout.log.replace(layout.log.with_suffix(".log.1"))
    # -P keeps the script's folder off sys.path; a Lambda must not find the project there, nor in the
    # working folder.
    command = [str(python), "-P", str(LAUNCHER), "--root", str(layout.root), "--instance-id", instance_id]
    with private.opened(layout.log, "ab") as log:
        return subprocess.Popen(
            command,
            cwd=layout.tmp,
            env=environment(layout, python, port),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            umask=PRIVATE,
        )


def health(port: int, timeout_seconds: float = 10) -> dict[str, Any] | None:
    """What the instance on `port` says of itself, None when none answers there: at once where nothing
    listens, late where it is busy.
    """
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://{LOOPBACK}:{port}/_localaws/health", timeout=timeout_seconds) as answer:
            found = json.loads(answer.read(65536))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def log_tail(log: Path, since: int, lines: int = 25) -> str:
    """The last lines written after byte `since`."""
    try:
        with log.open("rb") as handle:
            handle.seek(since if since <= log.stat().st_size else 0)
            return "\n".join(handle.read().decode(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


if sys.platform == "win32":  # pragma: no cover
    raise SystemExit("localaws needs Linux or macOS (process groups, file locks); use WSL on Windows.")
