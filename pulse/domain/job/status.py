"""The states of a job in the order in which they come, AWS Batch's own words plus two of ours before them.

https://docs.aws.amazon.com/batch/latest/userguide/job_states.html
"""

from typing import Literal

BatchStatus = Literal["SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED"]
Status = Literal["RELEASED", "CLAIMED", BatchStatus]
"""CLAIMED: a submission is under way, or its answer was lost. RELEASED: it was surely not accepted."""

_RANK: dict[Status, int] = {
    "RELEASED": 0,
    "CLAIMED": 0,
    "SUBMITTED": 1,
    "PENDING": 2,
    "RUNNABLE": 3,
    "STARTING": 4,
    "RUNNING": 5,
    "SUCCEEDED": 6,
    "FAILED": 6,
}
TERMINAL: frozenset[Status] = frozenset({"SUCCEEDED", "FAILED"})
_RANKS = 10
_THE_END = 1_000_000


def position(status: Status, attempts: int) -> int:
    """One number that only grows in the life of a job: (finished attempts, rank of the status), and above
    everything the terminal states, which are equal, so that the first one stays.

    RUNNING and then RUNNABLE is legal on a retry, because by then one more attempt is finished.
    """
    return _THE_END if status in TERMINAL else attempts * _RANKS + _RANK[status]
