"""JobRecord: the ledger's row of one job. How it begins and changes is in changes.py."""

from datetime import datetime
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from pulse.domain.caller import cancelled_by
from pulse.domain.job.event import Attempt
from pulse.domain.job.status import TERMINAL, BatchStatus, Status, position
from pulse.domain.job.usual import Usual
from pulse.domain.request.alerts_wanted import AlertsWanted
from pulse.domain.request.identity import AutomaticReason
from pulse.domain.request.parameters import Value
from pulse.domain.s3.layout import REPORT
from pulse.domain.training.data_container import CODES
from pulse.domain.training.definition import ExitCode
from pulse.domain.training.headline import HeadlineMetric

RerunReason = Literal["asked"] | AutomaticReason


class RunMeasures(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a finished run reported of itself, for sizing the next one. Memory in MiB."""

    peak_memory_mib: float | None = None
    cpu_seconds: float | None = None
    data_bytes: int | None = None
    rows: int | None = None
    windows: int | None = None
    variables: int | None = None


class Rerun(Struct, frozen=True):
    """Why a job is asked for again: `asked`; by Pulse itself `memory` when the first died of too little, or
    `spot` when it lost its Spot capacity.
    """

    job_id: str
    because: RerunReason


class Change(Struct, frozen=True):
    """One state change: the status, how many attempts had ended by then, and when it happened, UTC."""

    status: BatchStatus
    attempts: int
    at: datetime


class JobRecord(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Times in UTC, memory in MiB, `vcpus` as AWS Batch writes it. `attempts` counts finished ones.

    `foreign`: another client submitted it; `runs_training`: such a job runs our training all the same.
    `lease_until`: until then, a CLAIMED record belongs to the call that claimed it. `follower`: the job that
    merges or ranks what this array's children write; `follows` is its way back. `rerun_of`: the job whose
    request was asked for again, and `rerun_because` why.

    `training`: the described training that it runs, empty for retrodiction; `parameters`: the values that its
    request gives; `exit_codes`: what the training's own mean; `on_folder`: a second container moves its data;
    `report`: the page that it writes; `metrics_file`: where it writes what it measured.

    `asked_by`: the ARN of who asked for it, through the API; of a drop what S3 says of who put it there, of a
    job that Pulse submitted again who asked for the first. Empty where nobody knows.

    `headline`: what its run found, in few numbers. `warnings`: what its run says that a person must read
    first, without secrets, the first 20 of `warnings_count` sentences.

    `changes`: every state change that is known, in the order of a job's life, whatever order their events
    came in. `tries`: the finished attempts. `children`: how many of an array are in each status. `revision`
    counts what events wrote.

    `quoted_usd`: what it will likely cost, with the one that follows it: known from its start on, by earlier
    runs, and before that only where a limit of cost had it worked out.
    Known when a job of ours has started: `usual`, what earlier runs of its profile took, of no array;
    `compared_to`, the newest run of the same data set that ended well; `due_at`, when it is overdue.
    `due_seconds`: how long it should run, as its request says. `blocked_reason`: why AWS Batch cannot start
    it, as long as it is RUNNABLE; `blocked_since`: when that was first heard of, of an array since a child
    last started.
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
    training: str = ""
    parameters: dict[str, Value] = {}
    exit_codes: dict[str, ExitCode] = {}
    on_folder: bool = False
    report: str = ""
    metrics_file: str = ""
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
    due_seconds: float | None = None
    due_at: datetime | None = None
    usual: Usual | None = None
    compared_to: str = ""
    quoted_usd: Decimal | None = None
    reserved_usd: Decimal | None = None
    cost_usd: Decimal | None = None
    measured: RunMeasures | None = None
    headline: tuple[HeadlineMetric, ...] = ()
    warnings: tuple[str, ...] = ()
    warnings_count: int = 0
    results_bucket: str = ""
    asked_by: str = ""
    foreign: bool = False
    runs_training: bool = False
    lease_until: datetime | None = None
    started_at: datetime | None = None
    stopped_at: datetime | None = None
    ran_seconds: float | None = None
    exit_code: int | None = None
    reason: str = ""
    status_reason: str = ""
    blocked_reason: str = ""
    blocked_since: datetime | None = None
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
    def has_started(self) -> bool:
        return self.status == "RUNNING" or self.started_at is not None

    @property
    def is_training(self) -> bool:
        """Whether its exit code is retrodiction's, which every job of ours runs that names no training."""
        return self.runs_training or not (self.foreign or self.training)

    @property
    def own_meaning(self) -> ExitCode | None:
        """What its exit code means by the described training that it runs, or by what moves its data."""
        code = str(self.exit_code)
        return self.exit_codes.get(code) or (CODES.get(code) if self.on_folder else None)

    @property
    def report_file(self) -> str:
        """The name of its report; empty where it writes none."""
        return self.report if self.training else REPORT

    @property
    def results_id(self) -> str:
        """Under which id the results lie: a merge or a ranking writes those of the array that it follows."""
        return self.follows or self.job_id

    @property
    def cancelled_by(self) -> str:
        """The ARN of who cancelled it through Pulse."""
        return cancelled_by(self.status_reason)

    @property
    def waited_seconds(self) -> float | None:
        """From the request to the start of the first attempt."""
        return max(0.0, (self.started_at - self.created_at).total_seconds()) if self.started_at else None
