"""Reads each item once: most of what a simulated request takes would be reading the same ones again."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")
_MOST_KEPT = 20_000


class Once(Generic[T]):
    """Reads items, each of them once: a table shares its items and never changes one."""

    def __init__(self, read: Callable[[Any], T]) -> None:
        self._read = read
        self._kept: dict[int, tuple[Any, T]] = {}

    def __call__(self, item: Any) -> T:
        if (known := self._kept.get(id(item))) and known[0] is item:
            return known[1]
        if len(self._kept) > _MOST_KEPT:
            self._kept.clear()
        value = self._read(item)
        self._kept[id(item)] = (item, value)
        return value
