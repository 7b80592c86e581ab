"""What a ledger rests on: transactions, conditions, indexes, and permissions for each."""

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError


def code(refusal):
    return refusal.value.response["Error"]["Code"]


@pytest.fixture(scope="module")
def table(deploy):
    """A table whose index `recent` includes `kept` only: its name and ARN."""
    properties = {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": kind}
            for name, kind in (("pk", "S"), ("s", "S"), ("c", "N"))
        ],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "GlobalSecondaryIndexes": [
            {
                "IndexName": "recent",
                "KeySchema": [
                    {"AttributeName": "s", "KeyType": "HASH"},
                    {"AttributeName": "c", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["kept"]},
            }
        ],
    }
    resources = {"T": {"Type": "AWS::DynamoDB::Table", "Properties": properties}}
    return deploy("ledger", resources, {"name": {"Ref": "T"}, "arn": {"Fn::GetAtt": ["T", "Arn"]}})


WITHIN = "attribute_not_exists(#total) OR #total <= :limit"
NAMES = {"#total": "total"}  # a reserved word of DynamoDB


def claim(table, key, limit, amount=10):
    new = {
        "pk": {"S": key},
        "s": {"S": "claimed"},
        "c": {"N": key[1:]},
        "kept": {"S": "k"},
        "left": {"S": "l"},
    }
    absent = "attribute_not_exists(pk)"
    return [
        {"Put": {"TableName": table["name"], "Item": new, "ConditionExpression": absent}},
        {
            "Put": {
                "TableName": table["name"],
                "Item": {"pk": {"S": f"key-{key}"}},
                "ConditionExpression": absent,
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        },
        {
            "Update": {
                "TableName": table["name"],
                "Key": {"pk": {"S": "budget"}},
                "UpdateExpression": "ADD #total :amount",
                "ConditionExpression": WITHIN,
                "ExpressionAttributeNames": NAMES,
                "ExpressionAttributeValues": {":amount": {"N": str(amount)}, ":limit": {"N": str(limit)}},
            }
        },
    ]


def test_a_transaction_is_whole_or_nothing_and_says_what_stood_in_its_way(aws, table):
    dynamodb = aws.client("dynamodb")
    for key in ("j1", "j2"):
        dynamodb.transact_write_items(TransactItems=claim(table, key, 15))

    def reasons(*arguments):
        with pytest.raises(dynamodb.exceptions.TransactionCanceledException) as refusal:
            dynamodb.transact_write_items(TransactItems=claim(table, *arguments))
        return refusal.value.response["CancellationReasons"]

    over = reasons("j3", 15)
    assert [one["Code"] for one in over] == ["None", "None", "ConditionalCheckFailed"]
    repeated = reasons("j1", 100)
    assert [one["Code"] for one in repeated] == ["ConditionalCheckFailed", "ConditionalCheckFailed", "None"]
    assert repeated[1]["Item"] == {"pk": {"S": "key-j1"}}
    assert "Item" not in repeated[0]

    def item(key):
        return dynamodb.get_item(TableName=table["name"], Key={"pk": {"S": key}}).get("Item")

    assert item("budget")["total"] == {"N": "20"}
    assert item("j3") is None


def test_a_budget_is_never_passed_by_many_at_once(aws, table, at_once):
    client = aws.client("dynamodb", config=Config(max_pool_connections=20))
    update = {
        "TableName": table["name"],
        "Key": {"pk": {"S": "contended"}},
        "UpdateExpression": "ADD #total :one",
        "ConditionExpression": WITHIN,
        "ExpressionAttributeNames": NAMES,
        "ExpressionAttributeValues": {":one": {"N": "1"}, ":limit": {"N": "6"}},
    }
    won = at_once(lambda _: client.update_item(**update), 20)
    assert len(won) == 7


def test_an_index_answers_the_newest_first_in_pages_with_what_it_includes(aws, table):
    dynamodb = aws.client("dynamodb")
    for number in range(11, 16):
        dynamodb.transact_write_items(TransactItems=claim(table, f"j{number}", 10_000))
    query = {
        "TableName": table["name"],
        "IndexName": "recent",
        "KeyConditionExpression": "s = :s AND c > :from",
        "ExpressionAttributeValues": {":s": {"S": "claimed"}, ":from": {"N": "10"}},
        "ScanIndexForward": False,
        "Limit": 3,
    }
    first = dynamodb.query(**query)
    second = dynamodb.query(**query, ExclusiveStartKey=first["LastEvaluatedKey"])
    assert [int(item["c"]["N"]) for item in first["Items"] + second["Items"]] == [15, 14, 13, 12, 11]
    assert set(first["Items"][0]) == {"pk", "s", "c", "kept"}


def test_querying_an_index_needs_the_index(table, as_role):
    query = {
        "TableName": table["name"],
        "IndexName": "recent",
        "KeyConditionExpression": "s = :s",
        "ExpressionAttributeValues": {":s": {"S": "claimed"}},
    }
    allowed = as_role("dynamodb", {"Action": "dynamodb:Query", "Resource": f"{table['arn']}/index/*"})
    assert allowed.query(**query)["Count"] >= 0
    table_only = as_role("dynamodb", {"Action": "dynamodb:Query", "Resource": table["arn"]})
    with pytest.raises(ClientError) as refusal:
        table_only.query(**query)
    assert code(refusal) == "AccessDeniedException"


def test_each_write_of_a_transaction_needs_its_own_permission(table, as_role):
    putter = as_role("dynamodb", {"Action": "dynamodb:PutItem", "Resource": table["arn"]})
    with pytest.raises(ClientError) as refusal:
        putter.transact_write_items(TransactItems=claim(table, "j90", 10_000))
    assert code(refusal) == "AccessDeniedException"
    putter.transact_write_items(TransactItems=claim(table, "j90", 10_000)[:2])
