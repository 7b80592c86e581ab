"""The way of Batch's events to the default bus; on demand it loses, doubles, delays and shuffles them.

EventBridge promises "at least once" and no order: https://docs.aws.amazon.com/eventbridge/latest/userguide/.
"""

from __future__ import annotations

import asyncio
import contextvars
import json
import logging
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from localaws.batch.model import Document
    from localaws.batch.ports import Aws
    from localaws.batch.scope import Scope

logger = logging.getLogger("localaws.batch")


@dataclass(frozen=True)
class Losses:
    """`drop` and `double` are shares, 0 to 1: of all events those that are lost, of the others those that
    come twice. Each copy comes `delay_seconds` late, and up to `shuffle_seconds` more. The same `seed` makes
    the same choices.
    """

    drop: float = 0.0
    double: float = 0.0
    delay_seconds: float = 0.0
    shuffle_seconds: float = 0.0
    seed: int = 0


@dataclass
class Tally:
    """What became of the events since the losses were set; `dropped` names the events nobody will see."""

    sent: int = 0
    doubled: int = 0
    dropped: list[Document] = field(default_factory=list)


@dataclass
class Bus:
    aws: Aws
    losses: Losses = Losses()
    tally: Tally = field(default_factory=Tally)
    _chance: random.Random = field(default_factory=lambda: random.Random(0))  # noqa: S311 - no secret
    _late: set[asyncio.TimerHandle] = field(default_factory=set)

    def lose(self, losses: Losses) -> None:
        """From here on; what is under way still arrives when it was to."""
        self.losses, self.tally = losses, Tally()
        self._chance = random.Random(losses.seed)  # noqa: S311

    def publish(self, scope: Scope, entry: Document) -> None:
        if self._chance.random() < self.losses.drop:
            self.tally.dropped.append(_named(entry))
            return
        twice = self._chance.random() < self.losses.double
        self.tally.doubled += twice
        for _ in range(1 + twice):
            self.tally.sent += 1
            late = self.losses.delay_seconds + self._chance.uniform(0, self.losses.shuffle_seconds)
            if late:
                self._later(late, scope, entry)
            else:
                self._put(scope, entry)

    def clear(self) -> None:
        """Events that are still under way never arrive."""
        for timer in self._late:
            timer.cancel()
        self._late.clear()

    def _later(self, seconds: float, scope: Scope, entry: Document) -> None:
        def arrive() -> None:
            self._late.discard(timer)
            self._put(scope, entry)

        loop = asyncio.get_running_loop()
        timer = loop.call_later(seconds, arrive, context=contextvars.Context())
        self._late.add(timer)

    def _put(self, scope: Scope, entry: Document) -> None:
        try:
            self.aws.publish(scope, entry)
        except Exception:
            # A rule or target that breaks must not hold up the jobs.
            logger.exception("%s was not delivered: %s", entry["DetailType"], _named(entry))


def _named(entry: Document) -> Document:
    detail = json.loads(entry["Detail"])
    return {
        "detailType": entry["DetailType"],
        "jobId": detail["jobId"],
        "status": detail["status"],
    }
