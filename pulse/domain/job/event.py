"""JobEvent: an AWS Batch "Job State Change", parsed.

`detail` has the shape of DescribeJobs' JobDetail: https://docs.aws.amazon.com/batch/latest/userguide/batch_job_events.html.
Only a job's id and its status are required. Everything else may be missing or malformed and then counts as
not known, so that the end of a job is recorded all the same. Unknown fields may come at any time, and older
events carry `container.vcpus` and `container.memory` instead of resourceRequirements. Which container decides
in a job that has several is in containers.py.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct

from pulse.domain.fault import Fault, shown
from pulse.domain.job.container_details import containers, deciding_container, ended_containers, only
from pulse.domain.job.containers import Container, deciding, environment, total
from pulse.domain.job.nodes import all_nodes, main_node
from pulse.domain.job.status import TERMINAL, BatchStatus
from pulse.domain.parsing.json_fields import Fields, fields, objects, text, whole
from pulse.domain.request.batch_limits import MAX_ARRAY_SIZE
from pulse.domain.training.program import is_training
from pulse.domain.validation import InvalidInput

JOB_ID_VARIABLE = "PULSE_JOB_ID"
RESULTS_BUCKET_VARIABLE = "S3_RESULTS_BUCKET"
_NO_TAG = "resourceArn"
"""What AWS Batch puts among the tags of an event."""
_OF_CHILD, _OF_NODE = ":", "#"
"""What stands between a job's id and the index of an array's child or of a node."""
_LATEST_TIME_MS = 4_102_444_800_000
"""The year 2100: sums of times stay times."""
_LONGEST_TIMEOUT_SECONDS = 315_360_000
"""Ten years. On instances AWS Batch sets no limit."""
_MOST_ATTEMPTS = 10
"""https://docs.aws.amazon.com/batch/latest/APIReference/API_RetryStrategy.html"""


class Attempt(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One finished attempt. No exit code: the container never ended by itself (not pulled, host lost).
    `container_instance`: the ARN of what it ran on in Amazon ECS; empty on Fargate. `cluster`: the name of
    the compute environment's in Amazon ECS.
    """

    exit_code: int | None = None
    reason: str = ""
    status_reason: str = ""
    log_stream: str = ""
    started_at: datetime | None = None
    stopped_at: datetime | None = None
    container_instance: str = ""
    cluster: str = ""

    @property
    def ran_seconds(self) -> float | None:
        """None when it never started."""
        if self.started_at is None or self.stopped_at is None:
            return None
        return max(0.0, (self.stopped_at - self.started_at).total_seconds())


class JobEvent(Struct, frozen=True, kw_only=True):
    """Times in UTC, memory in MiB. `reason` is the container's, `status_reason` the job's. `children`: how
    many of an array are in each status. `timeout_seconds` of one attempt. `container_instance` and
    `cluster`: of the attempt that is going on, as in Attempt. `at`: when the event happened, None when it
    does not say.

    In a job with several containers, exit code, reason, log and command are those of the container that
    decides; `environment` has the variables of all, and the resources are what all need together, on all
    nodes. `runs_training`: the program is our training.
    """

    batch_job_id: str
    job_name: str
    queue_arn: str
    status: BatchStatus
    attempts: tuple[Attempt, ...] = ()
    created_at: datetime | None = None
    started_at: datetime | None = None
    stopped_at: datetime | None = None
    status_reason: str = ""
    reason: str = ""
    exit_code: int | None = None
    log_stream: str = ""
    log_group: str = ""
    environment: dict[str, str] = {}
    command: tuple[str, ...] = ()
    job_definition: str = ""
    runs_training: bool = False
    vcpus: str = ""
    memory_mib: int | None = None
    gpus: int = 0
    share_identifier: str = ""
    tags: dict[str, str] = {}
    timeout_seconds: int | None = None
    container_instance: str = ""
    cluster: str = ""
    stopped_by_request: bool = False
    array_index: int | None = None
    array_size: int | None = None
    children: dict[str, int] = {}
    is_multi_node: bool = False
    is_on_eks: bool = False
    at: datetime | None = None

    @property
    def is_array_child(self) -> bool:
        return self.array_index is not None or _OF_CHILD in self.batch_job_id

    @property
    def is_node(self) -> bool:
        """Whether the event is of one node of a multi-node job, whose own events tell how it ends."""
        return _OF_NODE in self.batch_job_id

    @property
    def parent_batch_job_id(self) -> str:
        """AWS Batch's id of the array or multi-node job that this one is a part of; for others their own."""
        return self.batch_job_id.partition(_OF_NODE if self.is_node else _OF_CHILD)[0]

    @property
    def child(self) -> int | None:
        """The index of an array's child; None of any other job."""
        if self.array_index is not None:
            return self.array_index
        _, _, index = self.batch_job_id.partition(_OF_CHILD)
        return whole(index, 0, MAX_ARRAY_SIZE)

    @property
    def named_job_id(self) -> str:
        """What the job's own environment says its id is; empty for jobs that carry none."""
        return self.environment.get(JOB_ID_VARIABLE, "")

    @property
    def first_started_at(self) -> datetime | None:
        return min((a.started_at for a in self.attempts if a.started_at), default=self.started_at)

    @property
    def runs(self) -> tuple[Attempt, ...]:
        """The attempts as far as they ran; those that never started are left out."""
        only = Attempt(
            started_at=self.started_at,
            stopped_at=self.stopped_at,
            container_instance=self.container_instance,
            cluster=self.cluster,
        )
        return tuple(attempt for attempt in self.attempts or (only,) if attempt.ran_seconds is not None)

    @property
    def attempt_seconds(self) -> tuple[float, ...]:
        """How long each of them ran."""
        return tuple(attempt.ran_seconds or 0 for attempt in self.runs)

    @property
    def ran_seconds(self) -> float | None:
        """The sum over the attempts; None when none of them ran."""
        return sum(self.attempt_seconds) if self.attempt_seconds else None


class _Known(Struct, rename="camel"):
    """What an event must have."""

    job_id: str
    status: BatchStatus


def parse(detail: Any, *, at: datetime | None = None) -> JobEvent:
    """The event in `detail`, which happened `at`. Raises InvalidInput when it has no job id or no known
    status.
    """
    try:
        known = msgspec.convert(detail, _Known)
    except msgspec.ValidationError as error:
        fault = Fault("detail", f"an AWS Batch Job State Change: {error}", shown(detail))
        raise InvalidInput([fault], "the event") from error
    nodes = [] if _OF_NODE in known.job_id else all_nodes(detail)
    of_job = main_node(detail) if nodes else containers(detail)
    ended = objects(detail.get("attempts")) or objects(detail.get("eksAttempts"))
    attempts = tuple(_attempt(one, of_job) for one in ended[-_MOST_ATTEMPTS:])
    single = only(detail)
    last = ended[-1] if ended and known.status in TERMINAL else {}
    decides = deciding_container(of_job, last, is_single=bool(of_job) and of_job == single)
    needs = total(nodes or of_job)
    array = fields(detail.get("arrayProperties"))
    return JobEvent(
        batch_job_id=known.job_id,
        job_name=text(detail.get("jobName")),
        queue_arn=text(detail.get("jobQueue")),
        status=known.status,
        attempts=attempts,
        created_at=_utc(detail.get("createdAt")),
        started_at=_utc(detail.get("startedAt")),
        stopped_at=_utc(detail.get("stoppedAt")),
        status_reason=text(detail.get("statusReason")),
        reason=decides.reason,
        exit_code=decides.exit_code,
        log_stream=decides.log_stream,
        log_group=decides.log_group,
        environment=environment((*single, *of_job)),
        command=decides.command,
        job_definition=text(detail.get("jobDefinition")),
        runs_training=is_training(decides.command),
        vcpus=f"{needs.vcpus.normalize():f}" if needs.vcpus else "",
        memory_mib=needs.memory_mib,
        gpus=needs.gpus,
        share_identifier=text(detail.get("shareIdentifier")),
        tags=_tags(detail.get("tags")),
        timeout_seconds=whole(
            fields(detail.get("timeout")).get("attemptDurationSeconds"), 1, _LONGEST_TIMEOUT_SECONDS
        ),
        container_instance=decides.container_instance,
        cluster=decides.cluster,
        stopped_by_request=detail.get("isCancelled") is True or detail.get("isTerminated") is True,
        array_index=whole(array.get("index"), 0, MAX_ARRAY_SIZE),
        array_size=whole(array.get("size"), 0, MAX_ARRAY_SIZE),
        children=_children(array.get("statusSummary")),
        is_multi_node=bool(nodes),
        is_on_eks=any(container.is_on_eks for container in of_job),
        at=at,
    )


def _attempt(attempt: Fields, of_job: Sequence[Container]) -> Attempt:
    decides = deciding(ended_containers(attempt, of_job))
    return Attempt(
        exit_code=decides.exit_code,
        reason=decides.reason,
        status_reason=text(attempt.get("statusReason")),
        log_stream=decides.log_stream,
        started_at=_utc(attempt.get("startedAt")),
        stopped_at=_utc(attempt.get("stoppedAt")),
        container_instance=decides.container_instance,
        cluster=decides.cluster,
    )


def _tags(tags: object) -> dict[str, str]:
    return {key: value for key, value in fields(tags).items() if key != _NO_TAG and isinstance(value, str)}


def _children(summary: object) -> dict[str, int]:
    counts = {status: whole(count, 1, MAX_ARRAY_SIZE) for status, count in fields(summary).items()}
    return {status: count for status, count in counts.items() if count}


def _utc(milliseconds: object) -> datetime | None:
    """AWS Batch's times are milliseconds since 1970; 0 and absent mean: not yet."""
    known = whole(milliseconds, 1, _LATEST_TIME_MS)
    return datetime.fromtimestamp(known / 1000, UTC) if known else None
