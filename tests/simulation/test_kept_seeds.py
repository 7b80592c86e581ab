"""Seeds that once broke an invariant, and a minute of new ones."""

import os
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from tests.simulation.kernel import Kind
from tests.simulation.shrink import shrunk
from tests.simulation.simulation import RATES, simulate
from tests.simulation.story import story

ASKED_FOR = 200
NEW_SEEDS_FOR_SECONDS = 60.0
FIRST_ON_A_BUILD_MACHINE = 10_000_000


@dataclass(frozen=True)
class Kept:
    """A run that broke, and what was wrong then."""

    seed: int
    asked_for: int
    why: str
    rates: Mapping[Kind, float] = field(default_factory=lambda: RATES)


KEPT = (
    Kept(
        7041,
        120,
        "a function took its own turn to alert for another's, five times in a row",
        {"doubled": 0.2},
    ),
    Kept(5, 200, "the reconciler looked for the children of an ended array for half an hour only"),
    Kept(2000012, 200, "the books did not wait for the alert that counts a flood of refused drops"),
    Kept(20000033, 200, "a foreign job that looks like ours, and was heard of first, took the claim"),
    Kept(30000061, 200, "an array and what follows it were both blocked, which are two alerts"),
    Kept(1241601509, 200, "an array and what follows it were cancelled, and people were told of both"),
    Kept(1000032, 200, "what was cancelled after its Spot capacity was taken was to run again"),
)


def check(seed: int, asked_for: int = ASKED_FOR, rates: Mapping[Kind, float] = RATES) -> None:
    run = simulate(seed, asked_for, rates=rates)
    if run.broken:
        pytest.fail(story(shrunk(run, seconds=60)), pytrace=False)


@pytest.mark.parametrize("kept", KEPT, ids=lambda kept: kept.why)
def test_should_hold_for_a_seed_that_once_broke(kept: Kept):
    check(kept.seed, kept.asked_for, kept.rates)


def test_should_hold_for_a_minute_of_new_seeds(capsys: pytest.CaptureFixture[str]):
    # A change is judged by itself: on a build machine the seeds are the same for all.
    first = FIRST_ON_A_BUILD_MACHINE if os.environ.get("CI") else secrets.randbelow(2**31)
    until, seed = time.monotonic() + NEW_SEEDS_FOR_SECONDS, first
    while time.monotonic() < until:
        check(seed)
        seed += 1
    with capsys.disabled():
        print(f"\nsimulated seeds {first} to {seed - 1}, {ASKED_FOR} asked for in each")  # noqa: T201
