"""Whatever fails, and wherever functions die: one job per step of a request, and the ledger knows its id.

The mutants show that the machine would find it if it were not so.
"""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from pulse.domain.errors import OutcomeUnknown
from pulse.domain.plan import claim
from pulse.services.follow.resume_claims import ResumeClaims
from pulse.services.submit import finish_claim, submit_job
from pulse.services.submit.finish_claim import FinishClaim
from tests.unit.claim_machine import ClaimMachine
from tests.unit.claim_world import MemoryLedger

A_SEED = 60
"""Examples."""


def explore(machine, examples, first=0):
    """Draws so many ways of failing, a part of them from each seed, `first` being the first seed."""
    for number in range(first, first + examples // A_SEED):
        run_state_machine_as_test(
            seed(number)(machine),
            settings=settings(
                max_examples=A_SEED,
                stateful_step_count=16,
                phases=(Phase.generate,),
                suppress_health_check=list(HealthCheck),
                report_multiple_bugs=False,
                database=None,
                deadline=None,
            ),
        )


def test_should_give_each_request_exactly_one_job_whatever_fails():
    explore(ClaimMachine, 600)


class NoLookUp(FinishClaim, frozen=True, kw_only=True):
    def _find(self, _):
        return ""


class ReleasedWhenTheLookUpIsDenied(FinishClaim, frozen=True, kw_only=True):
    def _submit(self, step, follows):
        try:
            return self.batch.submit(step.after(follows))
        except OutcomeUnknown:
            if found := self._find(step):
                return found
            raise


class SentAgainAfterALostAnswer(FinishClaim, frozen=True, kw_only=True):
    def _submit(self, step, follows):
        try:
            return self.batch.submit(step.after(follows))
        except OutcomeUnknown:
            return self.batch.submit(step.after(follows))


class NoSecondSteps(ResumeClaims, frozen=True, kw_only=True):
    def _left_behind(self, _):
        return []


class NoLook(ResumeClaims, frozen=True, kw_only=True):
    def resume(self):
        return None


class Unconditional(MemoryLedger):
    def take_over(self, record, *, until, budget_usd):
        super().take_over(record, until=until, budget_usd=budget_usd)
        return self.records[record.job_id]


class ReleasedByAnybody(MemoryLedger):
    def release(self, record, reason):
        super().release(self.records[record.job_id], reason)


ALWAYS_FOUND = "two jobs of one name|too many jobs|released, but it has a job"
MUTANTS = {
    "no look-up by name": {"finish_claim": NoLookUp},
    "a denied look-up counts as a refused job": {"finish_claim": ReleasedWhenTheLookUpIsDenied},
    "SubmitJob is retried as boto3 does": {"finish_claim": SentAgainAfterALostAnswer},
    "a claim is taken over without a condition": {"ledger": Unconditional},
    "a claim is released under whatever lease": {"ledger": ReleasedByAnybody},
}
CONSTANTS = {
    "no time for a job to be listed": {"LISTED_WITHIN": timedelta(0)},
    "no lease": {"LEASE": timedelta(0)},
    "a lost answer releases the claim": {
        "_SURELY_NOT_TAKEN": (*finish_claim._SURELY_NOT_TAKEN, OutcomeUnknown)
    },
}
FIRST = {
    "no look-up by name": 6,
    "a denied look-up counts as a refused job": 20,
    "SubmitJob is retried as boto3 does": 6,
    "a claim is taken over without a condition": 5,
    "a claim is released under whatever lease": 1,
    "no time for a job to be listed": 35,
    "no lease": 35,
    "a lost answer releases the claim": 6,
}
"""The seed by which each is found soonest. From any other on it takes up to thousands of examples."""


@pytest.mark.parametrize("name", MUTANTS)
def test_should_find_the_second_job_of_a_mutant(name):
    with pytest.raises(AssertionError, match=ALWAYS_FOUND):
        explore(type("Mutant", (ClaimMachine,), MUTANTS[name]), 5000, FIRST[name])


@pytest.mark.parametrize(
    ("resume_claims", "found", "first"),
    [
        (NoLook, "left in the middle|its array has no follower", 5),
        (NoSecondSteps, "its array has no follower", 4),
    ],
)
def test_should_find_what_stays_half_done_when_nobody_comes_back(resume_claims, found, first):
    with pytest.raises(AssertionError, match=found):
        explore(type("Mutant", (ClaimMachine,), {"resume_claims": resume_claims}), 5000, first)


@pytest.mark.parametrize("name", CONSTANTS)
def test_should_find_the_second_job_when_a_constant_is_wrong(name, monkeypatch):
    for constant, value in CONSTANTS[name].items():
        for module in (claim, finish_claim, submit_job):
            if hasattr(module, constant):
                monkeypatch.setattr(module, constant, value)
    with pytest.raises(AssertionError, match=ALWAYS_FOUND):
        explore(ClaimMachine, 5000, FIRST[name])
