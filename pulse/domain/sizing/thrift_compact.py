"""Thrift's compact protocol, read only: a struct becomes a dict of field ids, in bounded depth and size.

https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
"""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

MAX_DEPTH = 32
MAX_VALUES = 300_000
"""About a second of reading, so that no file holds a function up."""

_VARINT_BITS = 70  # 64 bits in groups of seven
_STOP, _TRUE, _FALSE = 0, 1, 2
_LONG_LIST = 15
_DOUBLE_BYTES, _UUID_BYTES = 8, 16


class InvalidThrift(ValueError):
    """Raised when bytes are no struct, end early, or hold more than is read."""


class _Reader(Struct):
    data: bytes
    at: int = 0
    values: int = 0

    def take(self, count: int) -> bytes:
        end = self.at + count
        if end > len(self.data):
            raise InvalidThrift(
                f"{count} bytes are announced at {self.at}, {len(self.data) - self.at} follow"
            )
        self.at, start = end, self.at
        return self.data[start:end]

    def varint(self) -> int:
        result = shift = 0
        while shift < _VARINT_BITS:
            byte = self.take(1)[0]
            result |= (byte & 0x7F) << shift
            if byte < 0x80:  # noqa: PLR2004 - the top bit says that more bytes follow
                return result
            shift += 7
        raise InvalidThrift(f"an integer of more than 64 bits at {self.at}")

    def zigzag(self) -> int:
        number = self.varint()
        return (number >> 1) ^ -(number & 1)

    def value(self, kind: int, depth: int) -> Any:
        """Doubles and UUIDs come as their bytes: nobody here wants them."""
        read = _READ.get(kind)
        if read is None:
            raise InvalidThrift(f"no type {kind} (at {self.at})")
        self.values += 1
        if depth > MAX_DEPTH or self.values > MAX_VALUES:
            raise InvalidThrift(f"more than {MAX_DEPTH} levels or {MAX_VALUES} values")
        return read(self, depth)


def read_struct(data: bytes) -> dict[int, Any]:
    """The struct at the beginning of `data`: integers, booleans, bytes, lists and dicts under their field
    ids. Raises InvalidThrift.
    """
    return _struct(_Reader(data), 0)


def _struct(reader: _Reader, depth: int) -> dict[int, Any]:
    fields: dict[int, Any] = {}
    field_id = 0
    while header := reader.take(1)[0]:
        delta, kind = header >> 4, header & 0x0F
        field_id = field_id + delta if delta else reader.zigzag()
        # A struct's boolean is its type; a list's boolean is a byte.
        fields[field_id] = kind == _TRUE if kind in (_TRUE, _FALSE) else reader.value(kind, depth + 1)
    return fields


def _list(reader: _Reader, depth: int) -> list[Any]:
    header = reader.take(1)[0]
    size, kind = header >> 4, header & 0x0F
    if size == _LONG_LIST:
        size = reader.varint()
    return [reader.value(kind, depth + 1) for _ in range(size)]


def _map(reader: _Reader, depth: int) -> list[tuple[Any, Any]]:
    size = reader.varint()
    if not size:
        return []
    kinds = reader.take(1)[0]
    return [(reader.value(kinds >> 4, depth + 1), reader.value(kinds & 0x0F, depth + 1)) for _ in range(size)]


_READ: dict[int, Callable[[_Reader, int], Any]] = {
    _TRUE: lambda reader, _: reader.take(1) == b"\x01",
    _FALSE: lambda reader, _: reader.take(1) == b"\x01",
    3: lambda reader, _: reader.take(1)[0],
    4: lambda reader, _: reader.zigzag(),
    5: lambda reader, _: reader.zigzag(),
    6: lambda reader, _: reader.zigzag(),
    7: lambda reader, _: reader.take(_DOUBLE_BYTES),
    8: lambda reader, _: reader.take(reader.varint()),
    9: _list,
    10: _list,
    11: _map,
    12: _struct,
    13: lambda reader, _: reader.take(_UUID_BYTES),
}
"""https://github.com/apache/thrift/blob/master/lib/py/src/protocol/TCompactProtocol.py: CompactType."""
