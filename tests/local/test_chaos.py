"""One event of AWS Batch in five is lost, one in five comes twice, all come in another order; and what the
reconciler makes of it.
"""

import json
import re
import time
import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.table import Table

from localaws import faults
from pulse.aws.ledger.items import record_of
from pulse.domain.job.record import JobRecord
from tests.local import evidence
from tests.local.deployment import ENDS, Deployment, pulse_job_id, until
from tests.local.quick_jobs import quick_jobs

pytestmark = pytest.mark.local

JOBS, AT_ONCE = 60, 8
LOSSES = {"drop": 0.2, "double": 0.2, "shuffle_seconds": 3.0, "seed": 20_260_302}
PATIENCE = {"unchanged_seconds": dict.fromkeys(("SUBMITTED", "RUNNABLE", "STARTING", "RUNNING"), 1)}
SECONDS = 600  # patience, no measure: doubles of what is being handled come again after 15 s
JOB_ID = re.compile(r"batch-[0-9]{14}-[0-9a-f]{8}")


def test_should_end_right_and_tell_once_whatever_becomes_of_the_events(
    own_pulse: Deployment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    pulse, run = own_pulse, uuid.uuid4().hex
    patience = json.dumps(PATIENCE | {"late_seconds": 1})
    with (
        _no_clock(pulse),
        _soon_again(pulse),
        quick_jobs(pulse, tmp_path),
        pulse.told("ReconcileJobs", PULSE_PATIENCE=patience) as reconcile_jobs,
    ):
        with faults.injected(pulse.found.pages_url, events=LOSSES):
            ids = _submit(pulse, run)
            ends = until(lambda: _ends(pulse, run), "the end of all jobs", SECONDS)
            time.sleep(LOSSES["shuffle_seconds"])
            until(lambda: _is_quiet(pulse), "the last event", SECONDS)
            fate = faults.shown(pulse.found.pages_url)["told"]
        before = _records(pulse, ids)
        behind = {job for job, end in ends.items() if before[job].status != end}
        first = _invoke(pulse, reconcile_jobs)
        after = until(lambda: _all_as(ends, _records(pulse, ids)), "the repairs", SECONDS)
        until(lambda: _is_quiet(pulse), "the last alert", SECONDS)
        second = _invoke(pulse, reconcile_jobs)
    mails = _mails(pulse, ids)

    with capsys.disabled():
        _show(fate, ends, before, after, first["repaired"], mails)
    assert len(ends) == JOBS
    other = {job for job, record in after.items() if record.batch_job_id != ids[job]}
    assert not other, evidence.of_jobs(pulse, other)
    assert behind, "no end was lost: there was nothing to repair"
    assert first["repaired"] == len(behind), evidence.of_jobs(pulse, behind)
    assert second["repaired"] == 0, evidence.of_jobs(pulse, behind)
    otherwise = {job for job in ids if mails[job] != 1}
    assert not otherwise, f"Not told once. {evidence.of_jobs(pulse, otherwise)}"


def _submit(pulse: Deployment, run: str) -> dict[str, str]:
    """AWS Batch's job ids by ours."""
    request = {"profile": "small", "variables": ["spx_close"], "alerts": {"channels": ["email"]}}

    def post(number: int) -> dict[str, Any]:
        tagged = request | {"tags": {"Chaos": run, "Number": str(number)}}
        answer = pulse.post(tagged, headers={"Idempotency-Key": f"{run}-{number}"})
        assert answer.is_success, answer.text
        return dict(answer.json())

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return {answer["job_id"]: answer["batch_job_id"] for answer in pool.map(post, range(JOBS))}


def _ends(pulse: Deployment, run: str) -> dict[str, str] | None:
    """How AWS Batch says that each job ended; None as long as one has not."""
    jobs = [job for job in pulse.all_jobs() if job["tags"].get("Chaos") == run]
    if any(job["status"] not in ENDS for job in jobs):
        return None
    return {pulse_job_id(job): job["status"] for job in jobs}


def _is_quiet(pulse: Deployment) -> bool:
    """Whether on_job_event has nothing to do."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = pulse.sqs.get_queue_attributes(QueueUrl=pulse.queue_url("Events"), AttributeNames=names)
    return not any(int(found["Attributes"][name]) for name in names)


def _records(pulse: Deployment, ids: Iterable[str]) -> dict[str, JobRecord]:
    """What the ledger says of each job."""
    pages = pulse.table.get_paginator("scan").paginate(TableName=pulse.ledger)
    found = (item for page in pages for item in page["Items"] if item["sk"]["S"] == "RECORD")
    records = {item["job_id"]["S"]: record_of(item) for item in found}
    return {job: records[job] for job in ids}


def _all_as(ends: dict[str, str], records: dict[str, JobRecord]) -> dict[str, JobRecord] | None:
    """The records once all say how their jobs ended."""
    return records if all(records[job].status == end for job, end in ends.items()) else None


def _invoke(pulse: Deployment, function: str) -> dict[str, int]:
    answer = pulse.found.client("lambda").invoke(FunctionName=function, Payload=b"{}")
    found = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, found
    return dict(found)


def _mails(pulse: Deployment, ids: Collection[str]) -> Counter[str]:
    """How many e-mails told of the end of each job."""
    told_of = (
        set(JOB_ID.findall(message["text"])) & set(ids)
        for message in pulse.messages("", "email")
        if message["attributes"]["kind"] in ENDS
    )
    return Counter(job for jobs in told_of for job in jobs)


@contextmanager
def _no_clock(pulse: Deployment) -> Iterator[None]:
    """The reconciler runs only when it is called."""
    rules = pulse.found.client("events")
    (name,) = (rule["Name"] for rule in rules.list_rules()["Rules"] if "ReconcileJobsClock" in rule["Name"])
    rules.disable_rule(Name=name)
    try:
        yield
    finally:
        rules.enable_rule(Name=name)


@contextmanager
def _soon_again(pulse: Deployment) -> Iterator[None]:
    """An event whose double is being handled is put off until it is no longer hidden."""
    url, name = pulse.queue_url("Events"), "VisibilityTimeout"
    before = pulse.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name]
    pulse.sqs.set_queue_attributes(QueueUrl=url, Attributes={name: "15"})
    try:
        yield
    finally:
        pulse.sqs.set_queue_attributes(QueueUrl=url, Attributes={name: before})


def _show(  # noqa: PLR0913, PLR0917 - the columns of the table
    fate: dict[str, Any],
    ends: dict[str, str],
    before: dict[str, JobRecord],
    after: dict[str, JobRecord],
    repaired: int,
    mails: Counter[str],
) -> None:
    lost, events = len(fate["dropped"]), fate["sent"] - fate["doubled"] + len(fate["dropped"])
    table = Table(
        title=f"{len(ends)} jobs, {events} events: {lost} lost, {fate['doubled']} doubled, all shuffled; "
        f"{repaired} jobs repaired"
    )
    for name in ("ended", "jobs", "right by events", "right after the repairs", "told once"):
        table.add_column(name, justify="left" if name == "ended" else "right")
    for end in ENDS:
        jobs = [job for job, status in ends.items() if status == end]
        right = [sum(told[job].status == end for job in jobs) for told in (before, after)]
        once = sum(mails[job] == 1 for job in jobs)
        table.add_row(end, *(str(count) for count in (len(jobs), *right, once)))
    Console(width=110).print(table)
