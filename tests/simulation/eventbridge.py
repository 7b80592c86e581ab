"""Amazon EventBridge: brings an event into a queue, late, in any order, and sometimes twice.

AWS Batch gives its state changes on a best effort, so those may be lost; others are not.
https://docs.aws.amazon.com/eventbridge/latest/ref/event-delivery-level.html
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from tests.simulation.kernel import Kernel
from tests.simulation.mishaps import delay_seconds, happens
from tests.simulation.sqs_queue import Queue

TWICE_SHARE = 0.01
_USUAL_SECONDS, _LONGEST_SECONDS = 1.0, 90.0


class EventBridge:
    """A bus without rules: whoever has an event says where it goes. `lost`: in how many cases (0 to 1) an
    event that may be lost is.
    """

    def __init__(self, kernel: Kernel, *, lost: float = 0.0) -> None:
        self._kernel = kernel
        self._lost = lost

    def deliver(self, event: Mapping[str, Any], queue: Queue, *, best_effort: bool = False) -> None:
        """Puts an event, which has an `id` of its own, into a queue. `best_effort`: it may be lost."""
        kernel, named = self._kernel, (event["id"], queue.name)
        if best_effort and happens(kernel, self._lost, "event lost", *named):
            return
        body = msgspec.json.encode(event).decode()
        for time in range(2 if happens(kernel, TWICE_SHARE, "event twice", *named) else 1):
            wait = delay_seconds(kernel, _USUAL_SECONDS, _LONGEST_SECONDS, "event", *named, time)
            kernel.after(wait, lambda: _put(queue, body))


def _put(queue: Queue, body: str) -> None:
    queue.put(body)
