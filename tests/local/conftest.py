"""Pulse deployed for real, by the CDK command line, to an AWS on this machine; shared by all tests here."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from localaws import instance
from localaws.state.locks import file_lock
from pulse.cli.client.environment import CLONE
from pulse.cli.local import stacks
from tests.local.deployment import Deployment

SCALE = "LOCALAWS_SECONDS_SCALE"


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The synthesized stacks of the local environment, one for all processes of pytest-xdist."""
    folder = tmp_path_factory.getbasetemp()
    folder = (folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / "assembly"
    with file_lock(folder.with_suffix(".lock")):
        if not (folder / "manifest.json").exists():
            synth = [stacks.CDK, "synth", "--quiet", "-c", f"env={stacks.ENVIRONMENT}", "--output", folder]
            path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
            subprocess.run(synth, cwd=CLONE, env=os.environ | {"PATH": path}, check=True)
    return folder


@pytest.fixture(scope="session")
def pulse(tmp_path_factory: pytest.TempPathFactory, assembly: Path) -> Iterator[Deployment]:
    with deployed(tmp_path_factory.mktemp("pulse"), assembly) as deployment:
        yield deployment


@pytest.fixture(scope="module")
def own_pulse(tmp_path_factory: pytest.TempPathFactory, assembly: Path) -> Iterator[Deployment]:
    """For tests that no job of another test may cross, or that look at everything there is all the time."""
    with deployed(tmp_path_factory.mktemp("own"), assembly) as deployment:
        yield deployment


@contextmanager
def deployed(root: Path, assembly: Path) -> Iterator[Deployment]:
    """Deployed from one assembly; that the command line makes its own is tested where it is typed."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv(SCALE, "0.01")
        found = instance.up(root)
        try:
            stacks.prepare(found)
            stacks.bootstrap(found)
            yield Deployment(found, stacks.deploy(found, assembly))
        finally:
            instance.down(root)
