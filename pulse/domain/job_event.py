"""JobEvent: an AWS Batch "Job State Change", parsed.

`detail` has the shape of DescribeJobs' JobDetail: https://docs.aws.amazon.com/batch/latest/userguide/batch_job_events.html.
Everything that is not needed may be missing, unknown fields may come at any time, and older events carry
`container.vcpus` and `container.memory` instead of resourceRequirements.
"""

from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct

from pulse.domain.fault import Fault, shown
from pulse.domain.job_status import BatchStatus
from pulse.domain.validation import InvalidInput

JOB_ID_VARIABLE = "PULSE_JOB_ID"
RESULTS_BUCKET_VARIABLE = "S3_RESULTS_BUCKET"
_LOG_GROUP_OPTION = "awslogs-group"
_NO_TAG = "resourceArn"
"""What AWS Batch puts among the tags of an event."""


class Attempt(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One finished attempt. No exit code: the container never ended by itself (not pulled, host lost).
    `container_instance`: the ARN of what it ran on in Amazon ECS; empty on Fargate.
    """

    exit_code: int | None = None
    reason: str = ""
    status_reason: str = ""
    log_stream: str = ""
    started_at: datetime | None = None
    stopped_at: datetime | None = None
    container_instance: str = ""

    @property
    def ran_seconds(self) -> float | None:
        """None when it never started."""
        if self.started_at is None or self.stopped_at is None:
            return None
        return max(0.0, (self.stopped_at - self.started_at).total_seconds())


class JobEvent(Struct, frozen=True, kw_only=True):
    """Times in UTC, memory in MiB. `reason` is the container's, `status_reason` the job's. `children`: how
    many of an array are in each status. `timeout_seconds` of one attempt. `container_instance`: of the
    attempt that is going on, as in Attempt. `at`: when the event happened, None when it does not say.
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
    vcpus: str = ""
    memory_mib: int | None = None
    gpus: int = 0
    share_identifier: str = ""
    tags: dict[str, str] = {}
    timeout_seconds: int | None = None
    container_instance: str = ""
    stopped_by_request: bool = False
    array_index: int | None = None
    array_size: int | None = None
    children: dict[str, int] = {}
    at: datetime | None = None

    @property
    def is_array_child(self) -> bool:
        return self.array_index is not None or ":" in self.batch_job_id

    @property
    def child(self) -> int | None:
        """The index of an array's child; None of any other job."""
        _, _, index = self.batch_job_id.rpartition(":")
        return self.array_index if self.array_index is not None else int(index) if index.isdecimal() else None

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


class _Camel(Struct, rename="camel"):
    pass


class _Pair(Struct):
    name: str = ""
    value: str = ""


class _Requirement(Struct):
    type: str = ""
    value: str = ""


class _LogConfiguration(_Camel):
    options: dict[str, str] | None = None


class _Container(_Camel):
    command: tuple[str, ...] | None = None
    environment: list[_Pair] | None = None
    resource_requirements: list[_Requirement] | None = None
    vcpus: int | float | None = None
    memory: int | None = None
    exit_code: int | None = None
    reason: str | None = None
    log_stream_name: str | None = None
    container_instance_arn: str | None = None
    log_configuration: _LogConfiguration | None = None


class _Attempt(_Camel):
    container: _Container | None = None
    started_at: int | None = None
    stopped_at: int | None = None
    status_reason: str | None = None


class _Timeout(_Camel):
    attempt_duration_seconds: int | None = None


class _Array(_Camel):
    index: int | None = None
    size: int | None = None
    status_summary: dict[str, int] | None = None


class _Detail(_Camel):
    job_id: str
    status: BatchStatus
    job_name: str = ""
    job_queue: str = ""
    attempts: list[_Attempt] | None = None
    created_at: int | None = None
    started_at: int | None = None
    stopped_at: int | None = None
    status_reason: str | None = None
    container: _Container | None = None
    timeout: _Timeout | None = None
    share_identifier: str | None = None
    tags: dict[str, str] | None = None
    array_properties: _Array | None = None
    is_cancelled: bool | None = None
    is_terminated: bool | None = None


def parse(detail: Any, *, at: datetime | None = None) -> JobEvent:
    """The event in `detail`, which happened `at`. Raises InvalidInput when it has no job id or no known
    status.
    """
    try:
        parsed = msgspec.convert(detail, _Detail)
    except msgspec.ValidationError as error:
        fault = Fault("detail", f"an AWS Batch Job State Change: {error}", shown(detail))
        raise InvalidInput([fault], "the event") from error
    container = parsed.container or _Container()
    needs = {need.type: need.value for need in container.resource_requirements or ()}
    memory, gpus = needs.get("MEMORY", ""), needs.get("GPU", "")
    array = parsed.array_properties or _Array()
    options = (container.log_configuration or _LogConfiguration()).options or {}
    return JobEvent(
        batch_job_id=parsed.job_id,
        job_name=parsed.job_name,
        queue_arn=parsed.job_queue,
        status=parsed.status,
        attempts=tuple(_attempt(attempt) for attempt in parsed.attempts or ()),
        created_at=_utc(parsed.created_at),
        started_at=_utc(parsed.started_at),
        stopped_at=_utc(parsed.stopped_at),
        status_reason=parsed.status_reason or "",
        reason=container.reason or "",
        exit_code=container.exit_code,
        log_stream=container.log_stream_name or "",
        log_group=options.get(_LOG_GROUP_OPTION, ""),
        environment={pair.name: pair.value for pair in container.environment or ()},
        command=container.command or (),
        vcpus=needs.get("VCPU", "") or (f"{container.vcpus:g}" if container.vcpus else ""),
        memory_mib=int(memory) if memory.isdecimal() else container.memory,
        gpus=int(gpus) if gpus.isdecimal() else 0,
        share_identifier=parsed.share_identifier or "",
        tags={key: value for key, value in (parsed.tags or {}).items() if key != _NO_TAG},
        timeout_seconds=parsed.timeout.attempt_duration_seconds if parsed.timeout else None,
        container_instance=container.container_instance_arn or "",
        stopped_by_request=bool(parsed.is_cancelled or parsed.is_terminated),
        array_index=array.index,
        array_size=array.size,
        children={status: count for status, count in (array.status_summary or {}).items() if count},
        at=at,
    )


def _attempt(attempt: _Attempt) -> Attempt:
    container = attempt.container or _Container()
    return Attempt(
        exit_code=container.exit_code,
        reason=container.reason or "",
        status_reason=attempt.status_reason or "",
        log_stream=container.log_stream_name or "",
        started_at=_utc(attempt.started_at),
        stopped_at=_utc(attempt.stopped_at),
        container_instance=container.container_instance_arn or "",
    )


def _utc(milliseconds: int | None) -> datetime | None:
    """AWS Batch's times are milliseconds since 1970; 0 and absent mean: not yet."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC) if milliseconds else None
