"""One simulation: a seed, so many requests, all the faults, and whether every invariant held."""

import gc
from collections import Counter, deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from tests.simulation import doors
from tests.simulation.callers import Answered
from tests.simulation.drawing import asks
from tests.simulation.faults import Fault, Kind
from tests.simulation.invariants import Broken, Invariants
from tests.simulation.kernel import Kernel, Line
from tests.simulation.world import World

RATES: Mapping[Kind, float] = {
    "throttled": 0.01,
    "refused": 0.01,
    "failed": 0.01,
    "unsent": 0.005,
    "lost": 0.015,
    "late": 0.005,
    "doubled": 0.01,
    "died before": 0.005,
    "died after": 0.01,
    "slow": 0.01,
    "cut short": 0.05,
}
"""In how many calls each kind of fault happens; what comes cut short, of those that read an object."""
FAULTY_FOR = 600.0
"""So long after the last request things go on failing."""
SETTLED_WITHIN = 8 * 3600.0
"""Then everything is settled so soon: the reconciler asks for a job without an event after an hour."""
_STEP = 60.0


@dataclass(frozen=True)
class Run:
    """`broken`: the invariant that did not hold, empty when all did. `virtual_seconds`: how long it took
    there. `drawn`: how many were drawn to be asked for, of which `asked` were; `requests`: how often somebody
    came to a door for that, with a call or an object; `answers`: how often the API answered which method with
    which status, 0 for not at all; `kinds`: of what kinds the alerts were.
    """

    seed: int
    asked: tuple[str, ...]
    broken: str
    virtual_seconds: float
    happened: tuple[Fault, ...]
    calls: Counter[str]
    story: deque[Line]
    jobs: int
    drawn: int
    rates: Mapping[Kind, float]
    invocations: int
    requests: int
    answers: Counter[tuple[str, int]]
    kinds: frozenset[str]


def simulate(  # noqa: PLR0913 - what a run is made of
    seed: int,
    requests: int,
    *,
    rates: Mapping[Kind, float] = RATES,
    names: Collection[str] | None = None,
    only: Collection[Fault] | None = None,
    tells: bool = False,
) -> Run:
    """Runs one. `names`: of which of the requests, None for all; `only`: which faults may happen."""
    kernel = Kernel(seed, rates, only=only, tells=tells)
    world = World(kernel)
    asked = {one.name: one for one in asks(kernel, requests) if names is None or one.name in names}
    answered = {name: Answered() for name in asked}
    invariants = Invariants(world, asked, answered)
    gc.disable()
    try:
        with world.deployed():
            for one in asked.values():
                doors.put(world, one, answered)
            try:
                broken = _run(kernel, invariants, max((one.at for one in asked.values()), default=0.0))
            finally:
                kernel.close()
    finally:
        gc.enable()
    return Run(
        seed=seed,
        asked=tuple(asked),
        broken=broken,
        virtual_seconds=kernel.now,
        happened=tuple(kernel.happened),
        calls=kernel.calls,
        story=kernel.story,
        jobs=len(world.batch.by_name),
        drawn=requests,
        rates=rates,
        invocations=kernel.invocations,
        requests=world.requests,
        answers=world.answers,
        kinds=frozenset(kind for _, kind in world.published),
    )


def _run(kernel: Kernel, invariants: Invariants, last: float) -> str:
    until = 0.0
    while until < last + FAULTY_FOR and not invariants.broken:
        until += _STEP
        kernel.run(until)
    kernel.faulty = False
    while not invariants.broken and until < last + FAULTY_FOR + SETTLED_WITHIN:
        until += _STEP
        kernel.run(until)
        invariants.redrive()
        if invariants.is_settled():
            break
    try:
        invariants.end()
    except Broken as broken:
        return str(broken)
    return ""
