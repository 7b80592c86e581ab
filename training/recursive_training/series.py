"""One variable over time, and the only cuts that are made of it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.datetime64]  # microseconds, UTC
Numbers = NDArray[np.float64]

LARGEST = 1e100  # beyond it squares overflow; no measured quantity is there


@dataclass(frozen=True)
class Window:
    """A half-open span of time [start, end) that is retrodicted in one go.

    `index` counts from the period's start.
    """

    index: int
    start: np.datetime64
    end: np.datetime64


@dataclass(frozen=True)
class Series:
    """Observations of one variable: strictly increasing times, finite values, no gaps filled.

    `first`: how many observations of the variable come before these.
    """

    name: str
    times: Times
    values: Numbers
    first: int = 0

    def __len__(self) -> int:
        return len(self.times)

    def before(self, moment: np.datetime64) -> "Series":
        """What was known before the moment. Everything a model sees passes through here: no look-ahead."""
        stop = int(np.searchsorted(self.times, moment, side="left"))
        return self.until(stop)

    def until(self, count: int) -> "Series":
        return self.between(0, count)

    def latest(self, count: int) -> "Series":
        return self.between(max(len(self) - count, 0), len(self))

    def within(self, window: Window) -> "Series":
        start, stop = np.searchsorted(self.times, [window.start, window.end], side="left")
        return self.between(int(start), int(stop))

    def around(self, start: np.datetime64, end: np.datetime64, before: int) -> "Series":
        """The observations from start to end, and so many before them."""
        first, stop = np.searchsorted(self.times, [start, end], side="left")
        return self.between(max(0, int(first) - before), int(stop))

    def between(self, start: int, stop: int) -> "Series":
        """The observations from `start` to before `stop`, counted from the first of these."""
        return Series(self.name, self.times[start:stop], self.values[start:stop], self.first + start)
