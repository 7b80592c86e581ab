"""Which record an event is about, attacked by jobs that other clients submitted."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from pulse.domain.job.event import JobEvent
from pulse.domain.job.event_subject import is_about, record_ids
from pulse.domain.job.record import JobRecord
from pulse.domain.job.status import TERMINAL
from tests.unit.alert_cases import DEPLOYMENT
from tests.unit.claim_world import MemoryLedger
from tests.unit.recorder import recorder

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
OURS, NAME = "batch-20260302093000-0a1b2c3d", "pulse-retrodiction-20260302093000-0a1b2c3d"
OUR_BATCH_JOB = "4c7599ae-0a82-49aa-ba5a-4727fcce14a8"
THEIRS = [f"{digit * 8}-0a82-49aa-ba5a-4727fcce14a8" for digit in "bcd"]
FIFO, OTHER = "fifo", "other"
QUEUES = {FIFO: "arn:fifo", OTHER: "arn:other"}


def record(status="CLAIMED", batch_job_id="", **fields):
    known = {"job_name": NAME, "queue": FIFO, "created_at": NOW}
    return JobRecord(**{"job_id": OURS, "status": status, "batch_job_id": batch_job_id} | known | fields)


def event(batch_job_id=OUR_BATCH_JOB, *, named=OURS, status="RUNNING", **fields):
    known = {"job_name": NAME, "queue_arn": QUEUES[FIFO], "environment": {"PULSE_JOB_ID": named}}
    return JobEvent(**{"batch_job_id": batch_job_id, "status": status} | known | fields)


@pytest.mark.parametrize(
    ("of", "happened", "queue", "about"),
    [
        (record("RUNNING", OUR_BATCH_JOB), event(), FIFO, True),
        (record("RUNNING", OUR_BATCH_JOB), event(job_name="other", named=""), OTHER, True),
        (record("RUNNING", OUR_BATCH_JOB), event(THEIRS[0]), FIFO, False),
        (record(), event(), FIFO, True),
        (record(), event(job_name="other"), FIFO, False),
        (record(), event(named="other"), FIFO, False),
        (record(), event(), OTHER, False),
        (record(), event(array_size=2), FIFO, False),
        (record(), event(array_index=0), FIFO, False),
        (record(array_size=2), event(array_size=2), FIFO, True),
        (record(array_size=2), event(array_size=3), FIFO, False),
        (record(array_size=2), event(f"{OUR_BATCH_JOB}:1"), FIFO, True),
        (record("RELEASED"), event(), FIFO, False),
        (record("RELEASED", array_size=2), event(f"{OUR_BATCH_JOB}:1"), FIFO, False),
    ],
)
def test_should_hold_the_table(of, happened, queue, about):
    assert is_about(of, happened, queue=queue) is about


@pytest.mark.parametrize("named", [*THEIRS, THEIRS[0].upper(), "", "a:b", "../x", "x" * 129])
def test_should_give_no_job_an_id_that_aws_batch_gives_or_that_is_no_key(named):
    assert record_ids(event(named=named)) == [OUR_BATCH_JOB]


ids = st.sampled_from([OURS, f"{OURS}-merge", OUR_BATCH_JOB, *THEIRS, "theirs", ""])
foreign_events = st.lists(
    st.builds(
        lambda batch_job_id, part, array_size, **fields: event(
            batch_job_id + part, array_size=None if part else array_size, **fields
        ),
        batch_job_id=st.sampled_from(THEIRS),
        part=st.sampled_from(["", "", ":0", ":1", "#0"]),
        array_size=st.sampled_from([None, None, 2]),
        named=ids,
        job_name=st.sampled_from([NAME, "nightly"]),
        queue_arn=st.sampled_from([*QUEUES.values()]),
        status=st.sampled_from(["RUNNABLE", "RUNNING", "SUCCEEDED", "FAILED"]),
        exit_code=st.sampled_from([None, 0, 76, 137]),
    ),
    max_size=8,
)
known_records = st.sampled_from(
    [
        record("RELEASED"),
        record("RELEASED", array_size=2),
        record("SUBMITTED", OUR_BATCH_JOB),
        record("RUNNING", OUR_BATCH_JOB),
        record("PENDING", OUR_BATCH_JOB, array_size=2),
        record("SUCCEEDED", OUR_BATCH_JOB),
        record(job_name="another name"),
        record(queue="another queue"),
    ]
)


@settings(max_examples=300, deadline=None)
@given(known=known_records, happened=foreign_events)
def test_should_never_write_of_a_foreign_job_into_our_record_nor_give_up_on_its_event(known, happened):
    ledger = MemoryLedger()
    ledger.create(known)
    record_event = follower_of(ledger)
    for one in happened:
        record_event.record(one)
    assert ledger.record(OURS) == known
    assert ledger.children(OURS) == []
    _each_job_has_its_own_record(ledger, happened)


def follower_of(ledger):
    queues = {arn: name for name, arn in QUEUES.items()}
    return structs.replace(recorder(ledger, lambda: NOW, deployment=DEPLOYMENT), queues=queues)


def _each_job_has_its_own_record(ledger, happened):
    for whole in {one.parent_batch_job_id for one in happened if not one.is_node}:
        of_job = [r for r in ledger.records.values() if r.batch_job_id == whole]
        ended = [one for one in happened if one.batch_job_id == whole and one.status in TERMINAL]
        assert all(r.foreign for r in of_job)
        assert not ended or any(r.is_terminal for r in of_job)
    assert all(r.job_id not in THEIRS or r.job_id == r.batch_job_id for r in ledger.records.values())


def test_should_leave_a_claim_alone_that_is_taken_up_again_after_a_foreign_job_of_its_name():
    ledger = MemoryLedger()
    ledger.create(record("RELEASED"))
    record_event = follower_of(ledger)
    record_event.record(event(THEIRS[0], status="RUNNABLE"))
    again = structs.replace(ledger.record(OURS), status="CLAIMED")
    ledger.records[OURS] = again
    record_event.record(event(THEIRS[0]))
    assert ledger.record(OURS) == again
    assert ledger.record(THEIRS[0]).status == "RUNNING"
    record_event.record(event())
    assert (ledger.record(OURS).status, ledger.record(OURS).batch_job_id) == ("RUNNING", OUR_BATCH_JOB)
