"""What excuses a message that was given up."""

import pytest

from pulse.domain.errors import InFlight, Unavailable
from tests.simulation.faults import Fault
from tests.simulation.invariants import Invariants
from tests.simulation.kernel import Kernel
from tests.simulation.world import World

DELIVERIES = [f"on_job_event/m.{number}" for number in range(1, 6)]
FAILED, OTHERS = DELIVERIES[0], DELIVERIES[1:]


@pytest.mark.parametrize(
    ("faults", "undone", "holds"),
    [
        ({}, {}, False),
        (dict.fromkeys(OTHERS, "doubled"), {}, False),
        ({FAILED: "throttled"}, dict.fromkeys(OTHERS, Unavailable), False),
        ({FAILED: "throttled"}, dict.fromkeys(OTHERS[:1], ValueError), False),
        ({FAILED: "throttled"}, dict.fromkeys(OTHERS, InFlight), True),
        ({FAILED: "throttled"}, {}, True),
        ({FAILED: "lost"} | dict.fromkeys(OTHERS, "slow"), dict.fromkeys(DELIVERIES, Unavailable), True),
        (dict.fromkeys(DELIVERIES, "refused"), dict.fromkeys(DELIVERIES, Unavailable), True),
        ({}, dict.fromkeys(DELIVERIES, InFlight), False),
    ],
)
def test_each_delivery_of_a_dead_letter_needs_its_cause(faults, undone, holds):
    world = World(Kernel(1, {}))
    invariants = Invariants(world, {}, {})
    message = world.dead["events"].put("an event")
    message.taken_by = DELIVERIES
    world.kernel.happened += [Fault(one, 1, kind) for one, kind in faults.items()]
    world.undone |= {(one, message.id): why for one, why in undone.items()}
    invariants.redrive()
    assert (not invariants.broken) is holds
    assert not world.dead["events"].messages
