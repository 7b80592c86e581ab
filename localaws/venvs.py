"""Virtual environments in the cache, made once per list of requirements, with uv where there is
one.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from localaws.errors import SetUpFailed
from localaws.layout import CACHE
from localaws.state.locks import file_lock

Progress = Callable[[str], None]


def uv_command() -> list[str] | None:
    """How to call uv from here: this interpreter's, or the one on PATH; None when there is none."""
    if importlib.util.find_spec("uv") is not None:
        return [sys.executable, "-m", "uv"]
    found = shutil.which("uv")
    return [found] if found else None


def digest(*parts: bytes) -> str:
    """Twelve hexadecimal digits that name `parts`."""
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:12]


def server_venv(requirements: Path) -> Path:
    """Where the environment of the server lies, whether it is made yet or not."""
    return CACHE / f"localaws-venv-{digest(requirements.read_bytes())}"


def ensure_venv(  # noqa: PLR0913 - six plain facts of one environment
    venv: Path,
    requirements: Path,
    on_progress: Progress,
    *,
    what: str,
    base_python: str = sys.executable,
    options: tuple[str, ...] = (),
) -> Path:
    """The interpreter of `venv`, with `requirements` installed; made on the first call, under a file lock.

    `options` go to `pip install`. Raises SetUpFailed with the installer's output.
    """
    python = venv / "bin" / "python"
    complete = venv / ".complete"
    if complete.exists() and python.exists():
        return python
    with file_lock(venv.with_name(venv.name + ".lock")):
        if complete.exists() and python.exists():
            return python
        on_progress(f"Installing {what} (once)")
        shutil.rmtree(venv, ignore_errors=True)
        try:
            for command in _commands(venv, python, base_python, ["-r", str(requirements), *options]):
                _run(command, what)
        except SetUpFailed:
            shutil.rmtree(venv, ignore_errors=True)
            raise
        complete.touch()
    return python


def _commands(venv: Path, python: Path, base_python: str, wanted: list[str]) -> Sequence[list[str]]:
    uv = uv_command()
    if uv:
        return (
            [*uv, "venv", "--quiet", "--no-project", "--python", base_python, str(venv)],
            [*uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(python), *wanted],
        )
    return (
        [base_python, "-m", "venv", str(venv)],
        [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted],
    )


def _run(command: list[str], what: str) -> None:
    environment = {**os.environ, "PIP_CACHE_DIR": os.environ.get("PIP_CACHE_DIR", str(CACHE / "pip"))}
    environment.setdefault("UV_CACHE_DIR", str(CACHE / "uv"))
    environment.pop("VIRTUAL_ENV", None)
    done = subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode != 0:
        raise SetUpFailed(f"Installing {what}", command, done.stdout)
