"""buildah builds and runc runs, as root, and what they keep is below .cache: no daemon, no registry."""

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.container import stand_in
from tests.container.engines import (
    IMAGE,
    CannotRunHere,
    Docker,
    Ended,
    Engine,
    Job,
    checked,
    follow,
    succeeds,
)
from tests.container.stand_in import CACHE

TOOLS = ("buildah", "runc", "mmdebstrap")
_STORE = ("buildah", "--root", str(CACHE / "images"), "--runroot", str(CACHE / "run"))
_CAPABILITIES = [
    f"CAP_{name}"
    for name in (
        *("CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "NET_RAW", "SETGID", "SETUID", "SETFCAP", "SETPCAP"),
        *("NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE"),
    )
]
"""Docker's and Fargate's default."""


def available() -> Engine | str:
    """The engine of this machine, or why it has none and what to install."""
    for name in ("docker", "podman"):
        if succeeds(name, "info"):
            return Docker(name)
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing:
        why = f"{', '.join(missing)} not installed (on Debian: apt-get install {' '.join(missing)})"
    elif os.getuid() != 0:
        why = "buildah and runc need root here"
    elif not stand_in.KEYS.exists():
        why = f"{stand_in.KEYS} is missing (apt-get install debian-archive-keyring)"
    elif not succeeds("unshare", "--mount", "--pid", "--ipc", "--fork", "true"):
        why = "root may not make namespaces here"
    else:
        return Buildah()
    return f"No image can be built: neither Docker nor Podman answers, and {why}"


class Buildah:
    def __init__(self) -> None:
        self._container = ""

    def build(self, context: Path) -> None:
        try:
            base = stand_in.base_of(context / "Dockerfile", buildah)
        except AssertionError as error:
            raise CannotRunHere(f"Debian's packages cannot be had: {error}") from error
        _try_out(base)
        words = ("--isolation", "chroot", "--network", "host", "--layers", "--pull=never", "--from", base)
        buildah("build", "--quiet", *words, "--tag", IMAGE, str(context))
        buildah("rmi", "--prune")
        self._container = buildah("from", "--pull=never", IMAGE)

    def run(self, job: Job) -> Ended:
        image = json.loads(buildah("inspect", "--type", "image", IMAGE))["OCIv1"]["config"]
        return _run(job, image, Path(buildah("mount", self._container)))

    def close(self) -> None:
        if self._container:
            buildah("rm", self._container)


def buildah(*words: str) -> str:
    return checked(*_STORE, *words)


def _try_out(base: str) -> None:
    """Raises CannotRunHere when not even `true` runs, as where root may not use control groups."""
    container = buildah("from", "--pull=never", base)
    nothing = Job({"ReadonlyRootFilesystem": True, "MountPoints": []}, {"PATH": "/bin"}, ["/bin/true"])
    try:
        ended = _run(nothing, {}, Path(buildah("mount", container)))
    finally:
        buildah("rm", container)
    if ended.code:
        raise CannotRunHere(f"runc cannot run a container here: {ended.output}")


def _run(job: Job, image: Mapping[str, Any], root: Path) -> Ended:
    with tempfile.TemporaryDirectory(prefix="bundle-") as folder:
        bundle = Path(folder)
        (bundle / "config.json").write_text(json.dumps(_specification(job, image, root, bundle)))
        return follow(["runc", "run", "--bundle", folder, bundle.name], job.stop_after)


def _specification(job: Job, image: Mapping[str, Any], root: Path, bundle: Path) -> dict[str, Any]:
    """A container as runc takes it: github.com/opencontainers/runtime-spec, config.md."""
    uid = int(image.get("User") or 0)
    users = (line.split(":") for line in (root / "etc" / "passwd").read_text().splitlines())
    group = next((int(user[3]) for user in users if int(user[2]) == uid), 0)
    variables = {**dict(one.split("=", 1) for one in image.get("Env", [])), **job.environment}
    return {
        "ociVersion": "1.0.2",
        "process": {
            "user": {"uid": uid, "gid": group},
            "args": list(job.command),
            "env": [f"{name}={value}" for name, value in variables.items()],
            "cwd": image.get("WorkingDir") or "/",
            "capabilities": {"bounding": _CAPABILITIES},
        },
        "root": {"path": str(root), "readonly": job.read_only},
        "mounts": [
            _mount("/proc", "proc", "proc"),
            _mount("/dev", "tmpfs", "tmpfs", "nosuid", "mode=755"),
            _mount("/dev/shm", "tmpfs", "shm", "nosuid", "noexec", "nodev", "mode=1777", "size=64m"),  # noqa: S108
            *(
                _mount(path, "bind", path, "rbind", "ro")
                for path in ("/sys", "/etc/resolv.conf", "/etc/hosts")
            ),
            *_volumes(job, image, root, bundle),
        ],
        "linux": {"namespaces": [{"type": kind} for kind in ("pid", "ipc", "mount")]},
    }


def _mount(path: str, kind: str, source: str, *options: str) -> dict[str, Any]:
    return {"destination": path, "type": kind, "source": source, "options": list(options)}


def _volumes(job: Job, image: Mapping[str, Any], root: Path, bundle: Path) -> list[dict[str, Any]]:
    """Fargate gives a volume the owner and mode of a VOLUME of the image, else root's and 0755:
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/bind-mounts.html
    """
    mounts = []
    for number, (path, read_only) in enumerate(job.volumes.items()):
        host = bundle / f"volume-{number}"
        host.mkdir()
        host.chmod(0o755)
        if path in (image.get("Volumes") or {}):
            like = (root / path.lstrip("/")).stat()
            os.chown(host, like.st_uid, like.st_gid)
            host.chmod(like.st_mode & 0o7777)
        mounts.append(_mount(path, "bind", str(host), "rbind", "ro" if read_only else "rw"))
    return mounts
