"""The simulation's EventBridge."""

from tests.simulation.eventbridge import EventBridge
from tests.simulation.kernel import Kernel
from tests.simulation.sqs_queue import Queue


def came(*, faulty=True, lost=0.0, **more):
    """What becomes of 1,000 events, by their ids in the order in which they come."""
    kernel = Kernel(7, {})
    kernel.faulty = faulty
    bus, queue = EventBridge(kernel, lost=lost), Queue(kernel, "events")
    for number in range(1000):
        event = {"id": f"{number:04}", "detail-type": "Batch Job State Change", "detail": {}}
        bus.deliver(event, queue, **more)
    kernel.run(1000)
    messages = sorted(queue.messages.values(), key=lambda message: message.sent_at)
    return [message.body[7:11] for message in messages]


def test_should_bring_every_event_in_another_order_and_some_twice():
    found = came(lost=0.1)
    assert found != sorted(found)
    assert len(set(found)) == 1000
    assert 1000 < len(found) < 1030


def test_should_lose_some_of_what_may_be_lost():
    assert 850 < len(set(came(lost=0.1, best_effort=True))) < 950


def test_should_bring_every_event_once_without_faults():
    assert len(came(faulty=False, lost=0.1, best_effort=True)) == 1000
