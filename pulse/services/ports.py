"""What the use cases need from outside, as protocols: `pulse.aws` has the real ones, tests have their own.

All methods raise Unavailable when the service fails in passing and Misconfigured when it denies the call.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol

from pulse.domain.alert import Alert, Kind
from pulse.domain.alert_turn import Subject, Turn
from pulse.domain.array_children import Child
from pulse.domain.claim import Claim
from pulse.domain.drop_flood import Refusals
from pulse.domain.idempotency import Identity
from pulse.domain.instance_cost import Instance, SpotPrice
from pulse.domain.job_log import Line, StreamPage
from pulse.domain.job_page import Attribute, Position
from pulse.domain.job_record import JobRecord
from pulse.domain.job_request import JobRequest
from pulse.domain.job_status import Status
from pulse.domain.month_costs import JobCost, Spent
from pulse.domain.preparation import Preparation
from pulse.domain.queue_view import Snapshot, Unfinished
from pulse.domain.s3_objects import Listing, Part
from pulse.domain.stored_plan import Reservation, StoredPlan


class Ledger(Protocol):
    def claim(
        self,
        identity: Identity,
        records: Sequence[JobRecord],
        plan: StoredPlan,
        reservation: Reservation | None = None,
    ) -> Claim | None:
        """Writes the claim, the records of its steps, their plan and what it takes out of the month's budget,
        all or none. None when they are written, else who was first.

        Raises OverLimit when the budget does not hold the reservation, Unavailable when the id of a record is
        taken by another request.
        """

    def claimed(self, identity: Identity, *, now: datetime) -> Claim | None:
        """Who claimed this identity, as long as the claim counts."""

    def refuse(self, identity: Identity, reason: str, *, now: datetime) -> Claim | None:
        """Writes down that a request is refused for good, so that it can never be claimed; None when written,
        now or before, else the claim of the job that it has.
        """

    def plan(self, job_id: str) -> StoredPlan:
        """What was planned for a job that was claimed. Raises NotFound."""

    def take_over(
        self, record: JobRecord, *, until: datetime, budget_usd: Decimal | None
    ) -> JobRecord | None:
        """Gives a record, RELEASED or CLAIMED with a lease that is over, a new lease; None when it has
        changed since it was read. Of a RELEASED one the month's budget must hold again what it may cost, else
        OverLimit is raised.
        """

    def settle(self, job_id: str, batch_job_id: str) -> None:
        """CLAIMED becomes SUBMITTED. Nothing happens when an event came first."""

    def release(self, record: JobRecord, reason: str) -> None:
        """CLAIMED becomes RELEASED, as long as the lease is that of `record`: AWS Batch has surely not taken
        the job. What it may cost goes back to the month's budget.
        """

    def record(self, job_id: str) -> JobRecord | None: ...

    def create(self, record: JobRecord) -> bool:
        """Writes a record that is not there yet; False when it is."""

    def move(self, record: JobRecord, *, before: int) -> bool:
        """Writes what an event changed if the record's position is still `before`; False when it is not."""

    def note_child(self, job_id: str, child: Child, *, now: datetime) -> None:
        """How a child of an array ended; again does no harm."""

    def child(self, job_id: str, index: int) -> Child | None:
        """A child of an array; None until its end is noted."""

    def children(self, job_id: str) -> list[Child]:
        """The ended children of an array, as far as they are noted."""

    def note_ended_array(self, job_id: str, *, now: datetime) -> None:
        """That an array has ended; again does no harm."""

    def ended_arrays(self, *, since: datetime, until: datetime) -> set[str]:
        """The job ids of the arrays whose end was noted in this time."""

    def instance(self, container_instance: str) -> Instance | None:
        """What is noted of a container instance, by its ARN."""

    def note_instance(self, container_instance: str, instance: Instance, *, now: datetime) -> None: ...

    def note_cost(self, record: JobRecord) -> Spent | None:
        """Adds what an ended job cost to its month and gives back what it reserved; None when its cost is not
        known. Once: a repeated call adds nothing, and with a higher cost the difference.
        """

    def runs(self, *, dataset: str = "", profile: str = "", most: int) -> list[JobRecord]:
        """The newest jobs of a data set, or of a profile."""

    def newest(self, by: Attribute, of: str, *, most: int, after: Position | None) -> list[JobRecord]:
        """The jobs with this value of an attribute, the newest first, from beyond a position on."""

    def unfinished(self, status: Status, *, most: int) -> list[Unfinished]:
        """The jobs in this state, the oldest first."""

    def costs(self, month: str) -> Iterable[JobCost]:
        """What each ended job of a month (YYYY-MM) cost."""

    def reserved(self, month: str) -> Decimal:
        """What the unfinished jobs of a month may cost at most, US dollars, as far as they reserved it."""

    def spent(self, month: str) -> Decimal:
        """What the jobs of a month (YYYY-MM) cost, and what those that run may cost at most, US dollars."""


class Instances(Protocol):
    def find(self, container_instance: str) -> Instance | None:
        """What runs under a container instance of Amazon ECS, by its ARN; None when it is gone."""

    def spot_prices(self, instance: Instance, since: datetime, until: datetime) -> list[SpotPrice]:
        """Of instances like this one in its zone, with the price that held when `since` began."""


class Turns(Protocol):
    def take(self, subject: Subject, kind: Kind, *, now: datetime, lease: timedelta) -> Turn:
        """Whose turn it is to send this alert. `ours` lasts for `lease`, then somebody else may take over."""

    def sent(self, subject: Subject, kind: Kind, *, now: datetime) -> None: ...


class RefusedDrops(Protocol):
    def count(self, since: datetime, about: str) -> int:
        """Counts one more in the window that began at `since`; how many they are with it."""

    def of(self, since: datetime) -> Refusals | None: ...

    def between(self, first: datetime, last: datetime) -> Iterator[Refusals]:
        """Of the windows that began in this time."""


class Batch(Protocol):
    def find(self, queue_arn: str, job_name: str) -> list[str]:
        """The ids of the queue's jobs of this name in any state, the oldest first."""

    def stop(self, batch_job_id: str, reason: str) -> None:
        """Ends a job in any state; one that has ended stays as it is."""

    def describe(self, batch_job_ids: Sequence[str]) -> list[dict[str, Any]]:
        """DescribeJobs' JobDetail of at most 100 jobs; those that it does not know are left out."""

    def submit(self, parameters: dict[str, Any]) -> str:
        """Calls SubmitJob exactly once and returns AWS Batch's job id.

        Raises NotAccepted, RefusedByBatch or Misconfigured when the job was surely not taken, and
        OutcomeUnknown when it may have been.
        """


class JobQueues(Protocol):
    def snapshot(self, queue_arn: str) -> Snapshot:
        """Who stands at the front of a job queue, and what is in use."""


class Objects(Protocol):
    def read(self, bucket: str, key: str, *, version_id: str = "", limit_bytes: int) -> bytes | None:
        """The object, None when it does not exist. Raises TooLarge when it is larger than the limit."""

    def read_range(self, bucket: str, key: str, byte_range: str, *, version_id: str = "") -> Part | None:
        """A part of the object, None when the object does not exist. `byte_range` is an HTTP Range."""

    def listing(self, bucket: str, prefix: str, *, limit: int = 1000, after: str = "") -> Listing:
        """The first objects under `prefix` beyond the key `after`, at most `limit`, which may be 1,000."""


class Logs(Protocol):
    def read(self, group: str, stream: str, *, most: int, token: str) -> StreamPage | None:
        """The next lines of a log stream, the oldest first; None when there is no such stream. `token` is
        empty at first. Raises InvalidCall for a token that is none.
        """

    def last(self, group: str, stream: str, *, most: int) -> tuple[Line, ...]:
        """The last lines of a log stream, the oldest first; none when there is no such stream."""


class Prepare(Protocol):
    def __call__(self, request: JobRequest, *, quoted: bool = False) -> Preparation: ...


class Reruns(Protocol):
    @property
    def wanted(self) -> bool:
        """Whether jobs that died of memory are submitted again."""

    def ask(self, job_id: str) -> None:
        """Asks for a job to be submitted again with more memory."""


class Schedules(Protocol):
    def set(self, job_id: str, at: datetime) -> None:
        """Has it told, at that time, that the job should have ended; again does no harm."""

    def delete(self, job_id: str) -> None:
        """Has it not told any more; again does no harm."""


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
