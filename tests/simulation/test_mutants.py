"""The simulation catches what it should: whoever takes a rule of the protocol away hears of it."""

import pytest

from tests.simulation.mutants import MUTANTS, Mutant
from tests.simulation.simulation import simulate

MOST_REQUESTS = 10_000
SEEDS, ASKED = range(1, 4), 20
SETTINGS = list({(one.asked, *one.more.items()): one for one in MUTANTS}.values())
"""One mutant for each number of asks and kind of faults."""


def ids(mutant: Mutant) -> str:
    return mutant.name


def test_should_know_at_least_25_mutants_by_their_names():
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 25


@pytest.mark.parametrize("mutant", MUTANTS, ids=ids)
def test_should_break_when_a_rule_is_gone(mutant: Mutant):
    requests, seed, broken = 0, mutant.first, ""
    with mutant.applied():
        while not broken and requests < MOST_REQUESTS:
            run = mutant.run(seed)
            seed += 1
            requests += run.requests
            broken = run.broken
    assert broken, f"{requests} requests did not show that {mutant.name}"


@pytest.mark.parametrize("seed", SEEDS)
def test_should_hold_while_all_rules_are_there(seed: int):
    assert not simulate(seed, ASKED).broken


@pytest.mark.parametrize("mutant", SETTINGS, ids=ids)
def test_should_hold_under_the_faults_of_a_mutant(mutant: Mutant):
    assert not mutant.run(SEEDS[0]).broken
