"""Makes a run that breaks an invariant as small as it can be: fewer requests, then fewer faults."""

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from tests.simulation.simulation import Run, simulate

T = TypeVar("T")


def shrunk(run: Run, *, seconds: float, tell: Callable[[str], None] = lambda _: None) -> Run:
    """Runs it again and again with less, for so many seconds, and returns the smallest that still breaks an
    invariant, with its story. What is left out changes nothing of the rest: see kernel.py.
    """
    until = time.monotonic() + seconds

    def again(names: Sequence[str], faults: Sequence[object] | None) -> Run:
        return simulate(run.seed, run.drawn, rates=run.rates, names=names, only=faults)  # type: ignore[arg-type]

    names = fewest(list(run.asked), lambda some: bool(again(some, None).broken), until)
    tell(f"{len(names)} of {len(run.asked)} requests are enough")
    faults = list(again(names, None).happened)
    if again(names, faults).broken:
        faults = fewest(faults, lambda some: bool(again(names, some).broken), until)
    tell(f"{len(faults)} faults are enough")
    return simulate(run.seed, run.drawn, rates=run.rates, names=names, only=faults, tells=True)


def fewest(items: list[T], still: Callable[[list[T]], bool], until: float) -> list[T]:
    """Delta debugging: leaves parts of the items out, smaller and smaller ones, as long as `still` holds.

    Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input", IEEE TSE 28 (2002).
    """
    parts = 2
    while len(items) > 1 and time.monotonic() < until:
        size = max(1, len(items) // parts)
        for start in range(0, len(items), size):
            rest = items[:start] + items[start + size :]
            if time.monotonic() >= until:
                return items
            if still(rest):
                items, parts = rest, max(2, parts - 1)
                break
        else:
            if size == 1:
                break
            parts = min(len(items), parts * 2)
    if len(items) == 1 and time.monotonic() < until and still([]):
        return []
    return items
