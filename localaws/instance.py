"""One instance of AWS on this machine: up, running, down, and how a client reaches it.

Runs in the project's own environment; the server has another one (see `venvs`), because MiniStack pins
botocore.
"""

import contextlib
import json
import shlex
import shutil
import stat
import sys
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from localaws import processes, server
from localaws.errors import AlreadyRunning, FolderUnusable, PortInUse, PortOutOfRange, StartFailed, StopFailed
from localaws.layout import CACHE, DEFAULT_ROOT, PACKAGE, Layout
from localaws.protection import keys
from localaws.protection.keys import Keys
from localaws.state import private
from localaws.state.locks import file_lock
from localaws.venvs import Progress, ensure_venv, server_venv

if TYPE_CHECKING:
    import subprocess

    import boto3

__all__ = ["DEFAULT_ROOT", "Instance", "down", "running", "up"]

START_SECONDS = 60
STOP_SECONDS = 20
LAST_PORT = 65535
_BEFORE_KEYS = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")
"""Variables that clients read before or beside the keys of `environment`."""
_NODE_VERSIONS = ",".join(str(major) for major in range(18, 31))


@dataclass(frozen=True)
class Instance:
    root: Path
    port: int
    pid: int

    @property
    def endpoint_url(self) -> str:
        return f"http://{processes.LOOPBACK}:{self.port}"

    @property
    def pages_url(self) -> str:
        """Where our own pages are; whoever knows this address may read and use them."""
        return f"{self.endpoint_url}/_localaws/{self.keys.page_token}"

    @property
    def inbox_url(self) -> str:
        return f"{self.pages_url}/inbox"

    @property
    def keys(self) -> Keys:
        """Raises NoKeys."""
        return keys.read(Layout(self.root))

    @property
    def log(self) -> Path:
        return Layout(self.root).log

    def environment(self) -> dict[str, str]:
        """What to export so that any AWS client, and the CDK command line, works against this instance."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": self.keys.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.keys.secret_access_key,
            "AWS_REGION": server.REGION,
            "AWS_DEFAULT_REGION": server.REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "CDK_DOCKER": str(PACKAGE / "docker"),
            "CDK_HOME": str(Layout(self.root).home / "cdk"),
            "CDK_DISABLE_VERSION_CHECK": "true",
            "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(CACHE / "jsii"),
            # Warnings about the age of Node, each in a frame of its own, that nobody here can act upon.
            "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": _NODE_VERSIONS,
            "JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION": _NODE_VERSIONS,
            "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "true",
            "AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED": "true",
            "LOCALAWS_PYTHON": sys.executable,
            "LOCALAWS_ROOT": str(self.root),
            "LOCALAWS_URL": self.pages_url,
            **processes.past_proxies(),
        }

    def shell_lines(self, more: Mapping[str, str] | None = None) -> list[str]:
        """`environment`, and `more`, as lines for a shell that may be set to an account of AWS."""
        exports = {**self.environment(), **(more or {})}
        return [
            f"unset {' '.join(_BEFORE_KEYS)}",
            *(f"export {name}={shlex.quote(value)}" for name, value in exports.items()),
        ]

    def session(self) -> "boto3.Session":
        """A session with this instance's credentials and region, whatever the user's profile and proxy are.
        Its clients still need `endpoint_url`.
        """
        import boto3  # noqa: PLC0415 - 200 ms that `up` and `down` need not pay
        from botocore.config import Config  # noqa: PLC0415
        from botocore.session import Session  # noqa: PLC0415

        core = Session({"profile": (None, None, None, None)})  # no key of a file, no variable, no default
        core.set_default_client_config(Config(proxies={}))
        key_id, secret = self.keys.access_key_id, self.keys.secret_access_key
        return boto3.Session(key_id, secret, region_name=server.REGION, botocore_session=core)

    def client(self, service: str, **options: Any) -> Any:
        """A boto3 client of this instance; `options` go to boto3 as they are."""
        make: Any = self.session().client  # boto3's overloads know literal service names only
        return make(service, **{"endpoint_url": self.endpoint_url, **options})


def up(root: Path = DEFAULT_ROOT, port: int = 0, *, on_progress: Progress | None = None) -> Instance:
    """Starts the instance of `root` and returns once it answers.

    Port 0 takes the port of the last run again when it is free (stored queue addresses hold it), else any
    free one. Raises PortOutOfRange, PortInUse, AlreadyRunning, FolderUnusable, SetUpFailed, and StartFailed
    with the end of the log.
    """
    if not 0 <= port <= LAST_PORT:
        raise PortOutOfRange(port)
    layout = Layout(root.resolve())
    tell = on_progress or (lambda _: None)
    _make(layout)
    with file_lock(layout.lock):
        if foreign := layout.foreign():
            raise FolderUnusable(layout.root, FileExistsError(f"{foreign[0]} belongs to something else"))
        if found := running(root):
            raise AlreadyRunning(found.root, found.port, found.pid)
        _end_leftover(layout)
        keys.ensure(layout)
        python = ensure_venv(
            server_venv(server.REQUIREMENTS), server.REQUIREMENTS, tell, what="the AWS on this machine"
        )
        chosen = _choose_port(layout, port)
        tell(f"Starting AWS on this machine on port {chosen}")
        return _start(layout, python, chosen)


def running(root: Path = DEFAULT_ROOT) -> Instance | None:
    """The instance of `root`, if one answers with the id that its record names; a stale record counts as
    none.
    """
    layout = Layout(root.resolve())
    record = _read_record(layout)
    if record is None:
        return None
    answer = server.health(record["port"])
    if answer is None or answer.get("instance_id") != record["instance_id"]:
        return None
    return Instance(layout.root, record["port"], record["pid"])


def down(root: Path = DEFAULT_ROOT, *, erase: bool = False) -> None:
    """Stops the instance of `root`, if there is one; its state is written first.

    `erase` forgets everything. A folder that was there before the first `up` stays, and so does what others
    put into ours.

    Raises StopFailed when the process survives SIGKILL.
    """
    layout = Layout(root.resolve())
    if not layout.root.exists():
        return
    with file_lock(layout.lock):
        _end_leftover(layout)
        if erase:
            _erase(layout)


def _make(layout: Layout) -> None:
    try:
        if layout.root.exists() and layout.root.stat().st_mode & stat.S_IWOTH:
            raise PermissionError("everybody may write there")
        layout.make()
    except OSError as error:
        raise FolderUnusable(layout.root, error) from None


def _start(layout: Layout, python: Path, port: int) -> Instance:
    instance_id = uuid.uuid4().hex
    logged = layout.log.stat().st_size if layout.log.exists() else 0
    process = server.spawn(layout, python, port, instance_id)
    instance = Instance(layout.root, port, process.pid)
    # Written before it answers: whoever comes after a killed `up` can still find and stop the server.
    private.write(layout.record, json.dumps({"port": port, "pid": process.pid, "instance_id": instance_id}))
    try:
        _wait_until_healthy(process, port, instance_id)
    except BaseException as error:
        processes.end(process.pid, 1)
        process.wait()
        layout.record.unlink(missing_ok=True)
        if isinstance(error, _NotHealthy):
            raise StartFailed(str(error), layout.log, server.log_tail(layout.log, logged)) from None
        raise
    private.write(layout.last_port, str(port))
    return instance


class _NotHealthy(Exception):
    pass


def _wait_until_healthy(process: "subprocess.Popen[bytes]", port: int, instance_id: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise _NotHealthy(f"its process ended with exit code {process.returncode}")
        if (server.health(port) or {}).get("instance_id") == instance_id:
            return
        time.sleep(0.02)
    raise _NotHealthy(f"it did not answer within {START_SECONDS} s")


def _choose_port(layout: Layout, wanted: int) -> int:
    if wanted:
        if not processes.can_bind(wanted):
            raise PortInUse(wanted, processes.port_holder(wanted))
        return wanted
    with contextlib.suppress(OSError, ValueError, OverflowError):
        last = int(layout.last_port.read_text())
        if processes.can_bind(last):
            return last
    return processes.free_port()


def _end_leftover(layout: Layout) -> None:
    """Stops the process of the record. If its command line lacks the instance's id, it is somebody else's."""
    record = _read_record(layout)
    ours = record is not None and record["instance_id"] in processes.command_line(record["pid"])
    if record and ours and not processes.end(record["pid"], STOP_SECONDS):
        raise StopFailed(record["pid"])
    layout.record.unlink(missing_ok=True)
    for leftover in layout.tmp.glob("*") if layout.tmp in layout.made_by_up() else ():
        shutil.rmtree(leftover, ignore_errors=True)


def _erase(layout: Layout) -> None:
    made = layout.made_by_up()
    for folder in made - {layout.root}:
        shutil.rmtree(folder, ignore_errors=True)
    for file in layout.files:
        file.unlink(missing_ok=True)
    if layout.root in made:
        with contextlib.suppress(OSError):  # something that is not ours lies there too: leave it
            layout.root.rmdir()


def _read_record(layout: Layout) -> dict[str, Any] | None:
    try:
        record = json.loads(layout.record.read_text())
        return {
            "port": int(record["port"]),
            "pid": int(record["pid"]),
            "instance_id": str(record["instance_id"]),
        }
    except (OSError, ValueError, KeyError, TypeError):
        return None
