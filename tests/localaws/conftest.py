"""One instance a test module, on a folder and a port of its own."""

import asyncio
import json
import threading
import time
import uuid
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from localaws import instance, testing
from localaws.instance import Instance
from tests.localaws.batch_world import World

Deploy = Callable[..., dict[str, str]]


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    root = tmp_path_factory.mktemp("localaws")
    yield instance.up(root)
    instance.down(root)


@pytest.fixture(scope="module")
def deploy(aws: Instance) -> Deploy:
    """`deploy(name, resources, outputs)` creates or updates a stack and returns its outputs."""

    def deploy(name: str, resources: Any, outputs: Any = None, tags: Any = ()) -> dict[str, str]:
        wanted = {key: {"Value": value} for key, value in (outputs or {}).items()}
        return testing.deploy(aws, name, {"Resources": resources, "Outputs": wanted}, tags=tags)

    return deploy


@pytest.fixture(scope="module")
def as_role(aws: Instance) -> Callable[..., Any]:
    """`as_role(service, statement, …)` is a client of a new role that may do no more than the statements
    say.
    """
    return lambda service, *statements: _as_role(aws, service, list(statements))


@pytest.fixture
def eventually() -> Callable[..., Any]:
    """`eventually(question, seconds)` asks until the answer is true, and returns it."""
    return _eventually


@pytest.fixture
def play(tmp_path: Path) -> Callable[..., None]:
    """Runs a scenario with a world of its own and leaves nothing running."""

    def run(scenario: Callable[[World], Coroutine[Any, Any, None]], **options: Any) -> None:
        async def everything() -> None:
            world = World(tmp_path, **options)
            try:
                await scenario(world)
            finally:
                world.engine.clear()

        asyncio.run(everything())

    return run


@pytest.fixture
def at_once() -> Callable[..., list[int]]:
    """`at_once(call, times)` makes the calls at the same time; the numbers of those that were not refused."""
    return _at_once


def _at_once(call: Callable[[int], Any], times: int) -> list[int]:
    passed = []
    together = threading.Barrier(times)

    def one(number: int) -> None:
        together.wait()
        try:
            call(number)
        except ClientError:
            return
        passed.append(number)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return passed


def _eventually(question: Callable[[], Any], seconds: float = 10) -> Any:
    deadline = time.monotonic() + seconds
    while not (answer := question()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return answer


def _as_role(aws: Instance, service: str, statements: list[dict[str, Any]]) -> Any:
    name = f"role-{uuid.uuid4().hex[:8]}"
    trust = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}]}
    iam = aws.client("iam")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **one} for one in statements]}
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(policy))
    found = aws.client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="test")["Credentials"]
    session = boto3.Session(
        found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"], "us-east-1"
    )
    make: Any = session.client
    return make(service, endpoint_url=aws.endpoint_url)
