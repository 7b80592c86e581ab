"""A ledger and an AWS Batch in memory. The conditions of the writes are those of pulse.aws.ledger.ledger."""

# ruff: noqa: ARG002 - the ports' signatures

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from msgspec import structs

from pulse.domain.catalogue.catalogue import Catalogue, Queue
from pulse.domain.deployment import Site
from pulse.domain.errors import NotFound
from pulse.domain.job.child import Child
from pulse.domain.job.event import JobEvent
from pulse.domain.job.record import JobRecord
from pulse.domain.plan.claim import LEASE, LISTED_WITHIN, Claim
from pulse.domain.request.defaults import RequestDefaults
from pulse.domain.request.profile import Profile
from tests.unit.claim_functions import FUNCTION_LIVES

TAKEN_WITHIN = LEASE - FUNCTION_LIVES - timedelta(seconds=1)
"""A request on its way when its function died is taken before the lease ends, or never."""
LAGS = (timedelta(0), timedelta(seconds=20), LISTED_WITHIN)
CATALOGUE = Catalogue(
    queues={"fifo": Queue(arn="arn:fifo")},
    profiles={"small": Profile(vcpus=0.25, memory_mib=512, timeout_seconds=3600, queue="fifo")},
    request_defaults=RequestDefaults(profile="small", variables=("spx_close",)),
)
SITE = Site(data_bucket="data", results_bucket="results", job_definition="arn:definition:7")


class Clock:
    def __init__(self):
        self.now = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)

    def __call__(self):
        return self.now


@dataclass
class MemoryLedger:
    claims: dict[str, Claim] = field(default_factory=dict)
    records: dict[str, JobRecord] = field(default_factory=dict)
    plans: dict[str, Any] = field(default_factory=dict)
    noted_children: dict[tuple[str, int], Child] = field(default_factory=dict)
    arrays: list[tuple[datetime, str]] = field(default_factory=list)
    costs: dict[str, Decimal] = field(default_factory=dict)

    def claim(self, identity, records, plan, reservation=None):
        first = records[0]
        known = self.claims.get(identity.key)
        if known is not None:
            return None if known.job_id == first.job_id else known
        self.claims[identity.key] = Claim(job_id=first.job_id, payload_hash=identity.payload_hash)
        self.records |= {record.job_id: record for record in records}
        self.plans[first.job_id] = plan
        return None

    def claimed(self, identity, *, now):
        return self.claims.get(identity.key)

    def plan(self, job_id):
        if job_id not in self.plans:
            raise NotFound(job_id)
        return self.plans[job_id]

    def take_over(self, record, *, until, budget_usd):
        held = self.records[record.job_id]
        if record.status not in {"RELEASED", "CLAIMED"} or (held.status, held.lease_until) != (
            record.status,
            record.lease_until,
        ):
            return None
        self.records[record.job_id] = structs.replace(
            held, status="CLAIMED", lease_until=until, status_reason=""
        )
        return self.records[record.job_id]

    def settle(self, job_id, batch_job_id):
        if self.records[job_id].status == "CLAIMED":
            self._change(job_id, status="SUBMITTED", batch_job_id=batch_job_id)

    def release(self, record, reason):
        held = self.records[record.job_id]
        if (held.status, held.lease_until) == ("CLAIMED", record.lease_until):
            self._change(record.job_id, status="RELEASED", status_reason=reason)

    def _change(self, job_id, **changes):
        self.records[job_id] = structs.replace(self.records[job_id], lease_until=None, **changes)

    def record(self, job_id):
        return self.records.get(job_id)

    def newest(self, by, of, *, most, after):
        assert by == "status"
        found = [record for record in self.records.values() if record.status == of]
        found.sort(key=lambda record: (record.created_at, record.job_id), reverse=True)
        if after:
            found = [r for r in found if (r.created_at, r.job_id) < (after.created_at, after.job_id)]
        return found[:most]

    def create(self, record):
        return self.records.setdefault(record.job_id, record) is record

    def update_if_unchanged(self, record, *, before):
        held = self.records[record.job_id]
        if (held.position, held.revision) != (before, record.revision - 1):
            return False
        self.records[record.job_id] = record
        return True

    def note_child(self, job_id, child, *, now):
        self.noted_children[job_id, child.index] = child

    def children(self, job_id):
        return [child for (parent, _), child in self.noted_children.items() if parent == job_id]

    def note_ended_array(self, job_id, *, now):
        self.arrays.append((now, job_id))

    def ended_arrays(self, *, since, until):
        return {job_id for at, job_id in self.arrays if since <= at < until}

    def note_cost(self, record):
        if record.cost_usd is not None:
            self.costs[record.job_id] = max(record.cost_usd, self.costs.get(record.job_id, Decimal(0)))

    def runs(self, **_):
        return []


@dataclass
class Job:
    id: str
    parameters: dict[str, Any]
    listed_at: datetime
    status: str = "SUBMITTED"

    @property
    def name(self):
        return self.parameters["jobName"]

    def event(self):
        environment = self.parameters["containerOverrides"]["environment"]
        return JobEvent(
            batch_job_id=self.id,
            job_name=self.name,
            queue_arn=self.parameters["jobQueue"],
            status=self.status,
            environment={pair["name"]: pair["value"] for pair in environment},
        )


@dataclass
class MemoryBatch:
    """`lag`: how long the next job stays unlisted. `on_the_way`: requests that nobody waits for any more."""

    clock: Clock
    jobs: list[Job] = field(default_factory=list)
    on_the_way: list[tuple[datetime, dict[str, Any]]] = field(default_factory=list)
    lag: timedelta = LAGS[0]

    def submit(self, parameters):
        job = Job(f"aws-{len(self.jobs)}", parameters, self.clock() + self.lag)
        self.jobs.append(job)
        return job.id

    def find(self, queue_arn, job_name):
        return [job.id for job in self.jobs if job.name == job_name and job.listed_at <= self.clock()]

    def take_later(self, parameters):
        self.on_the_way.append((self.clock() + TAKEN_WITHIN, parameters))

    def arrive(self):
        """Takes what was on the way until now."""
        due = [parameters for at, parameters in self.on_the_way if at <= self.clock()]
        self.on_the_way = [sent for sent in self.on_the_way if sent[0] > self.clock()]
        for parameters in due:
            self.submit(parameters)
