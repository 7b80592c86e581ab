"""What the simulated DynamoDB does beyond the contract: time, chance, and what crosses in flight."""
# ruff: noqa: S311 - a fixed seed is the point

from random import Random

import pytest
from botocore.exceptions import ClientError

from pulse.aws.ledger.items import wire
from tests.simulation.attributes import Unsupported
from tests.simulation.dynamodb import DynamoDB, Table
from tests.simulation.dynamodb_table import INDEXES
from tests.simulation.kernel import START, Kernel

KEY = wire({"pk": "a", "sk": "b"})
READ = {"TableName": "ledger", "Key": KEY, "ConsistentRead": True}
ADD_ONE = {
    "TableName": "ledger",
    "Key": KEY,
    "UpdateExpression": "ADD n :one",
    "ExpressionAttributeValues": wire({":one": 1}),
}


class World:
    """A table, and invocations that call it; `ended` are they, by name, once they have ended."""

    def __init__(self, rates=None, **options):
        self.kernel = Kernel(7, rates or {})
        self.table = Table()
        self.client = DynamoDB(self.kernel, self.table, **options)
        self.ended = {}

    def start(self, name, work, after=0.0):
        self.kernel.start(name, work, lambda one: self.ended.update({one.name: one}), after=after)

    def run(self, seconds=60.0):
        self.kernel.after(seconds, lambda: None)
        self.kernel.run(self.kernel.now + seconds)

    def put(self, **fields):
        self.client.put_item(TableName="ledger", Item=KEY | wire(fields))

    def transact(self, *writes):
        self.client.transact_write_items(TransactItems=[{"Update": write} for write in writes])

    @property
    def item(self):
        return self.client.get_item(**READ).get("Item")


def job(status, number=1, **fields):
    key = {"pk": f"JOB#{number}", "sk": "RECORD"}
    return wire(key | {"status": status, "created_at": f"09:{number:02}", "day": "d"} | fields)


def asked(client, index="by_status", value="RUNNING", **options):
    return client.query(
        TableName="ledger",
        IndexName=index,
        KeyConditionExpression="#by = :of",
        ExpressionAttributeNames={"#by": index.removeprefix("by_")},
        ExpressionAttributeValues=wire({":of": value}),
        **options,
    )


def items(client, **query):
    return asked(client, **query)["Items"]


def keys(items):
    return [item["pk"]["S"] for item in items]


def running(item):
    return item if item and item["status"] == {"S": "RUNNING"} else None


def test_should_have_the_indexes_of_the_stack():
    from infra.constructs.ledger import INDEXES as DEPLOYED  # noqa: PLC0415 - a second that no other test needs

    assert INDEXES == DEPLOYED


def test_should_show_a_write_in_an_index_within_two_seconds_and_not_always_at_once():
    world = World()
    world.client.put_item(TableName="ledger", Item=job("RUNNABLE"))
    world.run(3)
    world.client.put_item(TableName="ledger", Item=job("RUNNING"))
    seen = []
    for _ in range(300):
        world.run(0.01)
        seen.append((bool(items(world.client)), bool(items(world.client, value="RUNNABLE"))))
    assert set(seen[:200]) > {(True, False), (False, True)}
    assert set(seen[200:]) == {(True, False)}
    assert [place[0] for place in seen] != sorted(place[0] for place in seen), "it may show less than before"


def test_should_show_in_an_index_what_has_just_been_deleted():
    world = World()
    world.client.put_item(TableName="ledger", Item=job("RUNNING", expires_at=0))
    world.run(3)
    world.client.expire()
    assert world.table.items == {}
    answers = []
    for _ in range(40):
        world.run(0.05)
        answers.append(keys(items(world.client)))
    assert answers.count(["JOB#1"]) > 3
    world.run(1)
    assert items(world.client) == []


def test_should_show_each_item_in_an_index_as_it_was_at_most_two_seconds_before():
    world = World()
    random = Random(3)
    versions = {number: [(-10.0, None)] for number in range(12)}
    differing = 0
    for _ in range(400):
        world.run(random.uniform(0, 0.3))
        number, status = random.randrange(12), random.choice(["RUNNABLE", "RUNNING"])
        item = job(status, number, created_at=f"{random.randrange(3)}")
        world.client.put_item(TableName="ledger", Item=item)
        versions[number].append((world.kernel.now, item))
        world.run(random.uniform(0, 0.3))
        shown = items(world.client)
        assert shown == sorted(shown, key=lambda item: (item["created_at"]["S"], item["pk"]["S"]))
        by_key = {item["pk"]["S"]: item for item in shown}
        assert len(by_key) == len(shown)
        for number, known in versions.items():
            recent = [item for at, item in known if at > world.kernel.now - 2]
            before = [item for at, item in known if at <= world.kernel.now - 2][-1]
            seen = by_key.get(f"JOB#{number}")
            assert seen in [running(item) for item in (before, *recent)]
            differing += seen != running(known[-1][1])
    assert differing > 100


def test_should_page_through_an_index():
    world = World()
    for number in range(5):
        world.client.put_item(TableName="ledger", Item=job("RUNNING", number))
    world.run(3)
    query = {"index": "by_day", "value": "d", "Limit": 3}
    page = asked(world.client, **query)
    assert keys(page["Items"]) == ["JOB#0", "JOB#1", "JOB#2"]
    rest = asked(world.client, **query, ExclusiveStartKey=page["LastEvaluatedKey"])
    assert keys(rest["Items"]) == ["JOB#3", "JOB#4"]
    assert "LastEvaluatedKey" not in rest


def test_should_answer_at_most_so_many_bytes_at_once():
    world = World()
    world.table.page_bytes = 2_000
    for number in range(10):
        item = wire({"pk": "p", "sk": f"{number}", "text": "x" * 900})
        world.client.put_item(TableName="ledger", Item=item)
    query = {
        "TableName": "ledger",
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": wire({":pk": "p"}),
        "ConsistentRead": True,
    }
    page = world.client.query(**query)
    assert len(page["Items"]) == 3
    rest = world.client.query(**query, ExclusiveStartKey=page["LastEvaluatedKey"], ScanIndexForward=False)
    assert [item["sk"]["S"] for item in rest["Items"]] == ["1", "0"]


def test_should_cancel_one_of_two_transactions_that_cross():
    world = World(conflicts=0.0)
    for number in range(20):
        world.start(f"one {number}", lambda: world.transact(ADD_ONE))
    world.run()
    errors = [one.error for one in world.ended.values() if one.error]
    codes = [reason["Code"] for error in errors for reason in error.response["CancellationReasons"]]
    assert set(codes) == {"TransactionConflict"}
    assert world.item["n"] == {"N": str(20 - len(errors))}


def test_should_refuse_a_write_that_crosses_a_transaction():
    world = World(conflicts=0.0)
    for number in range(20):
        world.start(f"transaction {number}", lambda: world.transact(ADD_ONE))
        world.start(f"write {number}", lambda: world.client.update_item(**ADD_ONE))
    world.run()
    codes = {one.error.response["Error"]["Code"] for one in world.ended.values() if one.error}
    assert codes == {"TransactionConflictException", "TransactionCanceledException"}


def test_should_never_let_an_invocation_cross_itself():
    world = World(conflicts=0.0)

    def work():
        for _ in range(200):
            world.transact(ADD_ONE)
            world.client.update_item(**ADD_ONE)

    world.start("one", work)
    world.run()
    assert world.ended["one"].error is None
    assert world.item["n"] == {"N": "400"}


def test_should_make_a_transaction_once_although_its_client_sends_it_twice():
    world = World({"doubled": 1.0}, conflicts=0.0)
    world.start("transaction", lambda: world.transact(ADD_ONE))
    world.run()
    assert world.ended["transaction"].error is None
    assert world.item["n"] == {"N": "1"}
    world.start("update", lambda: world.client.update_item(**ADD_ONE))
    world.run()
    assert world.item["n"] == {"N": "3"}


def test_should_tell_of_a_crossing_write_now_and_then_while_faulty():
    world = World(conflicts=0.2)

    def work():
        cancelled = 0
        for _ in range(100):
            try:
                world.transact(ADD_ONE)
            except ClientError:
                cancelled += 1
        return cancelled

    world.start("faulty", work)
    world.run()
    cancelled = world.ended["faulty"].answer
    assert 5 < cancelled < 40
    assert world.item["n"] == {"N": str(100 - cancelled)}
    world.kernel.faulty = False
    world.start("well", work)
    world.run()
    assert world.ended["well"].answer == 0


def test_should_leave_keys_undone_now_and_then_but_never_all():
    world = World(undone=0.5)
    keys = [wire({"pk": f"{number}", "sk": "x"}) for number in range(10)]
    for key in keys:
        world.client.put_item(TableName="ledger", Item=key)
    counts = []
    for _ in range(50):
        world.run(0.01)
        answer = world.client.batch_get_item(RequestItems={"ledger": {"Keys": keys, "ConsistentRead": True}})
        left = answer["UnprocessedKeys"].get("ledger", {}).get("Keys", [])
        assert [*answer["Responses"]["ledger"], *left] == keys
        counts.append(len(answer["Responses"]["ledger"]))
    assert min(counts) >= 1
    assert 10 < counts.count(10) < 40


def test_should_delete_what_has_expired_some_time_later():
    world = World()
    now = int(START.timestamp())
    for number in range(20):
        item = wire({"pk": f"{number}", "sk": "x", "expires_at": now + 60})
        world.client.put_item(TableName="ledger", Item=item)
    left = []
    for hours in (0.1, 12, 12, 24):
        world.run(hours * 3600)
        world.client.expire()
        left.append(len(world.table.items))
    assert left[0] == 20
    assert 20 > left[1] > left[2] > left[3] == 0


def test_should_tell_its_watchers_of_a_transaction_when_it_is_whole():
    world = World(conflicts=0.0)
    seen = []
    world.table.watchers.append(
        lambda key, before, after: seen.append((key[1], before, after, len(world.table.items)))
    )
    other = wire({"pk": "a", "sk": "c"})
    world.transact(ADD_ONE, {**ADD_ONE, "Key": other})
    one = wire({"n": 1})
    assert seen == [("b", None, KEY | one, 2), ("c", None, other | one, 2)]


@pytest.mark.parametrize(
    "change",
    [
        {"UpdateExpression": "SET n = n + :one"},
        {"UpdateExpression": "SET n = if_not_exists(n, :one)"},
        {"UpdateExpression": "SET a.b = :one"},
        {"UpdateExpression": "DELETE n :one"},
        {"ConditionExpression": "size(n) > :one"},
        {"ConditionExpression": "n IN (:one)"},
        {"ConditionExpression": "contains(n, :one)"},
        {"ConditionExpression": "n = :one AND"},
        {"ReturnValues": "UPDATED_OLD"},
    ],
    ids=lambda change: next(iter(change.values())),
)
def test_should_end_the_run_over_what_it_does_not_know(change):
    world = World()
    world.put(n=1)
    with pytest.raises(Unsupported):
        world.client.update_item(**ADD_ONE | change)


def test_should_know_no_eventually_consistent_read_of_the_table():
    with pytest.raises(Unsupported):
        World().client.get_item(**READ | {"ConsistentRead": False})
