"""Claim: the ledger's note that a request has its job, and what it means to meet one."""

from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from pulse.domain.errors import IdempotencyConflict
from pulse.domain.idempotency import Identity
from pulse.domain.job_record import JobRecord

LEASE = timedelta(seconds=60)
"""Longer than a function that submits may live (29 s, the longest answer of an HTTP API) and than it waits
for SubmitJob (10 s): after it, nobody is at work on the claim any more.
"""
LISTED_WITHIN = timedelta(seconds=60)
"""AWS Batch lists a job that it took at most so long before: generous, because AWS does not say."""

REMEMBERED_FOR = timedelta(days=6)
"""AWS Batch keeps a finished job for seven days at least, so it lists what it took for as long as that."""

Standing = Literal["submitted", "in flight", "released", "unsettled", "abandoned", "forgotten"]


class Claim(Struct, frozen=True, kw_only=True):
    """`refused`: why the request has no job and never will have one; `job_id` is empty then."""

    job_id: str
    payload_hash: str
    refused: str = ""


def check_payload(claim: Claim, identity: Identity) -> None:
    """Raises IdempotencyConflict when a client used its key for something else before."""
    if identity.strict and claim.payload_hash != identity.payload_hash:
        raise IdempotencyConflict(claim.job_id)


def standing(record: JobRecord, now: datetime) -> Standing:
    """How far the submission of a record is.

    | standing | the call that claimed it | AWS Batch has the job | what to do |
    | --- | --- | --- | --- |
    | submitted | said how it ended | yes | nothing |
    | in flight | is at work | perhaps | wait |
    | released | said how it ended | surely not | submit |
    | unsettled | is over, without a word | perhaps | look it up by name; absent says nothing yet |
    | abandoned | is over, long enough | if it has, it lists it | look it up by name; absent: submit |
    | forgotten | is over, too long | nobody can tell any more | leave it to a person |
    """
    if record.status == "RELEASED":
        return "released"
    if record.status != "CLAIMED":
        return "submitted"
    if record.lease_until and now >= record.lease_until + REMEMBERED_FOR:
        return "forgotten"
    if record.lease_until is None or now >= record.lease_until + LISTED_WITHIN:
        return "abandoned"
    return "in flight" if now < record.lease_until else "unsettled"
