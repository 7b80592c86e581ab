"""Questions about processes, ports and proxies of this machine, asked of `ps`, `lsof`, `ss` where present."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

LOOPBACK = "127.0.0.1"
_LISTEN = "0A"  # the state of a listening socket in /proc/net/tcp


def past_proxies() -> dict[str, str]:
    """What keeps clients on this machine from asking a proxy for LOOPBACK; the user's exceptions stay."""
    said = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    hosts = said if said.strip() == "*" else ",".join(filter(None, [said, LOOPBACK, "localhost"]))
    return {"no_proxy": hosts, "NO_PROXY": hosts}  # some clients read the one, some the other


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def can_bind(port: int) -> bool:
    with socket.socket() as probe:
        # As the server does: a port in TIME_WAIT is free, one that somebody listens on is not.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def port_holder(port: int) -> str | None:
    """'process 4711 (postgres)', or None when it cannot be told (another user's, or no tool to ask)."""
    if shutil.which("ss"):
        answer = _output(["ss", "-Hltnp", f"sport = :{port}"])
        if match := re.search(r'\(\("([^"]+)",pid=(\d+)', answer):
            return f"process {match[2]} ({match[1]})"
    if shutil.which("lsof"):
        answer = _output(["lsof", "-nP", f"-iTCP:{port}", "-sTCP:LISTEN", "-Fpc"])
        if match := re.search(r"^p(\d+)\nc(.+)$", answer, re.MULTILINE):
            return f"process {match[1]} ({match[2]})"
    return _holder_from_proc(port)


def command_line(pid: int) -> str:
    """The command line of a process, empty when there is none (or only its zombie)."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return _output(["ps", "-ww", "-o", "command=", "-p", str(pid)]).strip()


def end(pid: int, grace_seconds: float) -> bool:
    """SIGTERM to the process, then SIGKILL to its whole group. False when it is still there afterwards."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    gone = _wait_gone(pid, grace_seconds)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    return gone or _wait_gone(pid, 5)


def _wait_gone(pid: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
        if not command_line(pid):
            return True
        time.sleep(0.02)
    return False


def _output(command: list[str]) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=5).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""


def _holder_from_proc(port: int) -> str | None:
    inode = None
    with contextlib.suppress(OSError):
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == _LISTEN and int(fields[1].rpartition(":")[2], 16) == port:
                inode = fields[9]
    if inode is None:
        return None
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if any(_leads_to(descriptor, f"socket:[{inode}]") for descriptor in (process / "fd").iterdir()):
                return f"process {process.name} ({(process / 'comm').read_text().strip()})"
    return None


def _leads_to(link: Path, target: str) -> bool:
    try:
        return str(link.readlink()) == target
    except OSError:
        return False
