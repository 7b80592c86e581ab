"""The jobs of these tests."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from msgspec import structs

from pulse.domain.job.record import JobRecord
from pulse.domain.plan.job_plan import Step
from pulse.domain.plan.stored_plan import StoredPlan
from pulse.domain.request.identity import Identity
from pulse.domain.request.job_request import JobRequest

KEPT = timedelta(days=400)
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
MARCH = "2026-03"
MINUTE = timedelta(minutes=1)
RECORD = JobRecord(
    job_id="batch-1",
    status="CLAIMED",
    created_at=NOW,
    job_name="pulse-1",
    vcpus="0.25",
    memory_mib=512,
    variables=("a", "ü b"),
    lease_until=NOW + timedelta(seconds=90),
)
KEY = Identity(key="k", payload_hash="h")
PLAN = StoredPlan(
    request=JobRequest(shards=2, max_cost_usd=Decimal("1.5"), depends_on=("batch-0",)),
    steps=(
        Step(job_id="batch-1", parameters={"jobName": "pulse-1", "arrayProperties": {"size": 2}}),
        Step(job_id="batch-1-merge", parameters={"jobName": "pulse-1-merge"}, follows="batch-1"),
    ),
    why="as asked",
)


def numbered(number: int, **fields: object) -> JobRecord:
    """The record of another job, asked for so many minutes after the first."""
    changes = {"job_id": f"batch-{number}", "created_at": NOW + number * MINUTE, **fields}
    return structs.replace(RECORD, **changes)
