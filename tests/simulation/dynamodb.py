"""DynamoDB as the client that `pulse.aws` calls: reads, conditional writes, transactions, time to live.

What it answers and refuses follows https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/. What it
lacks ends in Unsupported or a TypeError. tests/simulation/contracts/ledger compares it with other DynamoDBs.
"""
# ruff: noqa: N803 - DynamoDB's parameters

from collections.abc import Callable
from typing import Any, TypeVar

from tests.simulation import dynamodb_writes as writes
from tests.simulation import expressions
from tests.simulation.attributes import InvalidRequest, Item, Unsupported
from tests.simulation.dynamodb_query import Query
from tests.simulation.dynamodb_table import Key, Table, Write
from tests.simulation.expressions import Names, Values
from tests.simulation.faults import client_error
from tests.simulation.kernel import START, Kernel
from tests.simulation.mishaps import happens

__all__ = ["DynamoDB", "Table"]

T = TypeVar("T")
Answer = dict[str, Any]

MOST_WRITES, MOST_READ = 100, 100
"""Of one TransactWriteItems, of one BatchGetItem."""
TRANSACTION_BYTES = 4 * 2**20
LATEST_EXPIRY_SECONDS = 48 * 3600.0
"""So much later an item may be there after it has expired."""
_METADATA = {"HTTPStatusCode": 200}


class DynamoDB:
    """`conflicts`: in how many of the transactions another write crosses, `undone`: in how many of the
    BatchGetItems something is left undone (0 to 1), while the kernel is faulty.
    """

    def __init__(
        self, kernel: Kernel, table: Table, *, conflicts: float = 0.01, undone: float = 0.05
    ) -> None:
        self._kernel, self._table = kernel, table
        self._conflicts, self._undone = conflicts, undone
        self._transactions, self._writes = writes.InFlight(), writes.InFlight()

    # --- reads

    def get_item(self, *, TableName: str, Key: Item, ConsistentRead: bool = False) -> Answer:
        """GetItem, always consistent."""
        _expect_consistent(ConsistentRead)

        def read() -> Answer:
            item = self._table.items.get(writes.key_of(Key))
            answer: Answer = {"ResponseMetadata": _METADATA}
            return answer if item is None else {"Item": item, **answer}

        return self._call("GetItem", TableName, read)

    def batch_get_item(self, *, RequestItems: dict[str, dict[str, Any]]) -> Answer:
        """BatchGetItem of one table, always consistent."""
        ((name, request),) = RequestItems.items()
        _expect_consistent(request.get("ConsistentRead", False))
        if unknown := request.keys() - {"Keys", "ConsistentRead"}:
            raise Unsupported(f"BatchGetItem with {unknown}")
        return self._call("BatchGetItem", name, lambda: self._batch(name, request))

    def query(  # noqa: PLR0913 - DynamoDB's parameters
        self,
        *,
        TableName: str,
        KeyConditionExpression: str,
        ExpressionAttributeValues: Values,
        ExpressionAttributeNames: Names | None = None,
        IndexName: str = "",
        ProjectionExpression: str = "",
        ScanIndexForward: bool = True,
        ConsistentRead: bool = False,
        Limit: int | None = None,
        ExclusiveStartKey: Item | None = None,
    ) -> Answer:
        """Query: of the table itself always consistent, of an index never."""
        if not IndexName:
            _expect_consistent(ConsistentRead)
        names = ExpressionAttributeNames or {}
        query = Query(
            IndexName,
            KeyConditionExpression,
            names,
            ExpressionAttributeValues,
            ScanIndexForward,
            Limit,
            ExclusiveStartKey,
        )

        def read() -> Answer:
            texts = (KeyConditionExpression, ProjectionExpression)
            expressions.check_placeholders(ExpressionAttributeNames, ExpressionAttributeValues, *texts)
            if IndexName and ConsistentRead:
                raise InvalidRequest("Consistent reads are not supported on global secondary indexes")
            if Limit is not None and Limit < 1:
                raise InvalidRequest("Limit: Member must have value greater than or equal to 1")
            page = query.page(self._kernel, self._table)
            found = page.items
            if ProjectionExpression:
                wanted = tuple(names.get(name, name) for name in expressions.projection(ProjectionExpression))
                found = [self._table.projected(item, wanted) for item in found]
            answer = {"Items": found, "Count": len(found), "ResponseMetadata": _METADATA}
            return answer if page.last is None else {"LastEvaluatedKey": page.last, **answer}

        return self._call("Query", TableName, read)

    # --- writes

    def put_item(self, *, TableName: str, **request: Any) -> Answer:
        """PutItem."""
        return self._call(
            "PutItem", TableName, lambda: self._write("PutItem", writes.put(self._table, **request))
        )

    def update_item(self, *, TableName: str, ReturnValues: str = "NONE", **request: Any) -> Answer:
        """UpdateItem: creates the item when it is not there."""
        if ReturnValues not in {"NONE", "ALL_NEW"}:
            raise Unsupported(f"ReturnValues {ReturnValues}")

        def write() -> Answer:
            wanted = writes.update(self._table, **request)
            answer = self._write("UpdateItem", wanted)
            return answer if ReturnValues == "NONE" else answer | {"Attributes": wanted.write.after}

        return self._call("UpdateItem", TableName, write)

    def transact_write_items(self, *, TransactItems: list[dict[str, dict[str, Any]]]) -> Answer:
        """TransactWriteItems of Put and Update. botocore gives each call a token, and so the same call does
        not write twice when its client sends it again.
        """
        is_written = False

        def write() -> Answer:
            nonlocal is_written
            if not is_written:
                self._transact(TransactItems)
                is_written = True
            return {"ResponseMetadata": _METADATA}

        names = {request.get("TableName", "") for one in TransactItems for request in one.values()}
        foreign = next(iter(names - {self._table.name}), self._table.name)
        return self._call("TransactWriteItems", foreign, write)

    # --- time to live

    def expire(self) -> None:
        """Deletes what has expired, each item some time later, at most LATEST_EXPIRY_SECONDS. It looks at
        every item: it is for now and then.
        """
        now = START.timestamp() + self._kernel.now
        expired = [
            key
            for key, item in self._table.items.items()
            if "expires_at" in item and self._deleted_at(key, int(item["expires_at"]["N"])) <= now
        ]
        for key in expired:
            self._table.write([Write(key, None, 0)], self._kernel.now)

    # --- inside

    def _call(self, operation: str, table: str, effect: Callable[[], T]) -> T:
        def answered() -> T:
            if table != self._table.name:
                message = f"Requested resource not found: Table: {table} not found"
                raise client_error(operation, "ResourceNotFoundException", message=message)
            try:
                return effect()
            except InvalidRequest as error:
                raise client_error(operation, "ValidationException", message=str(error)) from None
            except (KeyError, TypeError) as error:
                raise Unsupported(f"{operation}: {error!r}") from error

        return self._kernel.call("dynamodb", operation, answered)

    def _batch(self, name: str, request: dict[str, Any]) -> Answer:
        keys = request["Keys"]
        pairs = [writes.key_of(key) for key in keys]
        if not 1 <= len(pairs) <= MOST_READ:
            raise InvalidRequest("Too many items requested for the BatchGetItem call")
        if len(set(pairs)) < len(pairs):
            raise InvalidRequest("Provided list of item keys contains duplicates")
        done = len(pairs)
        if happens(self._kernel, self._undone, "undone", self._kernel.now, *pairs[0]):
            done = 1 + self._kernel.drawn("done", self._kernel.now, *pairs[0]) % len(pairs)
        items = self._table.items
        found = [items[pair] for pair in pairs[:done] if pair in items]
        left = {name: {**request, "Keys": keys[done:]}} if done < len(pairs) else {}
        return {"Responses": {name: found}, "UnprocessedKeys": left, "ResponseMetadata": _METADATA}

    def _write(self, operation: str, wanted: writes.Wanted) -> Answer:
        key, now = wanted.write.key, self._kernel.now
        is_crossed = self._is_timed and self._transactions.holds(key, now)
        if error := writes.refusal(operation, wanted, is_crossed=is_crossed):
            raise error
        self._table.write([wanted.write], now)
        self._writes.hold([key], now)
        return {"ResponseMetadata": _METADATA}

    def _transact(self, items: list[dict[str, dict[str, Any]]]) -> None:
        if not 1 <= len(items) <= MOST_WRITES:
            raise InvalidRequest(
                f"transactItems: Member must have length less than or equal to {MOST_WRITES}"
            )
        wanted = [writes.transacted(self._table, item) for item in items]
        keys = [one.write.key for one in wanted]
        if len(set(keys)) < len(keys):
            raise InvalidRequest("Transaction request cannot include multiple operations on one item")
        if sum(one.write.size for one in wanted) > TRANSACTION_BYTES:
            raise InvalidRequest("Transaction request is too large")
        crossed = self._crossed(keys)
        reasons = [writes.reason(one, is_crossed=one.write.key in crossed) for one in wanted]
        if error := writes.cancellation(reasons):
            raise error
        self._table.write([one.write for one in wanted], self._kernel.now)
        self._transactions.hold(keys, self._kernel.now)

    def _crossed(self, keys: list[Key]) -> set[Key]:
        """The items that another write is at work on, or that chance says one is at work on."""
        now = self._kernel.now
        flights = (self._transactions, self._writes) if self._is_timed else ()
        crossed = {key for key in keys if any(flight.holds(key, now) for flight in flights)}
        if happens(self._kernel, self._conflicts, "conflict", now, *keys[0]):
            crossed.add(keys[self._kernel.drawn("crossed", now, *keys[0]) % len(keys)])
        return crossed

    @property
    def _is_timed(self) -> bool:
        """Whether an invocation calls: elsewhere no time passes, and nothing would ever end."""
        return self._kernel._current is not None

    def _deleted_at(self, key: Key, expires_at: int) -> float:
        return expires_at + LATEST_EXPIRY_SECONDS * self._kernel.chance("expiry", *key)


def _expect_consistent(wanted: bool) -> None:
    if not wanted:
        raise Unsupported("An eventually consistent read of the table itself")
