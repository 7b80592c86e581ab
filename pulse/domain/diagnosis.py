"""Diagnosis: from the way a job ended to its cause, in words, and to what helps. A table: the first row that
fits decides.
"""

from collections.abc import Callable
from typing import NamedTuple

from msgspec import Struct

from pulse.domain.fault import printable
from pulse.domain.job_record import JobRecord
from pulse.domain.training_exit_codes import MEANINGS

_KILLED = 137
_TIME_LIMIT = "Canceled by JobStateTimeLimit action due to reason: "
"""https://docs.aws.amazon.com/batch/latest/userguide/job_stuck_in_runnable_time_limit_actions.html"""


class Diagnosis(Struct, frozen=True):
    """`cause` is a word for filters and metrics, the other two are sentences for people."""

    cause: str
    explanation: str
    advice: str


class _Row(NamedTuple):
    fits: Callable[[JobRecord], bool]
    cause: str
    explanation: str
    advice: str


def _reason(*beginnings: str) -> Callable[[JobRecord], bool]:
    return lambda record: record.reason.startswith(beginnings)


def _status_reason(*beginnings: str) -> Callable[[JobRecord], bool]:
    return lambda record: record.status_reason.startswith(beginnings)


def _exit_code(code: int) -> Callable[[JobRecord], bool]:
    return lambda record: record.exit_code == code


# What AWS Batch itself ends (a timeout, a time limit of the queue) may be marked as stopped by request too:
# those rows come first. A person's reason is free text in the same field: the other rows that look for AWS's
# words in it come after the stop by request.
_ROWS = (
    _Row(
        _status_reason("Job attempt duration exceeded timeout"),
        "timed-out",
        "The attempt ran into its timeout and was stopped.",
        "Give it more time (timeout_seconds) or a shorter period. AWS Batch does not retry after a timeout.",
    ),
    _Row(
        _reason("OutOfMemoryError"),
        "out-of-memory",
        "The container needed more memory than it was given and was killed.",
        "Submit it again with more memory_mib or a larger profile.",
    ),
    _Row(
        _reason("CannotPullContainerError"),
        "image-not-pulled",
        "The container image could not be pulled.",
        "Check that the job definition's image exists and that execution role and network reach ECR.",
    ),
    _Row(
        _reason("CannotStartContainerError"),
        "container-not-started",
        "The container could not be started, most often because its command or its user does not exist in "
        "the image. It wrote no log.",
        "Repair the command or the image that the reason names, then submit the job again.",
    ),
    _Row(
        _status_reason(f"{_TIME_LIMIT}CAPACITY:"),
        "no-capacity",
        "AWS had no capacity for the job for as long as its queue waits, so AWS Batch cancelled it.",
        "Submit it again later, or with a profile whose queue has other compute environments.",
    ),
    _Row(
        _status_reason(f"{_TIME_LIMIT}MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE"),
        "exceeds-max-vcpus",
        "The job needs more than max_vcpus of its queue's compute environments, so AWS Batch cancelled it.",
        "Submit it again with fewer vcpus, or raise max_vcpus in the configuration.",
    ),
    _Row(
        _status_reason(f"{_TIME_LIMIT}MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT"),
        "exceeds-instances",
        "No instance of its queue is as large as the job needs, so AWS Batch cancelled it.",
        "Submit it again with fewer vcpus or less memory_mib, or configure larger instance types.",
    ),
    _Row(
        _status_reason(_TIME_LIMIT),
        "stuck-in-queue",
        "The job could not start for as long as its queue waits, so AWS Batch cancelled it.",
        "Repair what the reason names, then submit the job again.",
    ),
    _Row(
        lambda record: record.stopped_by_request,
        "cancelled",
        "Somebody cancelled or terminated the job.",
        "Nothing, if that was meant. Otherwise submit it again.",
    ),
    _Row(
        _status_reason("Host EC2", "Your Spot Task was interrupted"),
        "spot-reclaimed",
        "AWS took the capacity back in every attempt.",
        "Submit it again, with more attempts or a profile whose queue does not use Spot.",
    ),
    _Row(
        _status_reason("Dependent Job failed"),
        "dependency-failed",
        "A job that this one depends on failed.",
        "Repair and run the other job first, then submit this one again.",
    ),
    _Row(
        _status_reason("Array Child Job failed"),
        "array-child-failed",
        "At least one child of this array job failed.",
        "Find the failed child in AWS Batch and read its log, then submit the array again.",
    ),
    *(_Row(_exit_code(code), m.cause, m.explanation, m.advice) for code, m in MEANINGS.items()),
    _Row(
        _exit_code(_KILLED),
        "killed",
        "The container was killed (SIGKILL), most often for its memory.",
        "Submit it again with more memory_mib; the log shows how far it came.",
    ),
    _Row(
        lambda record: record.exit_code is None,
        "never-ended",
        "The container did not end by itself: AWS Batch could not start it, or lost it.",
        "The reason above is AWS Batch's own. Submit it again once it is repaired.",
    ),
)
_UNKNOWN = _Row(lambda _: True, "unknown", "The job ended with an error.", "Read the end of the log.")


def diagnose(record: JobRecord) -> Diagnosis:
    """Why the job of a FAILED record failed, followed by AWS Batch's own words."""
    row = next((row for row in _ROWS if row.fits(record)), _UNKNOWN)
    code = [] if record.exit_code is None else [f"exit code {record.exit_code}"]
    own = [printable(text) for text in dict.fromkeys((record.reason, record.status_reason)) if text]
    words = "; ".join(code + own)
    explanation = f"{row.explanation} AWS Batch says: {words}." if words else row.explanation
    return Diagnosis(row.cause, explanation, row.advice)
