"""Pulse deployed for real, by the CDK command line, to an AWS on this machine; shared by all tests here."""

import os
from collections.abc import Iterator

import pytest

from localaws import instance
from pulse.cli import local_stacks
from tests.local.deployment import Deployment


@pytest.fixture(scope="session")
def pulse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    root = tmp_path_factory.mktemp("pulse")
    os.environ["LOCALAWS_SECONDS_SCALE"] = "0.01"
    found = instance.up(root)
    try:
        where = local_stacks.deploy_all(found, print)
        yield Deployment(found, where)
    finally:
        os.environ.pop("LOCALAWS_SECONDS_SCALE")
        instance.down(root)
