"""Jobs in the ledger and the events of their lives, for the tests of what on_job_event leads to."""

import json
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from pulse.domain.job.record import JobRecord
from pulse.domain.plan.stored_plan import StoredPlan
from pulse.domain.request.identity import Identity
from pulse.domain.request.job_request import JobRequest

EVENTS = Path(__file__).parent.parent / "events"
DATASET = "datasets/market_daily.csv"
RECORDED_JOB = "batch-20260302093000-0a1b2c3d"
RECORDED_BATCH_JOB = "4c7599ae-0a82-49aa-ba5a-4727fcce14a8"
RECORDED_NAME = "pulse-retrodiction-20260302093000-0a1b2c3d"
REQUESTED = datetime.fromisoformat("2026-03-02T09:29:59+00:00")


def submitted(ledger, number=0, **fields) -> JobRecord:
    """A record of ours that AWS Batch has taken; number 0 is the one of the recorded events."""
    job_id, batch_job_id, name = (_numbered(text, number) for text in _NAMES)
    record = JobRecord(
        **{
            "job_id": job_id,
            "status": "CLAIMED",
            "created_at": REQUESTED,
            "job_name": name,
            "queue": "fifo",
            "profile": "small",
            "dataset": DATASET,
            "vcpus": "1",
            "memory_mib": 2048,
            "results_bucket": "pulse-results",
            "lease_until": REQUESTED + timedelta(seconds=90),
        }
        | fields
    )
    plan = StoredPlan(request=JobRequest(), steps=())
    assert ledger.claim(Identity(key=job_id, payload_hash="h"), [record], plan) is None
    ledger.settle(job_id, batch_job_id)
    return ledger.record(job_id)


def told(name, number=0, **detail):
    """A recorded event as that of the numbered job, with other values in its detail."""
    text = (EVENTS / f"{name}.json").read_text()
    for recorded in _NAMES:
        text = text.replace(recorded, _numbered(recorded, number))
    event = json.loads(text)
    event["detail"] |= detail
    return event


def earlier_run(ledger, number, *, ran_seconds, days_ago=1, **fields) -> JobRecord:
    """A run that ended well so many days before."""
    created = REQUESTED - timedelta(days=days_ago)
    record = JobRecord(
        **{
            "job_id": f"batch-20260201000000-{number:08x}",
            "status": "SUCCEEDED",
            "created_at": created,
            "started_at": created + timedelta(seconds=30),
            "ran_seconds": float(ran_seconds),
            "queue": "fifo",
            "profile": "small",
            "dataset": DATASET,
            "vcpus": "1",
            "memory_mib": 2048,
            "results_bucket": "pulse-results",
            "cost_usd": Decimal("0.01"),
        }
        | fields
    )
    assert ledger.create(record)
    return record


def _numbered(text, number):
    return text[:-4] + f"{int(text[-4:], 16) + number:04x}"


_NAMES = (RECORDED_JOB, RECORDED_BATCH_JOB, RECORDED_NAME)
