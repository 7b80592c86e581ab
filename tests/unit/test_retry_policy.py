"""The default retry rules against what Pulse tells people of every failure that is recorded."""

import pytest

from localaws.batch.scheduling.retries import Outcome, tries_again
from pulse.domain.catalogue.retry_policy import RetryPolicy
from pulse.domain.diagnosis.diagnose import CANCELLED, diagnose
from pulse.domain.job.changes import advanced
from tests.unit.conftest import EVENTS

STRATEGY = RetryPolicy().strategy(10)
ON_EKS = {"failed_pod_memory"}
"""Another orchestrator's words: the rules are those of our definitions, which run on Amazon ECS."""
RECORDED = sorted({file.stem.removeprefix("batch_") for file in EVENTS.glob("batch_failed_*.json")} - ON_EKS)


def test_should_retry_exactly_what_the_diagnosis_says_may_end_well(record, happened):
    wrong = []
    tried = 0
    for name in RECORDED:
        failed = advanced(record, happened(name))
        found = diagnose(failed)
        # Without an attempt there is nothing to evaluate, and what somebody stopped stays stopped.
        if not failed.attempts or (failed.stopped_by_request and found.cause == CANCELLED):
            continue
        tried += 1
        ended = Outcome(failed.exit_code, failed.status_reason, 0, failed.reason, final=_is_final(failed))
        if tries_again(STRATEGY, 1, ended) != found.retry_helps:
            wrong.append((name, found.cause, found.retry_helps))
    assert wrong == []
    assert tried > 40


@pytest.mark.parametrize(
    ("exit_code", "status_reason", "again"),
    [
        (143, "Your Spot Task was interrupted.", True),
        (137, "Your Spot Task was interrupted.", True),
        (137, "Host EC2 (instance i-0da6526579af3bd1b) terminated.", True),
        (75, "Essential container in task exited", True),
        (143, "Essential container in task exited", False),
        (76, "Essential container in task exited", False),
    ],
)
def test_should_tell_a_container_that_was_stopped_by_aws_from_one_that_ended(exit_code, status_reason, again):
    assert tries_again(STRATEGY, 1, Outcome(exit_code, status_reason, 0)) is again


def _is_final(failed) -> bool:
    return failed.status_reason.startswith("Job attempt duration exceeded timeout")
