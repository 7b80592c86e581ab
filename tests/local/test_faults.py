"""400 requests, each of which gets exactly one job (an array and its follower: two), whatever is injected.

tests/simulation tries it a million times; here it is once over sockets and between processes.

The real handlers run in processes of their own against the ledger and the AWS Batch of this machine; between
them stands microburst. What fails is delivered again, as SQS and the clients of an API do it, with the
functions' clock a visibility timeout later.
"""

import os
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from botocore.config import Config
from botocore.retries.standard import ExponentialBackoff
from rich.console import Console

from lambdas.wiring import on_job_event as wiring
from lambdas.wiring import shared
from localaws import instance
from pulse.aws import clients
from tests.local import evidence, fault_proxy
from tests.local.fault_requests import Asked, requests
from tests.local.fault_rounds import KINDS, arranged, bodies, job_events, submissions
from tests.local.fault_tally import Tally
from tests.local.fault_worker import Hooks, Worker, run
from tests.local.fault_world import World

pytestmark = pytest.mark.local
# ruff: noqa: S311 - a fixed seed is the point

SEED = 20_260_302
REQUESTS, FEW_REQUESTS = 400, 120
FAULT_PERCENT = (75, 60, 40, 20, 0, 0)
"""Of the invocations, round by round. In the last two, what still waits must settle."""
WIDTH = 140
LATER = timedelta(seconds=170)
"""From one delivery to the next: more than the visibility timeout of the queue."""
LIST_LAG_SECONDS = 1
"""A job is listed so long after it was taken: a look-up before says nothing about it."""


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("LOCALAWS_BATCH_SUBMITS_PER_SECOND", "0")
    monkeypatch.setenv("LOCALAWS_BATCH_LIST_LAG_SECONDS", str(LIST_LAG_SECONDS))
    found = instance.up(tmp_path)
    try:
        yield World(found)
    finally:
        instance.down(tmp_path)


@pytest.fixture
def submit_attempts() -> int:
    """How often the client may send SubmitJob by itself."""
    return 1


@pytest.fixture
def workers(
    world: World, submit_attempts: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[list[Worker]]:
    """A process for each core, whose calls go through the proxy. Those of `world` do not."""
    with fault_proxy.proxy(world.batch.meta.endpoint_url, tmp_path) as url:
        for name, value in _environment(world, url).items():
            monkeypatch.setenv(name, value)
        _hurry(monkeypatch, submit_attempts)
        hooks = Hooks()
        monkeypatch.setattr(shared, "now", hooks.now)
        hooks.install(monkeypatch)
        _wire()
        started = [Worker(hooks) for _ in range(os.cpu_count() or 2)]
        yield started
        for worker in started:
            worker.process.terminate()
        _forget_wiring()


def test_should_give_each_request_exactly_one_job_whatever_fails(
    world: World, workers: list[Worker], capsys: pytest.CaptureFixture[str]
):
    tally, asked = Tally(), _asked(world, REQUESTS)

    waiting = _everything_fails(world, workers, asked, tally)

    jobs, records = world.jobs(), world.records()
    lost = [name for name, one in asked.items() if len(jobs[one.dataset]) < one.steps]
    doubled = [name for name, one in asked.items() if len(jobs[one.dataset]) > one.steps]
    with capsys.disabled():
        title = f"{len(asked)} requests, {sum(map(len, jobs.values()))} jobs; seed {SEED}"
        tally.show(Console(width=WIDTH), title, lost, doubled)
    wrong = {*waiting, *lost, *doubled}
    assert not wrong, evidence.told(wrong, lambda name: [*world.told_of(asked[name]), *tally.told[name]])
    every = [job for found in jobs.values() for job in found]
    assert len({job.name for job in every}) == len({job.pulse_job_id for job in every}) == len(every)
    assert {job.pulse_job_id: job.batch_job_id for job in every} == {
        job_id: record.get("batch_job_id") for job_id, record in records.items()
    }
    assert tally.injected(KINDS) > REQUESTS / 2
    assert all(tally.rows[kind].injected for kind in KINDS), "a fault of the table was never injected"


@pytest.mark.parametrize("submit_attempts", [3])
def test_should_see_doubled_jobs_when_submit_job_is_retried_as_boto3_does(
    world: World, workers: list[Worker]
):
    asked = _asked(world, FEW_REQUESTS)

    _everything_fails(world, workers, asked, Tally())

    jobs = world.jobs()
    assert any(len(jobs[one.dataset]) > one.steps for one in asked.values())


def _asked(world: World, count: int) -> dict[str, Asked]:
    return {one.name: one for one in map(world.dropped, requests(count, Random(SEED)))}


def _everything_fails(world: World, workers: list[Worker], asked: dict[str, Asked], tally: Tally) -> set[str]:
    """Round after round, until nothing more fails; the names of the requests that still wait then."""
    random = Random(SEED)
    waiting, events, later = set(asked), [], timedelta(0)
    for percent in FAULT_PERCENT:
        # The functions' clock goes on at once, that of AWS does not.
        time.sleep(LIST_LAG_SECONDS)
        made = [*submissions(asked, waiting, random), *job_events(events + world.new_events(), random)]
        unheard = []
        round_ = arranged(made, fault_percent=percent, later=later, random=random)
        for invocation, answer in run(workers, round_):
            tally.add(invocation, answer)
            if invocation.function == "submit_job":
                waiting -= set(invocation.requests) - answer.failed
            elif answer.failed:
                unheard.append(invocation)
        events, later = bodies(unheard), later + LATER
    # What the last round submitted is listed only then: without this, it counted as lost.
    time.sleep(2 * LIST_LAG_SECONDS)
    return waiting


def _environment(world: World, url: str) -> dict[str, str]:
    return {
        **world.settings.to_env(),
        **world.found.environment(),
        "AWS_ENDPOINT_URL": url,
        "AWS_LAMBDA_FUNCTION_NAME": "function",
    }


def _hurry(monkeypatch: pytest.MonkeyPatch, submit_attempts: int) -> None:
    """Shorter time-outs and pauses; nothing else about the clients changes."""
    patience = Config(read_timeout=fault_proxy.READ_TIMEOUT_SECONDS)
    monkeypatch.setattr(clients, "_RETRYING", clients._RETRYING.merge(patience))
    if submit_attempts > 1:
        patience = patience.merge(Config(retries={"total_max_attempts": submit_attempts}))
    monkeypatch.setattr(clients, "_ONCE", clients._ONCE.merge(patience))
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda *_: 0.01)
    monkeypatch.setattr(shared, "pause_up_to", lambda _: None)


def _wire() -> None:
    """Once, and before the processes part: clients without a connection may be shared."""
    _forget_wiring()
    shared.submit_drop()
    wiring.record_job_event()


def _forget_wiring() -> None:
    for value in [*vars(shared).values(), *vars(wiring).values()]:
        if hasattr(value, "cache_clear"):
            value.cache_clear()
