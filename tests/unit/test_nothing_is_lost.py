"""Whatever becomes of a job's events (lost, doubled, in any order): after the reconciler the ledger says what
it would say had they come in order, and people were told once.
"""

import json
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from pulse.domain import console
from pulse.domain.alerts.job_ended import Deployment
from pulse.domain.catalogue import catalogue
from pulse.domain.job import event as job_event
from pulse.domain.job.drift import Patience
from pulse.domain.job.record import JobRecord
from pulse.services.alert.publish_alert import PublishAlert
from pulse.services.follow.reconcile_jobs import ReconcileJobs
from tests.unit.claim_world import Clock, MemoryLedger
from tests.unit.recorder import recorder

SUCCEEDED = json.loads((Path(__file__).parents[1] / "events" / "batch_succeeded.json").read_text())["detail"]
DEPLOYMENT = Deployment(
    console=console.of_arn("arn:aws:sns:us-east-1:123456789012:alerts"), data_bucket="data"
)
START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
LIFE = ("RUNNABLE", "STARTING", "RUNNING")
DONE = ("SUCCEEDED", "FAILED")


def milliseconds(moment):
    return int(moment.timestamp() * 1000)


def life(name, attempts, end):
    """The details of a job's events in order, with their times. `end`: its last status."""
    blank = deepcopy(SUCCEEDED) | {"jobId": f"aws-{name}", "jobName": f"pulse-{name}", "jobQueue": "arn:fifo"}
    blank["container"]["environment"] = [{"name": "PULSE_JOB_ID", "value": name}]
    for absent in ("startedAt", "stoppedAt", "statusReason"):
        blank.pop(absent, None)
    blank["container"].pop("exitCode", None)
    told, at, tries = [], START, []
    for number in range(attempts):
        last = number == attempts - 1
        for status in LIFE[: LIFE.index(end) + 1] if last and end in LIFE else LIFE:
            at += timedelta(seconds=30)
            times = {"startedAt": milliseconds(at)} if status == "RUNNING" else {}
            told.append((at, blank | {"status": status, "attempts": [*tries], **times}))
        started, at = at, at + timedelta(seconds=30)
        tries.append(
            {
                "startedAt": milliseconds(started),
                "stoppedAt": milliseconds(at),
                "container": {"exitCode": 0 if last and end == "SUCCEEDED" else 75},
            }
        )
    if end in DONE:
        exit_code = {"exitCode": 0 if end == "SUCCEEDED" else 75}
        final = {"status": end, "attempts": tries, "stoppedAt": milliseconds(at)}
        told.append((at, blank | final | {"container": blank["container"] | exit_code}))
    return told


@dataclass
class Channel:
    """Turns and topic of alerts."""

    alerts: list = field(default_factory=list)
    told: set = field(default_factory=set)

    def take(self, subject, kind, **_):
        return "done" if (subject.job_id, kind) in self.told else "ours"

    def sent(self, subject, kind, **_):
        self.told.add((subject.job_id, kind))

    def publish(self, alert):
        self.alerts.append((alert.job_id, alert.kind))


@dataclass
class Batch:
    """What DescribeJobs says: how each job's life has ended."""

    details: dict

    def describe(self, batch_job_ids):
        assert len(batch_job_ids) <= 100
        return [self.details[one] for one in batch_job_ids if one in self.details]


@dataclass
class Queue:
    """SQS, which delivers to on_job_event, and sometimes twice."""

    recorder: object
    twice: bool

    def send(self, _, detail, *, time=None):
        for _ in range(1 + self.twice):
            self.recorder.record(job_event.parse(detail, at=time))


class World:
    def __init__(self, names, twice):
        self.clock, self.ledger, self.channel = Clock(), MemoryLedger(), Channel()
        self.clock.now = START + timedelta(days=1)
        publish_alert = PublishAlert(turns=self.channel, topic=self.channel, clock=self.clock)
        self.recorder = recorder(self.ledger, self.clock, deployment=DEPLOYMENT, publish_alert=publish_alert)
        self.queue = Queue(self.recorder, twice)
        for name in names:
            self.ledger.create(
                JobRecord(
                    job_id=name,
                    status="SUBMITTED",
                    created_at=START,
                    batch_job_id=f"aws-{name}",
                    job_name=f"pulse-{name}",
                    queue="fifo",
                    results_bucket="results",
                )
            )

    def hear(self, told):
        for at, detail in told:
            self.recorder.record(job_event.parse(detail, at=at))
        return self

    def reconcile(self, details):
        return ReconcileJobs(
            ledger=self.ledger,
            batch=Batch(details),
            job_events=self.queue,
            queues={"fifo": catalogue.Queue(arn="arn:fifo")},
            patience=Patience(),
            clock=self.clock,
        ).reconcile()

    def known(self):
        """Without the past, of which a lost event takes its part, and without how often it was written."""
        return {
            job_id: structs.replace(record, changes=(), revision=0)
            for job_id, record in self.ledger.records.items()
        }


lives = st.lists(st.tuples(st.integers(1, 3), st.sampled_from((*LIFE, *DONE, *DONE))), min_size=1, max_size=4)


@pytest.mark.long
@settings(max_examples=400, deadline=None)
@given(lives=lives, data=st.data(), twice=st.booleans())
def test_should_end_as_if_every_event_had_come_in_order_and_tell_once(lives, data, twice):
    told = {f"job-{i}": life(f"job-{i}", *one) for i, one in enumerate(lives)}
    every = [event for events in told.values() for event in events]
    copies = data.draw(st.lists(st.integers(0, 2), min_size=len(every), max_size=len(every)))
    delivered = [event for event, count in zip(every, copies, strict=True) for _ in range(count)]
    in_order, world = World(told, twice=False).hear(every), World(told, twice)

    world.hear(data.draw(st.permutations(delivered)))
    right, before = in_order.known(), world.known()
    behind = [name for name in right if before[name].position < right[name].position]
    last = {f"aws-{name}": events[-1][1] for name, events in told.items()}
    found = world.reconcile(last)

    assert world.known() == right
    assert sorted(repair.job_id for repair in found.repairs) == behind
    ended = [(name, record.status) for name, record in right.items() if record.is_terminal]
    assert sorted(world.channel.alerts) == ended
    assert world.reconcile(last).repairs == ()
