"""Whose turn it is to send an alert, so that it goes out once."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from pulse.domain.job.record import JobRecord
from pulse.domain.request.identity import Identity


class MonthShare(Struct, frozen=True):
    """So many percent of the budget of a month (YYYY-MM)."""

    month: str
    percent: int


class RefusedSince(Struct, frozen=True):
    """The drops that were refused in the ten minutes from then on, UTC."""

    since: datetime


Turn = Literal["ours", "theirs", "done"]
Subject = JobRecord | Identity | MonthShare | RefusedSince
"""What an alert is about: a job, a request that became none, many of them, or a share of a month's budget."""
