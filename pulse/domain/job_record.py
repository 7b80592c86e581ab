"""JobRecord: the ledger's row of one job, and the only rule by which it changes: forward."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from msgspec import Struct, structs

from pulse.domain.alerts_wanted import AlertsWanted
from pulse.domain.job_event import RESULTS_BUCKET_VARIABLE, Attempt, JobEvent
from pulse.domain.job_id import usable_as_job_id
from pulse.domain.job_plan import JobPlan, Step
from pulse.domain.job_status import TERMINAL, BatchStatus, Status, position
from pulse.domain.resources import vcpus_text

RerunReason = Literal["asked", "memory"]
_RESULTS_BUCKET_OPTION = "--s3-results-bucket"


class RunMeasures(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a finished run reported of itself, for sizing the next one. Memory in MiB."""

    peak_memory_mib: float | None = None
    cpu_seconds: float | None = None
    data_bytes: int | None = None
    rows: int | None = None
    windows: int | None = None
    variables: int | None = None


class Rerun(Struct, frozen=True):
    """Why a job is asked for again: `asked`, or `memory` when the first one died of too little."""

    job_id: str
    because: RerunReason


class Change(Struct, frozen=True):
    """One state change: the status, how many attempts had ended by then, and when it happened, UTC."""

    status: BatchStatus
    attempts: int
    at: datetime


class JobRecord(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Times in UTC, memory in MiB, `vcpus` as AWS Batch writes it. `attempts` counts finished ones.

    `foreign`: another client submitted it. `lease_until`: until then, a CLAIMED record belongs to the call
    that claimed it. `follower`: the job that merges or ranks what this array's children write; `follows` is
    its way back. `rerun_of`: the job whose request was asked for again, and `rerun_because` why.

    `changes`: every state change that is known, in the order of a job's life, whatever order their events
    came in. `tries`: the finished attempts. `children`: how many of an array are in each status. `revision`
    counts what events wrote.
    """

    job_id: str
    status: Status
    created_at: datetime
    attempts: int = 0
    batch_job_id: str = ""
    job_name: str = ""
    queue: str = ""
    profile: str = ""
    dataset: str = ""
    dataset_version_id: str = ""
    variables: tuple[str, ...] = ()
    vcpus: str = ""
    memory_mib: int | None = None
    gpus: int = 0
    share_identifier: str = ""
    tags: dict[str, str] = {}
    array_size: int | None = None
    follower: str = ""
    follows: str = ""
    rerun_of: str = ""
    rerun_because: RerunReason | None = None
    alerts: AlertsWanted | None = None
    expected_seconds: float | None = None
    reserved_usd: Decimal | None = None
    cost_usd: Decimal | None = None
    measured: RunMeasures | None = None
    results_bucket: str = ""
    foreign: bool = False
    lease_until: datetime | None = None
    started_at: datetime | None = None
    stopped_at: datetime | None = None
    ran_seconds: float | None = None
    exit_code: int | None = None
    reason: str = ""
    status_reason: str = ""
    stopped_by_request: bool = False
    log_group: str = ""
    log_stream: str = ""
    changes: tuple[Change, ...] = ()
    tries: tuple[Attempt, ...] = ()
    children: dict[str, int] = {}
    revision: int = 0

    @property
    def position(self) -> int:
        return position(self.status, self.attempts)

    @property
    def is_terminal(self) -> bool:
        return self.status in TERMINAL

    @property
    def results_id(self) -> str:
        """Under which id the results lie: a merge or a ranking writes those of the array that it follows."""
        return self.follows or self.job_id

    @property
    def waited_seconds(self) -> float | None:
        """From the request to the start of the first attempt."""
        return max(0.0, (self.started_at - self.created_at).total_seconds()) if self.started_at else None

    def is_about(self, event: JobEvent) -> bool:
        """Whether `event` tells of this very job. Before the answer of SubmitJob is known, the name decides:
        it is unique, because it holds the job id.
        """
        if self.batch_job_id:
            return self.batch_job_id == event.batch_job_id
        return self.job_name == event.job_name


def claimed(  # noqa: PLR0913 - what only the call that claims knows
    plan: JobPlan,
    step: Step,
    *,
    now: datetime,
    results_bucket: str,
    lease: timedelta,
    rerun: Rerun | None = None,
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
        alerts=request.alerts,
        expected_seconds=request.expected_runtime_seconds or resources.expected_seconds,
        reserved_usd=None if step.follows else reserved_usd,
        results_bucket=results_bucket,
        lease_until=now + lease,
    )


def foreign(event: JobEvent, *, job_id: str, queue: str, now: datetime) -> JobRecord:
    """The record of a job that another client submitted, as its first event tells it."""
    # Without a PULSE_JOB_ID the training names its results after the AWS Batch job id.
    lies_here = job_id == (event.named_job_id or event.batch_job_id)
    blank = JobRecord(
        job_id=job_id,
        status="CLAIMED",
        created_at=event.created_at or now,
        job_name=event.job_name,
        queue=queue,
        vcpus=event.vcpus,
        memory_mib=event.memory_mib,
        variables=_variables(event.command),
        results_bucket=_results_bucket(event) if lies_here else "",
        foreign=True,
    )
    return advanced(blank, event) or blank


def record_ids(event: JobEvent) -> list[str]:
    """Under which ids the event's job may be recorded: the PULSE_JOB_ID it runs with, where its results lie,
    or, when that is missing, unusable or another job's, the id that AWS Batch gave it.
    """
    own = event.named_job_id
    return [own, event.batch_job_id] if usable_as_job_id(own) else [event.batch_job_id]


def advanced(record: JobRecord, event: JobEvent) -> JobRecord | None:
    """The record after `event`, or None when the event changes nothing. A late one only adds to what is known
    of the past.
    """
    known = _known(record, event)
    if position(event.status, len(event.attempts)) <= record.position:
        return None if known == record else structs.replace(known, revision=record.revision + 1)
    return structs.replace(
        known,
        revision=record.revision + 1,
        status=event.status,
        attempts=max(record.attempts, len(event.attempts)),
        batch_job_id=event.batch_job_id,
        children=event.children or record.children,
        array_size=record.array_size or event.array_size,
        lease_until=None,
        started_at=event.first_started_at or record.started_at,
        stopped_at=event.stopped_at or record.stopped_at,
        ran_seconds=event.ran_seconds if event.ran_seconds is not None else record.ran_seconds,
        exit_code=event.exit_code,
        reason=event.reason or (event.attempts[-1].reason if event.attempts else ""),
        status_reason=event.status_reason or (event.attempts[-1].status_reason if event.attempts else ""),
        stopped_by_request=event.stopped_by_request,
        log_group=event.log_group or record.log_group,
        log_stream=event.log_stream or record.log_stream,
    )


def _known(record: JobRecord, event: JobEvent) -> JobRecord:
    """With the change and the attempts that the event tells of. Of a repeated change the earliest counts."""
    tries = event.attempts if len(event.attempts) > len(record.tries) else record.tries
    if event.at is None:
        return structs.replace(record, tries=tries)
    change = Change(event.status, len(event.attempts), event.at)
    same = [c for c in record.changes if (c.status, c.attempts) == (change.status, change.attempts)]
    if same and same[0].at <= change.at:
        return structs.replace(record, tries=tries)
    changes = sorted([*(c for c in record.changes if c not in same), change], key=_place)
    return structs.replace(record, tries=tries, changes=tuple(changes))


def _place(change: Change) -> int:
    return position(change.status, change.attempts)


def _results_bucket(event: JobEvent) -> str:
    """The option wins over the environment in the container, and of an option said twice the last."""
    words = event.command
    given = [
        word.partition("=")[2] or next(iter(words[index + 1 :]), "")
        for index, word in enumerate(words)
        if word.partition("=")[0] == _RESULTS_BUCKET_OPTION
    ]
    return given[-1] if given else event.environment.get(RESULTS_BUCKET_VARIABLE, "")


def _variables(command: tuple[str, ...]) -> tuple[str, ...]:
    """The words after `--variables`, up to the next option."""
    if "--variables" not in command:
        return ()
    words = command[command.index("--variables") + 1 :]
    end = next((index for index, word in enumerate(words) if word.startswith("--")), len(words))
    return tuple(words[:end])
