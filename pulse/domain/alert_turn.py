"""Whose turn it is to send an alert, so that it goes out once."""

from typing import Literal

from pulse.domain.idempotency import Identity
from pulse.domain.job_record import JobRecord

Turn = Literal["ours", "theirs", "done"]
Subject = JobRecord | Identity
"""What an alert is about: a job, or a request that became none."""
