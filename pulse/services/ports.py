"""What the use cases need from outside, as protocols: `pulse.aws` has the real ones, tests have their own.

All methods raise Unavailable when the service fails in passing and Misconfigured when it denies the call.
"""

from datetime import datetime, timedelta
from typing import Any, Protocol

from pulse.domain.alert import Alert, Kind
from pulse.domain.alert_turn import Subject, Turn
from pulse.domain.claim import Claim
from pulse.domain.idempotency import Identity
from pulse.domain.job_record import JobRecord


class Ledger(Protocol):
    def claim(self, identity: Identity, record: JobRecord) -> Claim | None:
        """Writes the claim and the record, both or none. None when they are written, else who was first.

        Raises Unavailable when the record's job id is taken by another request.
        """

    def renew(self, record: JobRecord) -> bool:
        """Takes a RELEASED record over as CLAIMED; False when it is not RELEASED, or no more."""

    def settle(self, job_id: str, batch_job_id: str) -> None:
        """CLAIMED becomes SUBMITTED. Nothing happens when an event came first."""

    def release(self, job_id: str, reason: str) -> None:
        """CLAIMED becomes RELEASED: AWS Batch has surely not taken the job."""

    def record(self, job_id: str) -> JobRecord | None: ...

    def create(self, record: JobRecord) -> bool:
        """Writes a record that is not there yet; False when it is."""

    def move(self, record: JobRecord, *, before: int) -> bool:
        """Writes what an event changed if the record's position is still `before`; False when it is not."""

    def alert_turn(self, subject: Subject, kind: Kind, *, now: datetime, lease: timedelta) -> Turn:
        """Whose turn it is to send this alert. `ours` lasts for `lease`, then somebody else may take over."""

    def alert_sent(self, subject: Subject, kind: Kind, *, now: datetime) -> None: ...


class Batch(Protocol):
    def submit(self, parameters: dict[str, Any]) -> str:
        """Calls SubmitJob exactly once and returns AWS Batch's job id.

        Raises NotAccepted, RefusedByBatch or Misconfigured when the job was surely not taken, and
        OutcomeUnknown when it may have been.
        """


class Objects(Protocol):
    def read(self, bucket: str, key: str, *, version_id: str = "", limit_bytes: int) -> bytes | None:
        """The object, None when it does not exist. Raises TooLarge when it is larger than the limit."""


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
