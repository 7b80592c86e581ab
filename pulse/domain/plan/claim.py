"""Claim: the ledger's note that a request has its job, and what it means to meet one."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from pulse.domain.caller import shown_arn
from pulse.domain.errors import IdempotencyConflict
from pulse.domain.job.record import JobRecord, Rerun
from pulse.domain.plan.job_plan import JobPlan, Step
from pulse.domain.request.identity import Identity
from pulse.domain.request.resources import vcpus_text
from pulse.domain.s3.layout import REPORT

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


def claimed(  # noqa: PLR0913 - what only the call that claims knows
    plan: JobPlan,
    step: Step,
    *,
    now: datetime,
    results_bucket: str,
    lease: timedelta,
    rerun: Rerun | None = None,
    asked_by: str = "",
    quoted_usd: Decimal | None = None,
    reserved_usd: Decimal | None = None,
) -> JobRecord:
    """The record that is written before the step is submitted. `now` is when the call claimed it, UTC."""
    request, resources = plan.request, plan.resources
    return JobRecord(
        job_id=step.job_id,
        status="CLAIMED",
        created_at=plan.created_at,
        job_name=step.job_name,
        queue=plan.queue,
        profile=plan.profile,
        dataset=request.dataset or "",
        dataset_version_id=request.dataset_version_id or "",
        variables=plan.variables,
        training=plan.training.name if plan.training else "",
        parameters=request.parameters,
        exit_codes=plan.training.exit_codes if plan.training else {},
        on_folder=plan.training is not None and plan.training.has_folder,
        report=_report_of(plan),
        metrics_file=plan.training.metrics.file if plan.training and plan.training.metrics else "",
        vcpus=vcpus_text(resources.vcpus),
        memory_mib=resources.memory_mib,
        gpus=resources.gpus,
        share_identifier=request.share_identifier or "",
        tags=request.tags,
        array_size=step.array_size,
        follower="" if step.follows else next((s.job_id for s in plan.steps if s.follows == step.job_id), ""),
        follows=step.follows,
        rerun_of=rerun.job_id if rerun else "",
        rerun_because=rerun.because if rerun else None,
        asked_by=shown_arn(asked_by),
        alerts=request.alerts,
        expected_seconds=request.expected_runtime_seconds or resources.expected_seconds,
        due_seconds=None if step.follows else request.expected_runtime_seconds,
        quoted_usd=None if step.follows else quoted_usd,
        reserved_usd=None if step.follows else reserved_usd,
        results_bucket=results_bucket,
        lease_until=now + lease,
    )


def _report_of(plan: JobPlan) -> str:
    """The page that a run of a described training leaves; of a sweep the one that ranks it."""
    if plan.training is None:
        return ""
    return REPORT if plan.request.sweep else plan.training.report or ""
