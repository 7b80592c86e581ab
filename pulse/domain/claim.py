"""Claim: the ledger's note that a request has its job, and what it means to meet one."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from pulse.domain.errors import IdempotencyConflict
from pulse.domain.idempotency import Identity
from pulse.domain.job_record import JobRecord

Standing = Literal["submitted", "in flight", "unsettled", "released"]


class Claim(Struct, frozen=True, kw_only=True):
    job_id: str
    payload_hash: str


def check_payload(claim: Claim, identity: Identity) -> None:
    """Raises IdempotencyConflict when a client used its key for something else before."""
    if identity.strict and claim.payload_hash != identity.payload_hash:
        raise IdempotencyConflict(claim.job_id)


def standing(record: JobRecord, now: datetime) -> Standing:
    """How far the job of a claim is. `unsettled`: the call that claimed it is over and has not said how it
    ended, so AWS Batch may or may not have the job.
    """
    if record.status == "RELEASED":
        return "released"
    if record.status != "CLAIMED":
        return "submitted"
    return "in flight" if record.lease_until and now < record.lease_until else "unsettled"
