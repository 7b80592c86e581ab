"""The records of jobs, their claims, plans and costs."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from pulse.domain.cost.budget import Reservation
from pulse.domain.cost.instances import Instance
from pulse.domain.cost.months import JobCost, Spent
from pulse.domain.job.child import Child
from pulse.domain.job.record import JobRecord
from pulse.domain.job.status import Status
from pulse.domain.plan.claim import Claim
from pulse.domain.plan.stored_plan import StoredPlan
from pulse.domain.request.identity import Identity
from pulse.domain.views.pages import Attribute, Position
from pulse.domain.views.queue import Unfinished


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

    def update_if_unchanged(self, record: JobRecord, *, before: int) -> bool:
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
