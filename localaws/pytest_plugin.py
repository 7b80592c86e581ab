"""The fixture `local_aws`: an AWS on this machine for the tests of a project. pytest loads it by itself."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from localaws.instance import Instance


@pytest.fixture(scope="session")
def local_aws(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Instance]":
    """An instance in a fresh folder, on a free loopback port: `endpoint_url`, `session()`, `client("s3")`,
    and `environment()` for programs. One a session (with pytest-xdist, one a worker), erased at its end.
    """
    from localaws import instance  # noqa: PLC0415 - whoever does not use the fixture need not wait for it

    root = tmp_path_factory.mktemp("localaws")
    try:
        yield instance.up(root)
    finally:
        instance.down(root, erase=True)
