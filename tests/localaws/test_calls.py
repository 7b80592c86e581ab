"""What was called, by whom."""

import httpx


def counted(aws):
    address = f"{aws.pages_url}/calls"
    answer = httpx.get(address, trust_env=False).json()
    return {(one["caller"], one["action"]): (one["calls"], one["capacity_units"]) for one in answer}


def test_each_request_counts_once_for_its_caller_and_action(aws, as_role):
    statement = {"Action": "sqs:ListQueues", "Resource": "*"}
    sqs = as_role("sqs", statement)
    httpx.delete(f"{aws.pages_url}/calls", trust_env=False)
    for _ in range(3):
        sqs.list_queues()
    aws.client("sqs").list_queues()
    calls = counted(aws)
    (role,) = {caller for caller, action in calls if caller != "root" and action == "sqs:ListQueues"}
    assert calls[role, "sqs:ListQueues"] == (3, 0)
    assert calls["root", "sqs:ListQueues"] == (1, 0)


def test_writes_are_metered_with_their_indexes_and_nobody_else_is_told(aws):
    dynamodb = aws.client("dynamodb")
    key = [{"AttributeName": "pk", "KeyType": "HASH"}]
    index = {
        "IndexName": "by_s",
        "KeySchema": [{"AttributeName": "s", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "KEYS_ONLY"},
    }
    dynamodb.create_table(
        TableName="metered",
        KeySchema=key,
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "s")],
        BillingMode="PAY_PER_REQUEST",
        GlobalSecondaryIndexes=[index],
    )
    httpx.delete(f"{aws.pages_url}/calls", trust_env=False)
    item = {"pk": {"S": "a"}, "s": {"S": "b"}, "text": {"S": "x" * 1500}}
    put = {"Put": {"TableName": "metered", "Item": item | {"pk": {"S": "c"}}}}
    assert "ConsumedCapacity" not in dynamodb.put_item(TableName="metered", Item=item)
    assert "ConsumedCapacity" not in dynamodb.transact_write_items(TransactItems=[put])
    calls = counted(aws)
    # Two KiB in the table and one in the index; in a transaction the table counts twice.
    assert calls["root", "dynamodb:PutItem"] == (1, 3)
    assert calls["root", "dynamodb:TransactWriteItems"] == (1, 5)


def test_no_other_method_is_answered(aws):
    assert httpx.post(f"{aws.pages_url}/calls", trust_env=False).status_code == 405
