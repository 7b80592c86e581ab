"""The ledger on every DynamoDB there is: the simulated one, moto's, that of the AWS on this machine, and,
where PULSE_CONTRACT_TABLE names a table of an account, the real one. Each gives the same answers and raises
the same errors.

The table of an account is emptied before each test. Its name ends in `contract`, so that it is nobody's
ledger.
"""

import os
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws

from pulse.aws.ledger.alert_turns import AlertTurns
from pulse.aws.ledger.ledger import Ledger
from pulse.aws.ledger.table import LedgerTable
from tests.simulation.contracts.ledger.records import KEPT
from tests.simulation.dynamodb import DynamoDB, Table
from tests.simulation.dynamodb_table import INDEXES
from tests.simulation.kernel import Kernel

VARIABLE = "PULSE_CONTRACT_TABLE"


@dataclass(frozen=True)
class Place:
    """A DynamoDB with an empty table. `items`: what the table holds. `wait`: lets its indexes catch up."""

    name: str
    client: Any
    table: str
    items: Callable[[], list[dict[str, Any]]]
    wait: Callable[[], None] = lambda: None


def simulated() -> Place:
    kernel, table = Kernel(1, {}), Table()
    kernel.faulty = False

    def wait() -> None:
        kernel.after(1, lambda: None)
        kernel.run(kernel.now + 1)

    return Place("simulated", DynamoDB(kernel, table), table.name, lambda: list(table.items.values()), wait)


def created(place: str, client: Any, name: str) -> Place:
    """A new table, as the stack has it."""
    attributes = {"pk", "sk", *(attribute for pair in INDEXES.values() for attribute in pair)}
    client.create_table(
        TableName=name,
        KeySchema=schema("pk", "sk"),
        AttributeDefinitions=[
            {"AttributeName": attribute, "AttributeType": "S"} for attribute in sorted(attributes)
        ],
        GlobalSecondaryIndexes=[
            {"IndexName": index, "KeySchema": schema(*names), "Projection": {"ProjectionType": "ALL"}}
            for index, names in INDEXES.items()
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    return Place(place, client, name, lambda: scanned(client, name))


def emptied(name: str) -> Place:
    client = boto3.client("dynamodb", config=Config(retries={"mode": "standard"}))
    for item in scanned(client, name):
        client.delete_item(TableName=name, Key={"pk": item["pk"], "sk": item["sk"]})
    return Place("account", client, name, lambda: scanned(client, name), lambda: time.sleep(1))


def schema(hash_name: str, range_name: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": hash_name, "KeyType": "HASH"},
        {"AttributeName": range_name, "KeyType": "RANGE"},
    ]


def scanned(client: Any, name: str) -> list[dict[str, Any]]:
    pages = client.get_paginator("scan").paginate(TableName=name, ConsistentRead=True)
    return [item for page in pages for item in page["Items"]]


@pytest.fixture(
    params=[
        "simulated",
        "moto",
        pytest.param("local", marks=pytest.mark.local),
        pytest.param(
            "account",
            marks=pytest.mark.skipif(not os.environ.get(VARIABLE), reason=f"{VARIABLE} names no table"),
        ),
    ]
)
def place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    match request.param:
        case "simulated":
            yield simulated()
        case "moto":
            monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
            with mock_aws():
                yield created("moto", request.getfixturevalue("moto_clients")("dynamodb"), "ledger")
        case "local":
            client = request.getfixturevalue("local_clients")("dynamodb")
            yield created("local", client, f"ledger-{uuid.uuid4().hex}")
        case _:
            name = os.environ[VARIABLE]
            assert name.endswith("contract"), f"{name} would be emptied"
            yield emptied(name)


@pytest.fixture
def ledger_table(place: Place) -> LedgerTable:
    return LedgerTable(place.client, place.table)


@pytest.fixture
def ledger(ledger_table: LedgerTable) -> Ledger:
    return Ledger(ledger_table, KEPT)


@pytest.fixture
def turns(ledger_table: LedgerTable) -> AlertTurns:
    return AlertTurns(ledger_table, KEPT)


@pytest.fixture
def expect(place: Place) -> Callable[[Callable[[], object], object], None]:
    """`expect(question, answer)` asks an index again until it has caught up."""

    def check(question: Callable[[], object], answer: object) -> None:
        for _ in range(20):
            if question() == answer:
                return
            place.wait()
        assert question() == answer

    return check


@pytest.fixture
def expiries(place: Place) -> Callable[[], dict[str, int]]:
    """When each item expires, epoch seconds, by its sort key."""
    return lambda: {item["sk"]["S"]: int(item["expires_at"]["N"]) for item in place.items()}
