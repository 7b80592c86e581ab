from datetime import timedelta

import pytest
from msgspec import structs

from pulse.domain.plan.claim import LEASE, LISTED_WITHIN, standing

BRIEFLY = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (timedelta(0), "in flight"),
        (LEASE - BRIEFLY, "in flight"),
        (LEASE, "unsettled"),
        (LEASE + LISTED_WITHIN - BRIEFLY, "unsettled"),
        (LEASE + LISTED_WITHIN, "abandoned"),
    ],
)
def test_should_stand_as_long_as_somebody_may_be_at_work_or_the_job_unlisted(record, now, after, expected):
    claimed = structs.replace(record, status="CLAIMED", lease_until=now + LEASE)
    assert standing(claimed, now + after) == expected


@pytest.mark.parametrize("status", ["SUBMITTED", "RUNNING", "SUCCEEDED", "FAILED"])
def test_should_be_submitted_once_anything_is_known_of_the_job(record, now, status):
    assert standing(structs.replace(record, status=status, lease_until=now), now) == "submitted"


def test_should_be_released_when_batch_has_surely_not_taken_it(record, now):
    assert standing(structs.replace(record, status="RELEASED"), now) == "released"


def test_should_be_abandoned_only_when_every_time_limit_of_the_call_that_claimed_it_is_over():
    """An HTTP API answers after 30 s at most, SubmitJob is waited for 10 s."""
    assert timedelta(seconds=30 + 10) < LEASE
