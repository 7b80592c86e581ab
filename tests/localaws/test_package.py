"""localaws as another project has it: installed alone, and used by a test through its pytest plugin."""

import os
import re
import shutil
import subprocess
import sys
import tomllib

import pytest

from localaws.layout import PACKAGE
from localaws.server import REQUIREMENTS
from localaws.venvs import ensure_venv, server_venv

ROOT = PACKAGE.parent
_OF_OURS = ("PYTHON", "VIRTUAL_ENV")
MADE = shutil.ignore_patterns("__pycache__", "build", "*.egg-info", "examples")


@pytest.fixture
def clean(tmp_path):
    """`clean(command, …)` runs a program of an environment with pytest and localaws, and nothing of ours."""
    copy = tmp_path / "source" / "localaws"
    shutil.copytree(PACKAGE, copy, ignore=MADE)
    shutil.copytree(PACKAGE / "examples", tmp_path / "examples", ignore=MADE)
    cache = tmp_path / "cache"
    cache.mkdir()
    server = server_venv(REQUIREMENTS)
    ensure_venv(server, REQUIREMENTS, lambda _: None, what="the AWS on this machine")
    (cache / server.name).symlink_to(server)  # MiniStack need not be installed twice
    bin_folder = tmp_path / "venv" / "bin"
    variables = {
        "PATH": os.pathsep.join([str(bin_folder), os.defpath]),
        "HOME": str(tmp_path),
        "LOCALAWS_CACHE": str(cache),
    }
    # What is installed comes from where this project's packages came from, if it is not in the cache.
    installing = {name: value for name, value in os.environ.items() if not name.startswith(_OF_OURS)}
    installing |= {"UV_CACHE_DIR": os.environ.get("UV_CACHE_DIR", str(ROOT / ".cache" / "uv"))}

    def run(*command, folder=tmp_path, env=variables):
        done = subprocess.run(
            command,
            cwd=folder,
            env=env,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    uv = [sys.executable, "-m", "uv"]
    run(*uv, "venv", "--quiet", "--python", sys.executable, str(tmp_path / "venv"), env=installing)
    locked = ["--constraint", str(ROOT / "requirements.txt")]
    python = str(bin_folder / "python")
    run(*uv, "pip", "install", "--quiet", "--python", python, *locked, f"{copy}[test]", env=installing)
    return run


def test_another_project_uses_it_in_three_lines(clean, tmp_path):
    done = clean("python", "-m", "pytest", "-q", folder=tmp_path / "examples" / "project")
    assert "1 passed" in done
    # Its state would be kept in the working folder, not beside the package.
    root = clean("python", "-c", "import localaws.layout as l; print(l.DEFAULT_ROOT, l.CHECKOUT)")
    assert root == f"{tmp_path / '.localaws'} None\n"


def test_every_package_is_installed():
    listed = tomllib.loads((PACKAGE / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    found = {
        ".".join(["localaws", *file.parent.relative_to(PACKAGE).parts])
        for file in PACKAGE.rglob("__init__.py")
        if "build" not in file.parts
    }
    assert sorted(found) == listed


def test_nothing_in_it_names_the_project_that_it_is_developed_in():
    named = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "localaws"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    texts = {name: (ROOT / name).read_text() for name in named}
    assert [
        name for name, text in texts.items() if re.search(r"\bpulse\b|retrodict", text, re.IGNORECASE)
    ] == []
