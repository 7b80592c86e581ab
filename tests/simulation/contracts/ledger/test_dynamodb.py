"""What the ledger rests on: DynamoDB's conditions, updates, transactions, pages and refusals."""
# ruff: noqa: S311 - a fixed seed is the point

from decimal import Decimal
from random import Random

import pytest
from botocore.exceptions import ClientError

from pulse.aws.ledger.items import wire
from pulse.domain.job.child import Child
from tests.simulation.contracts.ledger.conftest import simulated
from tests.simulation.contracts.ledger.random_calls import answer, calls
from tests.simulation.contracts.ledger.records import NOW

KEY_OF_ITEM = wire({"pk": "a", "sk": "b"})
STORED = wire(
    {"n": Decimal(2), "s": "ü b", "some_": ["x", 1], "by_name": {"x": Decimal("0.5")}, "is_so": True}
)
INEXACT = ("moto", "local")


def skip(place, elsewhere):
    """Leaves out the places that are known to answer otherwise than DynamoDB."""
    if place.name in elsewhere:
        pytest.skip(f"{place.name} does not answer as DynamoDB does")


@pytest.fixture
def item(place):
    """Reads the stored item without its key; None when it is not there."""
    place.client.put_item(TableName=place.table, Item=KEY_OF_ITEM | STORED)

    def read():
        answer = place.client.get_item(TableName=place.table, Key=KEY_OF_ITEM, ConsistentRead=True)
        found = answer.get("Item")
        return found and {name: value for name, value in found.items() if name not in KEY_OF_ITEM}

    return read


@pytest.mark.parametrize(
    ("condition", "value", "holds"),
    [
        ("attribute_exists(n)", None, True),
        ("attribute_exists(absent)", None, False),
        ("attribute_not_exists(absent)", None, True),
        ("NOT attribute_exists(absent)", None, True),
        ("n = :v", Decimal("2.0"), True),
        ("n = :v", "2", False),
        ("n <> :v", Decimal(2), False),
        ("absent = :v", 1, False),
        ("absent <> :v", 1, True),
        ("absent < :v", 1, False),
        ("absent > :v", 1, False),
        ("n < :v", Decimal(10), True),
        ("n <= :v", Decimal(2), True),
        ("n > :v", Decimal("1.99"), True),
        ("n >= :v", Decimal("2.01"), False),
        ("n BETWEEN :v AND n", 1, True),
        ("n BETWEEN :v AND n", 3, False),
        ("s < :v", "ÿ", True),
        ("begins_with(s, :v)", "ü ", True),
        ("begins_with(s, :v)", "b", False),
        ("by_name = :v", {"x": Decimal("0.50")}, True),
        ("some_ = :v", ["x", 2], False),
        ("is_so = :v", True, True),
        ("n = :v OR attribute_exists(s) AND attribute_exists(absent)", 2, True),
        ("(n = :v OR attribute_exists(s)) AND attribute_exists(absent)", 2, False),
        ("NOT n = :v OR attribute_exists(s)", 2, True),
        ("NOT (n = :v OR attribute_exists(s))", 2, False),
    ],
)
def test_should_write_only_where_the_condition_holds(place, item, condition, value, holds):
    values = {} if value is None else {"ExpressionAttributeValues": wire({":v": value})}
    request = {"TableName": place.table, "Item": KEY_OF_ITEM, "ConditionExpression": condition, **values}
    if holds:
        place.client.put_item(**request)
        assert item() == {}
    else:
        with pytest.raises(ClientError) as refusal:
            place.client.put_item(**request)
        assert refusal.value.response["Error"]["Code"] == "ConditionalCheckFailedException"
        assert item() == STORED


def test_should_create_what_is_updated_and_not_there(place):
    place.client.update_item(
        TableName=place.table,
        Key=KEY_OF_ITEM,
        UpdateExpression="SET s = :s REMOVE absent ADD n :n",
        ConditionExpression="attribute_not_exists(pk)",
        ExpressionAttributeValues=wire({":s": "x", ":n": Decimal("0.5")}),
    )
    assert place.items() == [KEY_OF_ITEM | wire({"s": "x", "n": Decimal("0.5")})]


@pytest.mark.parametrize(
    ("first", "second", "total", "elsewhere"),
    [
        ("0.1", "0.2", "0.3", ()),
        ("1", "-1", "0", ()),
        ("0.01", "0.09", "0.1", ()),
        ("9999999999999999999", "-0.000000000000000001", "9999999999999999998.999999999999999999", INEXACT),
    ],
)
def test_should_add_exactly(place, first, second, total, elsewhere):
    skip(place, elsewhere)
    for number in (first, second):
        place.client.update_item(
            TableName=place.table,
            Key=KEY_OF_ITEM,
            UpdateExpression="ADD n :n",
            ExpressionAttributeValues={":n": {"N": number}},
        )
    assert [Decimal(found["n"]["N"]) for found in place.items()] == [Decimal(total)]


def test_should_make_all_writes_of_a_transaction_or_none_and_say_why(place, item):
    def put(sk, condition):
        found = {"Item": wire({"pk": "a", "sk": sk}), "ConditionExpression": condition}
        return {"Put": {"TableName": place.table, **found}}

    update = {
        "Update": {
            "TableName": place.table,
            "Key": KEY_OF_ITEM,
            "UpdateExpression": "ADD n :one",
            "ConditionExpression": "n <= :room",
            "ExpressionAttributeValues": wire({":one": 1, ":room": 2}),
        }
    }
    new = "attribute_not_exists(pk)"
    place.client.transact_write_items(TransactItems=[put("new", new), update])
    assert item()["n"] == {"N": "3"}

    with pytest.raises(ClientError) as refusal:
        place.client.transact_write_items(TransactItems=[put("newer", new), put("new", new), update])
    error = refusal.value.response
    assert error["Error"]["Code"] == "TransactionCanceledException"
    assert error["Error"]["Message"].endswith("[None, ConditionalCheckFailed, ConditionalCheckFailed]")
    codes = [reason["Code"] for reason in error["CancellationReasons"]]
    assert codes == ["None", "ConditionalCheckFailed", "ConditionalCheckFailed"]
    assert error["CancellationReasons"][1]["Message"] == "The conditional request failed"
    assert len(place.items()) == 2
    assert item()["n"] == {"N": "3"}


def test_should_end_a_page_at_its_limit_and_say_where_the_next_begins(place, ledger):
    for index in range(4):
        ledger.note_child("batch-1", Child(index=index, status="SUCCEEDED"), now=NOW)
    query = {
        "TableName": place.table,
        "KeyConditionExpression": "pk = :pk AND begins_with(sk, :begin)",
        "ExpressionAttributeValues": wire({":pk": "JOB#batch-1", ":begin": "CHILD#"}),
        "ConsistentRead": True,
        "Limit": 2,
    }
    found = []
    while True:
        page = place.client.query(**query)
        found.append([item["index"]["N"] for item in page["Items"]])
        if "LastEvaluatedKey" not in page:
            break
        assert page["LastEvaluatedKey"].keys() == {"pk", "sk"}
        query["ExclusiveStartKey"] = page["LastEvaluatedKey"]
    # DynamoDB does not look whether anything is left when a page is full.
    assert [page for page in found if page] == [["0", "1"], ["2", "3"]]


@pytest.mark.parametrize(
    ("change", "elsewhere"),
    [
        ({"ExpressionAttributeValues": wire({":n": 1, ":unused": 1})}, ()),
        ({"ExpressionAttributeNames": {"#unused": "n"}}, ()),
        ({"ConditionExpression": "n = :undefined"}, ("moto",)),
        ({"ConditionExpression": "#undefined = :n"}, ("moto",)),
        ({"UpdateExpression": "SET sk = :n"}, ()),
        ({"UpdateExpression": "SET n = :n REMOVE n"}, ("local",)),
        ({"UpdateExpression": "ADD s :n"}, ()),
        ({"UpdateExpression": "SET status = :n"}, ()),
        ({"UpdateExpression": "SET #of = :n", "ExpressionAttributeNames": {"#of": "status"}}, ("moto",)),
        ({"Key": wire({"pk": "a"})}, ()),
        ({"Key": wire({"pk": "", "sk": "b"})}, ("moto",)),
        ({"ExpressionAttributeValues": {":n": {"S": "x" * 410_000}}}, ()),
    ],
    ids=range(12),
)
def test_should_refuse_what_dynamodb_does(place, item, change, elsewhere):
    skip(place, elsewhere)
    request = {
        "TableName": place.table,
        "Key": KEY_OF_ITEM,
        "UpdateExpression": "SET n = :n",
        "ExpressionAttributeValues": wire({":n": 1}),
    }
    with pytest.raises(ClientError) as refusal:
        place.client.update_item(**request | change)
    assert refusal.value.response["Error"]["Code"] == "ValidationException"
    assert item() == STORED


@pytest.mark.parametrize("keys", [[*map(str, range(101))], ["1", "1"]], ids=["too many", "one twice"])
def test_should_refuse_a_transaction_of(place, keys):
    writes = [{"Put": {"TableName": place.table, "Item": wire({"pk": key, "sk": "b"})}} for key in keys]
    with pytest.raises(ClientError) as refusal:
        place.client.transact_write_items(TransactItems=writes)
    assert refusal.value.response["Error"]["Code"] == "ValidationException"
    assert place.items() == []


@pytest.mark.parametrize(
    "place",
    ["moto", pytest.param("local", marks=pytest.mark.local)],
    indirect=True,
)
@pytest.mark.parametrize("seed", range(5))
def test_should_answer_random_calls_as_the_simulation_does(place, seed):
    simulation = simulated()
    pairs = zip(
        calls(Random(seed), simulation.table, 150), calls(Random(seed), place.table, 150), strict=True
    )
    for (method, request), (_, its_request) in pairs:
        answers = [answer(simulation.client, method, request), answer(place.client, method, its_request)]
        for found in answers:
            if "IndexName" in request:  # DynamoDB promises no order of those of the same moment
                found["Items"].sort(key=lambda item: (item["pk"]["S"], item["sk"]["S"]))
        assert answers[0] == answers[1], (method, request)
        simulation.wait()
        simulation.wait()
