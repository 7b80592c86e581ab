"""The page of a DynamoDB table or index that a query asks for."""

from bisect import bisect_left, bisect_right

from msgspec import Struct

from tests.simulation import expressions
from tests.simulation.attributes import InvalidRequest, Item
from tests.simulation.dynamodb_table import Entry, Index, Key, Table
from tests.simulation.expressions import Names, Values
from tests.simulation.kernel import Kernel

_LAST = "\0"
"""After a text, it makes the next one."""


class Page(Struct, frozen=True):
    """`last`: the key of the last item, where the next page begins; None when nothing is left."""

    items: list[Item]
    last: Item | None


class Query(Struct, frozen=True):
    """A query's parameters. `start` is ExclusiveStartKey."""

    index: str
    key_condition: str
    names: Names
    values: Values
    forward: bool
    limit: int | None
    start: Item | None

    def page(self, kernel: Kernel, table: Table) -> Page:
        """What DynamoDB shows at this time."""
        index = self._index(table)
        value, word, bounds = self._test(index)
        entries, past = index.entries(value), dict[Key, Item]()
        if index is not table.own:
            bits = kernel.drawn("index", kernel.now, index.hash_name, value)
            entries, past = index.shown(value, kernel.now, bits)
        low, high = _bounds(entries, word, bounds)
        if self.start is not None:
            low, high = self._beyond(entries, _position(index, self.start, value), low, high)
        found: list[Item] = []
        size = 0
        for at in range(low, high) if self.forward else range(high - 1, low - 1, -1):
            key = entries[at][1:]
            item = past.get(key) or table.items[key]
            found.append(item)
            size += table.sizes.get(key, 0)
            # DynamoDB does not look whether anything is left when a page is full.
            if len(found) == self.limit or size >= table.page_bytes:
                return Page(found, {name: item[name] for name in _key_names(index)})
        return Page(found, None)

    def _index(self, table: Table) -> Index:
        if not self.index:
            return table.own
        if self.index not in table.indexes:
            raise InvalidRequest(f"The table does not have the specified index: {self.index}")
        return table.indexes[self.index]

    def _test(self, index: Index) -> tuple[str, str, list[str]]:
        """The hash key, and the test of the range key: its word, empty without one, and its values."""
        of_hash, of_range = expressions.key_condition(self.key_condition)
        name = of_hash.operands[0]
        if self.names.get(name, name) != index.hash_name:
            raise InvalidRequest(f"Query condition missed key schema element: {index.hash_name}")
        value: str = self.values[of_hash.operands[1]]["S"]
        if not value:
            raise InvalidRequest("One or more parameter values are not valid. A key is an empty string")
        if of_range is None:
            return value, "", []
        name, *bounds = of_range.operands
        if self.names.get(name, name) != index.range_name:
            raise InvalidRequest(f"Query condition missed key schema element: {index.range_name}")
        return value, of_range.word, [self.values[bound]["S"] for bound in bounds]

    def _beyond(self, entries: list[Entry], start: Entry, low: int, high: int) -> tuple[int, int]:
        if self.forward:
            return max(low, bisect_right(entries, start)), high
        return low, min(high, bisect_left(entries, start))


def _bounds(entries: list[Entry], word: str, values: list[str]) -> tuple[int, int]:
    """From where to where the entries lie whose range key passes a test."""
    if not word:
        return 0, len(entries)
    first, last = values[0], values[-1]
    if word == "begins_with":
        low = bisect_left(entries, (first,))
        return low, bisect_left(entries, 1, lo=low, key=lambda entry: not entry[0].startswith(first))
    if word == "BETWEEN" and first > last:
        raise InvalidRequest("The BETWEEN operator requires upper bound to be at least the lower bound")
    low, high = 0, len(entries)
    if word in {"=", ">=", "BETWEEN"}:
        low = bisect_left(entries, (first,))
    elif word == ">":
        low = bisect_left(entries, (first + _LAST,))
    if word in {"=", "<=", "BETWEEN"}:
        high = bisect_left(entries, (last + _LAST,))
    elif word == "<":
        high = bisect_left(entries, (last,))
    return low, high


def _key_names(index: Index) -> dict[str, None]:
    return dict.fromkeys(("pk", "sk", index.hash_name, index.range_name))


def _position(index: Index, start: Item, value: str) -> Entry:
    """Where in the index an ExclusiveStartKey stands."""
    if start.keys() != _key_names(index).keys():
        raise InvalidRequest("The provided starting key is invalid")
    if start[index.hash_name] != {"S": value}:
        raise InvalidRequest("The provided starting key is outside query boundaries")
    return start[index.range_name]["S"], start["pk"]["S"], start["sk"]["S"]
