"""The whole simulation: it is deterministic, it settles, and what it is there for happens in it."""

import gc
import os
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from typing import get_args

import pytest

from tests.simulation.__main__ import Totals
from tests.simulation.drawing import ARRAYS, DOORS, FLAWS, PROFILES, RERUNS, asks
from tests.simulation.faults import Kind
from tests.simulation.kernel import Kernel
from tests.simulation.simulation import RATES, simulate
from tests.simulation.world import World

USUAL_SEEDS = (1, 2, 3)
ASKS = 100
ROOT = Path(__file__).parents[2]
STORY = """
from hashlib import sha256
from tests.simulation.simulation import simulate
run = simulate(11, 30, tells=True)
lines = "".join(map(repr, run.story))
print(sha256(lines.encode()).hexdigest(), len(run.story), run.requests, run.broken)
"""


@cache
def usual(seed):
    return simulate(seed, ASKS)


def story_with_hash_seed(hash_seed):
    path = os.pathsep.join([str(ROOT), str(ROOT / "training")])
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": path}
    command = [sys.executable, "-c", STORY]
    return subprocess.run(
        command, env=environment, cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout


def test_the_story_depends_on_the_seed_only():
    assert story_with_hash_seed("1") == story_with_hash_seed("2")


def test_the_story_is_the_same_after_another_simulation():
    first = simulate(12, 20, tells=True)
    simulate(13, 10)
    second = simulate(12, 20, tells=True)
    assert list(first.story) == list(second.story)
    assert first.calls == second.calls


def test_nothing_of_a_run_stays_in_memory():
    for seed in (1, 2, 3, 4):
        simulate(seed, 40)
    gc.collect()
    assert not [one for one in gc.get_objects() if isinstance(one, World)]


def test_leaving_requests_out_leaves_the_others_as_they_were():
    whole = {one.name: one for one in asks(Kernel(1, RATES), 50)}
    kept = ["r00003", "r00017"]
    run = simulate(1, 50, names=kept, rates={})
    assert run.asked == tuple(kept)
    assert {one.name: one for one in asks(Kernel(1, {}), 50)} == whole


def test_without_faults_everything_settles_and_nothing_breaks():
    run = simulate(4, 100, rates={})
    assert not run.broken
    assert not run.happened
    assert run.jobs > 50
    assert run.requests > 500


@pytest.mark.parametrize("seed", USUAL_SEEDS)
def test_with_the_usual_faults_nothing_breaks(seed):
    assert not usual(seed).broken


def test_each_kind_of_fault_happens():
    kinds = {fault.kind for seed in USUAL_SEEDS for fault in usual(seed).happened}
    assert kinds == set(get_args(Kind))


def test_totals_say_what_was_counted_only():
    totals = Totals()
    for seed in USUAL_SEEDS:
        totals.add(usual(seed))
    found = totals.as_json(1)
    del found["cpu_seconds"]
    runs = [usual(seed) for seed in USUAL_SEEDS]
    assert found == {
        "first_seed": 1,
        "runs": len(runs),
        "asked": ASKS * len(runs),
        "requests": sum(run.requests for run in runs),
        "jobs": sum(run.jobs for run in runs),
        "invocations": sum(run.invocations for run in runs),
        "aws_calls": sum(run.calls.total() for run in runs),
        "faults": Counter(fault.kind for run in runs for fault in run.happened),
    }


def test_each_kind_of_ask_happens():
    drawn = [one for seed in USUAL_SEEDS for one in asks(Kernel(seed, RATES), ASKS)]
    for of, shares in {
        "door": DOORS,
        "profile": PROFILES,
        "array": ARRAYS,
        "flaw": FLAWS,
        "rerun": RERUNS,
    }.items():
        assert {getattr(one, of) for one in drawn} == set(shares)
    for of in ("keyed", "gives_up", "forced", "dry", "brief", "sequential", "after", "stem"):
        assert {bool(getattr(one, of)) for one in drawn} == {True, False}
    for of in ("cancelled", "looks", "kinds", "channels", "expected_seconds", "again", "deleted", "cloned"):
        assert {getattr(one, of) is None for one in drawn} == {True, False}
    assert max(len(one.twins) for one in drawn) > 30


def test_each_way_of_answering_and_telling_happens():
    runs = [usual(seed) for seed in USUAL_SEEDS]
    answers = sum((run.answers for run in runs), Counter())
    expected = {("POST", 200), ("POST", 202), ("POST", 409), ("POST", 422), ("POST", 503), ("GET", 200)}
    assert expected <= set(answers)
    told = {kind for run in runs for kind in run.kinds}
    assert {"SUBMITTED", "STARTED", "SUCCEEDED", "FAILED", "OVERDUE", "BLOCKED", "REJECTED"} <= told
