"""The state of a DynamoDB table: its items by key, and its indexes, which show writes a little late."""

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from zlib import crc32

from msgspec import Struct

from tests.simulation.attributes import Attribute, InvalidRequest, Item
from tests.simulation.items import Once

Key = tuple[str, str]
"""The values of `pk` and `sk`."""
Entry = tuple[str, str, str]
"""An index's: the range key, and the item's key."""
Change = tuple[float, Key, Item | None, Item | None]
"""When it was made, of which item, the item before it and after it."""
Watcher = Callable[[Key, Item | None, Item | None], None]
"""Gets the key of a write, the item before it and the item after it; None is no item."""

INDEXES = {
    f"by_{attribute}": (attribute, "created_at") for attribute in ("day", "status", "profile", "dataset")
}
"""The attributes of each index's hash key and range key."""
LATEST_SECONDS = 2.0
"""An index shows a write at most so much later."""
ITEM_BYTES = 400 * 1024
_HASH_BYTES, _RANGE_BYTES = 2048, 1024
_KEY_BYTES = {
    **dict.fromkeys(("pk", *(hash_name for hash_name, _ in INDEXES.values())), _HASH_BYTES),
    **dict.fromkeys(("sk", *(range_name for _, range_name in INDEXES.values())), _RANGE_BYTES),
}


class TooLarge(InvalidRequest):
    """Raised for an item of more than 400 KB."""


class Write(Struct, frozen=True):
    """An item put in its place, with its size in bytes; None and 0 delete it."""

    key: Key
    after: Item | None
    size: int


class Index:
    """Items by the value of an attribute, sorted by that of another. Items without the two are left out."""

    def __init__(self, hash_name: str, range_name: str) -> None:
        self.hash_name, self.range_name = hash_name, range_name
        self._entries: dict[str, list[Entry]] = {}
        self._recent: dict[str, deque[Change]] = {}

    def entries(self, value: str) -> list[Entry]:
        """Those with this hash key, sorted. Nobody else may change them."""
        return self._entries.get(value, [])

    def write(self, key: Key, before: Item | None, after: Item | None, at: float | None) -> None:
        """Takes a write. `at`: when, in seconds, for an index that shows it late; None shows it at once."""
        old, new = self._place(before), self._place(after)
        if old != new:
            if old is not None:
                self._remove(old[0], (old[1], *key))
            if new is not None:
                insort(self._entries.setdefault(new[0], []), (new[1], *key))
        if at is not None:
            change = (at, key, before, after)
            if new is not None:
                self._note(new[0], change)
            if old is not None and (new is None or old[0] != new[0]):
                self._note(old[0], change)

    def shown(self, value: str, at: float, bits: int) -> tuple[list[Entry], dict[Key, Item]]:
        """The entries with this hash key as a query sees them, and those items that it sees as they were.

        The first 32 bits of `bits` decide how late the query is at most, the next how late for each item.
        """
        latest = LATEST_SECONDS * ((bits & 0xFFFFFFFF) / 2**32) ** 2
        past: dict[Key, tuple[Item | None, Item | None]] = {}
        for written, key, before, after in reversed(self._recent.get(value, ())):
            if written <= at - latest:
                break
            if written > at - latest * ((crc32(key[0].encode()) ^ bits >> 32 & 0xFFFFFFFF) / 2**32):
                past[key] = before, past[key][1] if key in past else after
        if not past:
            return self.entries(value), {}
        entries = self.entries(value).copy()
        items: dict[Key, Item] = {}
        for key, (seen, current) in past.items():
            if entry := self._entry(value, key, current):
                del entries[bisect_left(entries, entry)]
            if seen is not None and (entry := self._entry(value, key, seen)):
                insort(entries, entry)
                items[key] = seen
        return entries, items

    def _entry(self, value: str, key: Key, item: Item | None) -> Entry | None:
        place = self._place(item)
        return (place[1], *key) if place is not None and place[0] == value else None

    def _note(self, value: str, change: Change) -> None:
        recent = self._recent.get(value)
        if recent is None:
            recent = self._recent[value] = deque()
        recent.append(change)
        while recent[0][0] < change[0] - LATEST_SECONDS:
            recent.popleft()

    def _place(self, item: Item | None) -> tuple[str, str] | None:
        if item is None or self.hash_name not in item or self.range_name not in item:
            return None
        return item[self.hash_name]["S"], item[self.range_name]["S"]

    def _remove(self, value: str, entry: Entry) -> None:
        entries = self._entries[value]
        del entries[bisect_left(entries, entry)]
        if not entries:
            del self._entries[value]


class Table:
    """`page_bytes`: an answer to a query ends after so many. `watchers` are called after each write; those of
    one transaction after all of its writes.
    """

    def __init__(self, name: str = "ledger", *, page_bytes: int = 2**20) -> None:
        self.name, self.page_bytes = name, page_bytes
        self.items: dict[Key, Item] = {}
        self.sizes: dict[Key, int] = {}
        self.watchers: list[Watcher] = []
        self._projections: dict[tuple[str, ...], Once[Item]] = {}
        self.own = Index("pk", "sk")
        self.indexes = {index: Index(*names) for index, names in INDEXES.items()}

    def check(self, item: Item, size: int, what: str = "Item size") -> None:
        """Raises InvalidRequest for an item that DynamoDB does not take."""
        if size > ITEM_BYTES:
            raise TooLarge(f"{what} has exceeded the maximum allowed size")
        for name, most_bytes in _KEY_BYTES.items():
            if name in item:
                _check_key(item[name], name, most_bytes)

    def projected(self, item: Item, names: tuple[str, ...]) -> Item:
        """The item with these attributes only."""
        if names not in self._projections:
            self._projections[names] = Once(partial(_projected, names))
        return self._projections[names](item)

    def write(self, writes: Iterable[Write], at: float) -> None:
        """Makes these writes at once."""
        made = [(one.key, self.items.get(one.key), one.after) for one in writes]
        for write in writes:
            self._write(write, at)
        for watcher in self.watchers:
            for key, before, after in made:
                watcher(key, before, after)

    def _write(self, write: Write, at: float) -> None:
        key, after = write.key, write.after
        before = self.items.get(key)
        if after is None:
            self.items.pop(key, None)
            self.sizes.pop(key, None)
        else:
            self.items[key], self.sizes[key] = after, write.size
        if before is None or after is None:
            self.own.write(key, before, after, None)
        if _is_indexed(before) or _is_indexed(after):
            for index in self.indexes.values():
                index.write(key, before, after, at)


def _projected(names: tuple[str, ...], item: Item) -> Item:
    return {name: item[name] for name in names if name in item}


def _is_indexed(item: Item | None) -> bool:
    return item is not None and "created_at" in item


def _check_key(attribute: Attribute, name: str, most_bytes: int) -> None:
    text = attribute.get("S")
    if text is None:
        raise InvalidRequest(f"One or more parameter values were invalid: Type mismatch for key {name}")
    if not text:
        raise InvalidRequest(f"One or more parameter values are not valid. The key {name} is an empty string")
    if len(text) * 4 > most_bytes and len(text.encode()) > most_bytes:
        raise InvalidRequest(f"One or more parameter values were invalid: The key {name} is too long")
