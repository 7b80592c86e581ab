"""Pulse deployed for real, by the CDK command line, to an AWS on this machine; shared by all tests here."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from localaws import instance
from pulse.cli.local import stacks
from tests.local.deployment import Deployment

SCALE = "LOCALAWS_SECONDS_SCALE"


@pytest.fixture(scope="session")
def pulse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with deployed(tmp_path_factory.mktemp("pulse")) as deployment:
        yield deployment


@pytest.fixture(scope="module")
def own_pulse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """For tests that no job of another test may cross, or that look at everything there is all the time."""
    with deployed(tmp_path_factory.mktemp("own")) as deployment:
        yield deployment


@contextmanager
def deployed(root: Path) -> Iterator[Deployment]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv(SCALE, "0.01")
        found = instance.up(root)
        try:
            yield Deployment(found, stacks.deploy_all(found, print))
        finally:
            instance.down(root)
