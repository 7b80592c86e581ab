"""Jobs whose container ran and ended, or was lost, and jobs that ended with another one.

Exit codes from 129 to 192 are 128 and the signal that killed the container, in any program. What the training
means by its own is in exit_codes.py; in another program the same codes mean something else.
"""

from signal import SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGKILL, SIGSEGV, SIGTERM

from pulse.domain.diagnosis.evidence import (
    Evidence,
    Row,
    both,
    either,
    ends_with,
    exits,
    is_training,
    logs,
    once,
    reason_starts,
)
from pulse.domain.training.exit_codes import MEANINGS

OUT_OF_MEMORY = "out-of-memory"
DEPENDENCY_FAILED = "dependency-failed"
CHILD_FAILED = "array-child-failed"
UNKNOWN = "unknown"
_SIGNALLED = 128
_KILLED = _SIGNALLED + SIGKILL
_TERMINATED = _SIGNALLED + SIGTERM
_CRASHED = tuple(_SIGNALLED + signal for signal in (SIGILL, SIGABRT, SIGBUS, SIGFPE, SIGSEGV))
_ACCESS_DENIED = 77
_RETRIED_CODES = {75, 143}
"""The training's codes after which the same run may end well; a test compares them with the training's."""
_RECLAIMED = ("Host EC2", "Your Spot Task was interrupted")
SPOT_RECLAIMED = "spot-reclaimed"


_NO_REASON = ("", "Essential container in task exited")
_HOST = "Host"
"""What AWS says of a lost host begins with it."""


def is_reclaim(status_reason: str) -> bool:
    """Whether an attempt ended because its capacity was taken away."""
    return status_reason.startswith(_RECLAIMED)


def _ran(known: Evidence) -> bool:
    return known.record.ran_seconds is not None


def _has_reason(known: Evidence) -> bool:
    """AWS tells more than that the container ended, and it is not that its host was lost."""
    return any(not text.startswith(_HOST) for text in known.reasons if text.strip() not in _NO_REASON)


OF_TRAINING = Row(lambda known: known.record.own_meaning is not None, "", "", "", retry_helps=False)
"""What the exit code means in the training that the job runs, as its record says."""

ENDED = (
    Row(
        both(reason_starts(*_RECLAIMED), once),
        SPOT_RECLAIMED,
        "AWS reclaimed the job's Spot capacity, or its instance was lost, and it had one attempt.",
        "Submit it again, with attempts of 3 or more, so that it starts again by itself.",
        retry_helps=True,
    ),
    Row(
        reason_starts(*_RECLAIMED),
        SPOT_RECLAIMED,
        "AWS reclaimed the job's Spot capacity, or its instance was lost, in its last attempt, too.",
        "Submit it again, with more attempts or a profile whose queue does not use Spot.",
        retry_helps=True,
    ),
    Row(
        reason_starts("Dependent Job failed"),
        DEPENDENCY_FAILED,
        "A job that this one depends on failed.",
        "Repair and run the other job first, then submit this one again.",
        retry_helps=False,
    ),
    Row(
        reason_starts("Array Child Job failed"),
        CHILD_FAILED,
        "At least one child of this array job failed.",
        "Find the failed child in AWS Batch and read its log, then submit the array again.",
        retry_helps=False,
    ),
    Row(
        either(
            reason_starts("OutOfMemory", "OOMKilled"),
            logs("MemoryError", "Cannot allocate memory", "KilledWorker", "std::bad_alloc"),
            both(exits(_KILLED), logs("Killed", "memory budget", "Out of memory")),
        ),
        OUT_OF_MEMORY,
        "The container needed more memory than it was given and was killed.",
        "Submit it again with more memory_mib or a larger profile.",
        retry_helps=False,
    ),
    Row(
        either(
            both(exits(_ACCESS_DENIED), lambda known: bool(known.denial.action)),
            ends_with("not authorized to perform", "(AccessDenied", "(403) when", "(Forbidden) when"),
        ),
        "access-denied",
        "AWS denied the job an action{denial.clause}.",
        "{denial.remedy}, then submit the job again.",
        retry_helps=False,
    ),
    Row(
        both(
            is_training,
            ends_with("(NoSuchKey)", "(NoSuchBucket)", "(NoSuchVersion)", "(404) when calling"),
        ),
        MEANINGS[66].cause,
        "What was to be read is not there: the bucket, the data set or its version.",
        "Drop the data set, or name one that is there.",
        retry_helps=False,
    ),
    Row(
        ends_with(
            "(SlowDown)",
            "(Throttling",
            "(ServiceUnavailable)",
            "(InternalError)",
            "EndpointConnectionError",
            "ConnectTimeoutError",
            "ReadTimeoutError",
        ),
        MEANINGS[75].cause,
        "AWS was throttling, failing or out of reach.",
        "Submit it again in a few minutes.",
        retry_helps=True,
    ),
    Row(
        both(is_training, ends_with("ModuleNotFoundError", "ImportError: ")),
        "image-incomplete",
        "The image lacks a Python module that the training needs.",
        "Build and deploy the image again with the module that the log names.",
        retry_helps=False,
    ),
    OF_TRAINING,
    *(
        Row(both(is_training, exits(code)), m.cause, m.explanation, m.advice, code in _RETRIED_CODES)
        for code, m in MEANINGS.items()
    ),
    Row(
        exits(_KILLED),
        "killed",
        "The container was killed (SIGKILL), most often for its memory.",
        "Submit it again with more memory_mib; the log shows how far it came.",
        retry_helps=False,
    ),
    Row(
        exits(*_CRASHED),
        "crashed",
        "The program crashed (an illegal instruction, a wrong memory access or an abort), most often in a "
        "native library.",
        "Read the end of the log; check that the libraries of the image fit each other and the CPU.",
        retry_helps=False,
    ),
    Row(
        exits(126, 127),
        "command-not-found",
        "The container's shell could not find or execute the job's command.",
        "Correct the command of the job or of the job definition, or the image.",
        retry_helps=False,
    ),
    Row(
        both(exits(None), _ran, _has_reason),
        "no-exit-code",
        "The container ran, and AWS Batch reports no exit code, only a reason.",
        "Repair what the reason names, or submit it again if that may pass by itself.",
        retry_helps=True,
    ),
    Row(
        both(exits(None), _ran),
        "host-lost",
        "The container ran, but AWS Batch lost it with its host before it reported how it ended.",
        "Submit it again; with more attempts it starts again by itself.",
        retry_helps=True,
    ),
    Row(
        both(exits(None), reason_starts("Task failed to start")),
        "task-not-started",
        "Amazon ECS could not start the job's task, and gives no further reason.",
        "Submit it again. If that fails too, look at the stopped task in the Amazon ECS console, within the "
        "hour for which it is kept.",
        retry_helps=True,
    ),
    Row(
        exits(None),
        "never-ended",
        "The container did not end by itself: AWS Batch could not start it, or lost it.",
        "Repair what AWS Batch's reason names, if it gives one, then submit the job again.",
        retry_helps=False,
    ),
    Row(
        exits(_TERMINATED),
        UNKNOWN,
        "The job was stopped with SIGTERM.",
        "Submit it again; if it happens again, look in the status reason and the log for who stops it.",
        retry_helps=True,
    ),
    Row(
        lambda known: bool(known.record.log_stream),
        UNKNOWN,
        "The job ended with an error.",
        "Read the end of the log.",
        retry_helps=False,
    ),
    Row(
        lambda _: True,
        UNKNOWN,
        "The job ended with an error, and no log of it is known.",
        "Look at the job in the AWS Batch console.",
        retry_helps=False,
    ),
)
