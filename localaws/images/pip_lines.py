"""The `pip install` commands of RUN lines: found, then carried out in a virtual environment shared by
content.
"""

import hashlib
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from localaws.images.dockerfile import Instruction
from localaws.layout import CACHE
from localaws.venvs import digest, ensure_venv

# Options that say where or how to install in a container; here there is a virtual environment for it.
_DROPPED = {
    "--system",
    "--no-cache-dir",
    "--no-cache",
    "--user",
    "--no-warn-script-location",
    "--compile",
    "-U",
}
_DROPPED |= {
    "--upgrade",
    "--quiet",
    "-q",
    "--break-system-packages",
    "--disable-pip-version-check",
    "--compile-bytecode",
}
_DROPPED_WITH_VALUE = {
    "--root-user-action",
    "--target",
    "-t",
    "--prefix",
    "--python",
    "-p",
    "--link-mode",
    "--timeout",
}
_KEPT = {"--no-deps", "--pre", "--require-hashes"}
_KEPT_WITH_VALUE = {"--only-binary", "--no-binary", "--prefer-binary"}
_INSTALLER = re.compile(r"^(?:(?:\S*/)?python3?(?:\.\d+)? -m )?(?:uv )?(?:\S*/)?pip3? install(?: |$)")


@dataclass(frozen=True)
class PipInstall:
    """One command: absolute paths of requirement files and of local packages, names, options kept."""

    files: tuple[Path, ...]
    packages: tuple[str, ...]
    options: tuple[str, ...]

    def requirements(self) -> str:
        return "\n".join([*(file.read_text() for file in self.files), *self.packages])


def split(command: str) -> tuple[list[str], list[str]]:
    """The parts of a shell command that are pip installs, and the others."""
    parts = [part.strip() for part in re.split(r"&&|;|\|\|", command) if part.strip()]
    installs = [part for part in parts if _INSTALLER.match(part)]
    return installs, [part for part in parts if part not in installs]


def parse(instruction: Instruction, command: str, in_image: Callable[[str], Path]) -> PipInstall:
    """`in_image` maps a path of the image to this machine. Raises DockerfileError for what is not
    understood.
    """
    words = shlex.split(command)
    words = words[words.index("install") + 1 :]
    files: list[Path] = []
    packages: list[str] = []
    options: list[str] = []
    while words:
        word = words.pop(0)
        name, has_value, value = word.partition("=") if word.startswith("--") else (word, "", "")
        if name in ("-r", "--requirement", "-c", "--constraint"):
            file = in_image(value if has_value else words.pop(0) if words else "")
            if not file.is_file():
                raise instruction.fault(f"{name}: there is no such file in the image yet: COPY it first")
            if name in ("-r", "--requirement"):
                files.append(file)
            else:
                options += ["--constraint", str(file)]
        elif name in _DROPPED or name in _KEPT:
            options += [name] if name in _KEPT else []
        elif name in _DROPPED_WITH_VALUE or name in _KEPT_WITH_VALUE:
            given = value if has_value else words.pop(0) if words else ""
            options += [f"{name}={given}"] if name in _KEPT_WITH_VALUE else []
        elif word.startswith("-"):
            raise instruction.fault(f"pip's option {word} is not understood here")
        elif word.startswith((".", "/")):
            packages.append(str(in_image(word)))
        else:
            packages.append(word)
    return PipInstall(tuple(files), tuple(packages), tuple(options))


def install(installs: list[PipInstall], tell: Callable[[str], None]) -> Path:
    """The virtual environment with all of `installs`, made once per content in the cache; without
    any, it stands in for the Python of the image's base.

    Raises SetUpFailed with the installer's output.
    """
    version = subprocess.run([sys.executable, "-VV"], capture_output=True, check=True).stdout
    text = "\n".join(install.requirements() for install in installs)
    options = sorted({option for install in installs for option in install.options})
    local = [
        _tree(Path(package)) for step in installs for package in step.packages if package.startswith("/")
    ]
    key = digest(
        version, text.encode() if not local else b"", *(part.encode() for part in [*options, *local])
    )
    venv = CACHE / f"image-venv-{key}"
    requirements = CACHE / f"image-venv-{key}.txt"
    CACHE.mkdir(parents=True, exist_ok=True)
    draft = requirements.with_suffix(f".{os.getpid()}")
    draft.write_text(text + "\n")
    draft.replace(requirements)
    ensure_venv(
        venv,
        requirements,
        tell,
        what="the packages of the image",
        base_python=sys.executable,
        options=tuple(options),
    )
    return venv


def _tree(folder: Path) -> str:
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            found.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes())
    return found.hexdigest()
