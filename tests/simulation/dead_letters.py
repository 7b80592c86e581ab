"""Which messages may be given up: each delivery of one that was is used up by something."""

from collections.abc import Iterator

from pulse.domain.errors import InFlight, NotYetSubmitted, OutcomeUnknown, RetryLater
from tests.simulation.faults import HARMLESS
from tests.simulation.world import World

_WAITS = (InFlight, NotYetSubmitted, OutcomeUnknown, RetryLater)
"""With these a function has a message come again until something else is known, however well all goes."""


def without_a_cause(world: World) -> Iterator[str]:
    """Messages that were given up although nothing failed at them, or with a delivery that no fault explains.
    One is used up by a fault in it, also by one that left no time, by waiting for what something else left
    behind, and by coming again after all was done.
    """
    if not any(queue.messages for queue in world.dead.values()):
        return
    happened = world.kernel.happened
    failed = world.died | {one.invocation for one in happened if one.kind not in HARMLESS}
    explained = failed | {one.invocation for one in happened if one.kind == "slow"}
    for name, queue in world.dead.items():
        for message in queue.messages.values():
            undone = {one: world.undone.get((one, message.id)) for one in message.taken_by}
            unexplained = [
                f"{one}: {why.__name__}"
                for one, why in undone.items()
                if why and one not in explained and not issubclass(why, _WAITS)
            ]
            if unexplained or failed.isdisjoint(undone):
                said = ", ".join(unexplained) or "without any fault"
                yield f"A message of {name} was given up ({said}): {message.body[:200]}"
