"""Stands in for the image that FROM names, so that no registry is asked: Debian's packages of the same
release, with its Python of the same minor version.
"""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

from tests.container.engines import checked

CACHE = Path(__file__).resolve().parents[2] / ".cache" / "container"
KEYS = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_FROM = re.compile(r"^FROM \S+?/python:(?P<minor>\d+\.\d+)\.\d+-slim-(?P<suite>[a-z]+)(@\S+)?$", re.MULTILINE)
_PACKAGES = "ca-certificates,netbase,tzdata,python{minor},python3-pip,python3-setuptools"
_SLIM = tuple(f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in ("doc", "locale", "man"))
"""What debian:slim leaves out."""
_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
_PATH = "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
Buildah = Callable[..., str]


def base_of(dockerfile: Path, buildah: Buildah) -> str:
    """The name of the stand-in, which is made once and kept with buildah's images."""
    found = _FROM.search(dockerfile.read_text())
    assert found, f"{dockerfile} has no FROM …/python:version-slim-suite"
    name = f"localhost/stand-in:{found['suite']}-{found['minor']}"
    if name not in buildah("images", "--format", "{{.Name}}:{{.Tag}}").split():
        _make(name, found["suite"], found["minor"], buildah)
    return name


def _make(name: str, suite: str, minor: str, buildah: Buildah) -> None:
    sources = Path("/etc/apt/sources.list.d/debian.sources")
    container = buildah("from", "scratch")
    root = Path(buildah("mount", container))
    try:
        checked(
            *("mmdebstrap", "--quiet", "--mode=root", "--format=directory", "--variant=minbase", *_SLIM),
            *(f"--include={_PACKAGES.format(minor=minor)}", "--skip=check/empty", suite, str(root)),
            *([str(sources)] if sources.exists() else []),
        )
        _as_python_slim(root, minor)
        buildah("config", "--env", f"PATH={_PATH}", "--env", "LANG=C.UTF-8", container)
        buildah("commit", "--quiet", container, name)
    finally:
        buildah("rm", container)


def _as_python_slim(root: Path, minor: str) -> None:
    """`python` and `pip` in /usr/local/bin, nothing that refuses pip, and this machine's certificates."""
    for name, target in (("python", f"python{minor}"), ("python3", f"python{minor}"), ("pip", "pip3")):
        (root / "usr" / "local" / "bin" / name).symlink_to(f"/usr/bin/{target}")
    (root / "usr" / "lib" / f"python{minor}" / "EXTERNALLY-MANAGED").unlink(missing_ok=True)
    shutil.copyfile(_CERTIFICATES, root / _CERTIFICATES.relative_to("/"))
    (root / "etc" / "pip.conf").write_text(f"[global]\ncert = {_CERTIFICATES}\n")
