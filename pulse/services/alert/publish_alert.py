"""Tells people of one thing once.

At least once: a turn is taken by conditional write before the alert goes out and noted as done after it.
Twice if the function dies between SNS's answer and that note, or if SNS's answer is lost. A second alert is a
nuisance, a lost one is a job that nobody hears of.

When the note cannot be written, the alert has gone out all the same. It is tried again at once; to fail then
would have the event delivered again, and the alert sent again for certain.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from msgspec import Struct

from pulse.domain.alerts.alert import Alert, Kind
from pulse.domain.alerts.outgoing import without_secrets
from pulse.domain.alerts.turn import Subject
from pulse.domain.errors import RetryLater, Unavailable
from pulse.services.ports.messages import Topic, Turns

TURN = timedelta(seconds=60)
"""Longer than a function takes to publish, shorter than its queue waits before it delivers again."""
_NOTE_TRIES = 3


class PublishAlert(Struct, frozen=True, kw_only=True):
    turns: Turns
    topic: Topic
    clock: Callable[[], datetime]

    def once(self, subject: Subject, kind: Kind, make: Callable[[], Alert | None]) -> bool:
        """Makes the alert and publishes it without secrets, if none of its kind went out for `subject`; False
        when one did, and when none is to (`make` returns None). Raises RetryLater while another call is at
        it, and what taking the turn and publishing raise.
        """
        turn = self.turns.take(subject, kind, now=self.clock(), lease=TURN)
        if turn == "done":
            return False
        if turn == "theirs":
            raise RetryLater(f"Another call is sending the alert {kind}.", int(TURN.total_seconds()))
        alert = make()
        if alert is not None:
            self.topic.publish(without_secrets(alert))
        self._note(subject, kind)
        return alert is not None

    def _note(self, subject: Subject, kind: Kind) -> None:
        for _ in range(_NOTE_TRIES):
            with suppress(Unavailable):
                self.turns.sent(subject, kind, now=self.clock())
                return
