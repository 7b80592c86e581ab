import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from recursive_training.data.names import TABLE_SUFFIXES

from pulse.domain.catalogue.catalogue import Catalogue, Queue
from pulse.domain.catalogue.trigger import Trigger
from pulse.domain.deployment import Site
from pulse.domain.job import event
from pulse.domain.job.event import JobEvent
from pulse.domain.job.record import JobRecord
from pulse.domain.request.defaults import RequestDefaults
from pulse.domain.request.profile import Profile

EVENTS = Path(__file__).parent.parent / "events"


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.fixture
def catalogue() -> Catalogue:
    return Catalogue(
        queues={
            "fifo": Queue(arn="arn:fifo"),
            "fair": Queue(arn="arn:fair", fair_share=True),
            "gpu": Queue(arn="arn:gpu", platform="EC2", job_definition="arn:definition-ec2:1"),
        },
        profiles={
            "small": Profile(vcpus=0.25, memory_mib=512, timeout_seconds=3600, attempts=3, queue="fifo"),
            "gpu": Profile(vcpus=4, memory_mib=15000, timeout_seconds=60, queue="gpu", gpus=1),
        },
        request_defaults=RequestDefaults(profile="small", variables=("spx_close", "us_10y_yield")),
        triggers=(Trigger(suffix=".csv", profile="small"),),
        table_suffixes=TABLE_SUFFIXES,
        tags={"Project": "Pulse", "CreatedBy": "pulse"},
    )


@pytest.fixture
def site() -> Site:
    return Site(data_bucket="data", results_bucket="results", job_definition="arn:definition:7")


@pytest.fixture
def detail() -> Callable[[str], dict]:
    """The detail of a recorded AWS Batch event."""
    return lambda name: json.loads((EVENTS / f"batch_{name}.json").read_text())["detail"]


@pytest.fixture
def happened(detail) -> Callable[[str], JobEvent]:
    return lambda name: event.parse(detail(name))


@pytest.fixture
def record(now) -> JobRecord:
    return JobRecord(
        job_id="batch-20260302093000-0a1b2c3d",
        status="SUBMITTED",
        created_at=now,
        batch_job_id="4c7599ae-0a82-49aa-ba5a-4727fcce14a8",
        job_name="pulse-retrodiction-20260302093000-0a1b2c3d",
        queue="fifo",
        profile="small",
        dataset="datasets/market_daily.csv",
        vcpus="1",
        memory_mib=2048,
        results_bucket="results",
    )
