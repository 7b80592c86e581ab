"""One contract for every place: what an adapter of Pulse answers over the simulation is what it answers over
moto, the AWS on this machine and, when asked for, an account.
"""

import os
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import boto3
import pytest
from moto import mock_aws

from localaws import instance
from localaws.instance import Instance
from tests.simulation.contracts.places import Boto, Place, QueueAddress, Simulated

ACCOUNT = "PULSE_CONTRACTS_ACCOUNT"
PATIENCE_SECONDS = 100
"""What takes a second on this machine may take a minute in an account."""
PLACES = [
    "simulated",
    "moto",
    pytest.param("local", marks=pytest.mark.local),
    pytest.param(
        "account",
        marks=pytest.mark.skipif(
            not os.environ.get(ACCOUNT), reason=f"{ACCOUNT}=1 tries it on the account of the environment"
        ),
    ),
]


Make = Callable[[str], Any]


@pytest.fixture(scope="session")
def local_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    root = tmp_path_factory.mktemp("contracts")
    yield instance.up(root)
    instance.down(root)


@pytest.fixture(scope="session")
def local_clients(local_aws: Instance) -> Make:
    return cache(local_aws.client)


@pytest.fixture(scope="session")
def moto_session() -> boto3.Session:
    """One for all tests: it keeps the parsed service models, most of what a client costs."""
    return boto3.Session("testing", "testing", "testing", "us-east-1")


@pytest.fixture(scope="session")
def moto_clients(moto_session: boto3.Session) -> Make:
    make: Make = moto_session.client  # type: ignore[assignment]
    return cache(make)


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    match request.param:
        case "simulated":
            yield Simulated()
        case "moto":
            yield from _moto(request, monkeypatch)
        case "local":
            yield from _closed(Boto(request.getfixturevalue("local_clients")))
        case _:
            make: Make = boto3.Session().client  # type: ignore[assignment]
            yield from _closed(Boto(cache(make), patience_seconds=PATIENCE_SECONDS))


@pytest.fixture
def queue(place: Place) -> QueueAddress:
    return place.queue()


@pytest.fixture
def received(place: Place, queue: QueueAddress) -> Callable[..., list[dict[str, Any]]]:
    """`received(count)` takes as many messages from the queue as soon as they are there."""
    sqs = place.client("sqs")

    def take(count: int = 1, seconds: float | None = None) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []

        def has_all() -> bool:
            answer = sqs.receive_message(QueueUrl=queue.url, AttributeNames=["All"])
            found.extend(answer.get("Messages", ()))
            return len(found) >= count

        place.eventually(has_all, seconds)
        return found

    return take


def _moto(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield from _closed(Boto(request.getfixturevalue("moto_clients"), is_moto=True))


def _closed(place: Boto) -> Iterator[Place]:
    try:
        yield place
    finally:
        place.close()
