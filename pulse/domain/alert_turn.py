"""Whose turn it is to send an alert, so that it goes out once."""

from typing import Literal

from msgspec import Struct

from pulse.domain.idempotency import Identity
from pulse.domain.job_record import JobRecord


class MonthShare(Struct, frozen=True):
    """So many percent of the budget of a month (YYYY-MM)."""

    month: str
    percent: int


Turn = Literal["ours", "theirs", "done"]
Subject = JobRecord | Identity | MonthShare
"""What an alert is about: a job, a request that became none, or a share of a month's budget."""
