"""What is sent, scheduled or posted, and what keeps it from being sent twice."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Protocol

from pulse.domain.alerts.alert import Alert, Kind
from pulse.domain.alerts.flood import Refusals
from pulse.domain.alerts.turn import Subject, Turn
from pulse.domain.request.identity import AutomaticReason


class Turns(Protocol):
    def take(self, subject: Subject, kind: Kind, *, now: datetime, lease: timedelta) -> Turn:
        """Whose turn it is to send this alert. `ours` lasts for `lease`, then somebody else may take over."""

    def sent(self, subject: Subject, kind: Kind, *, now: datetime) -> None: ...


class RefusedDrops(Protocol):
    def count(self, since: datetime, about: str) -> int:
        """Counts one more in the window that began at `since`; how many they are with it."""

    def of(self, since: datetime) -> Refusals | None: ...

    def between(self, first: datetime, last: datetime) -> Iterator[Refusals]:
        """Yields the windows that began in this time."""


class Reruns(Protocol):
    @property
    def wanted(self) -> bool:
        """Whether Pulse submits failed jobs again by itself."""

    def enqueue(self, job_id: str, because: AutomaticReason) -> None:
        """Asks for a failed job to be submitted again with what it lacked."""


class Schedules(Protocol):
    def set(self, job_id: str, at: datetime) -> None:
        """Schedules "Job Overdue" at that time. A second call does no harm."""

    def delete(self, job_id: str) -> None:
        """Removes the job's schedule. A second call does no harm."""


class Messages(Protocol):
    def send(self, detail_type: str, detail: dict[str, Any], *, time: datetime | None = None) -> None:
        """Puts an event of our own into its function's queue. `time`: when it happened."""


class Topic(Protocol):
    def publish(self, alert: Alert) -> None: ...


class Secret(Protocol):
    def value(self) -> str: ...

    def forget(self) -> None:
        """Reads it anew next time: it may have been rotated."""


class Webhook(Protocol):
    def post(self, url: str, body: bytes) -> "WebhookAnswer":
        """Posts JSON, following no redirect. Raises NotDelivered when no answer came."""


class WebhookAnswer(Protocol):
    @property
    def status(self) -> int: ...

    @property
    def retry_after_seconds(self) -> int | None: ...

    @property
    def text(self) -> str: ...
