"""How jobs and their attempts end in the simulated AWS Batch, and the outcomes that are drawn when nobody
says otherwise.

The words are AWS's: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html.
"""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pulse.domain.training.exit_codes import MEANINGS
from tests.simulation.kernel import Kernel

if TYPE_CHECKING:
    from tests.simulation.batch_job import Job

Way = Literal["memory", "reclaimed", "temporary", "other exit code", "too long", "not pulled"]
EXITED = "Essential container in task exited"
OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage"
RECLAIMED = "Your Spot Task was interrupted."
TIMED_OUT = "Job attempt duration exceeded timeout"
DEPENDENCY_FAILED = "Dependent Job failed"
CHILD_FAILED, CHILDREN_SUCCEEDED = "Array Child Job failed", "Array Child Jobs succeeded"
TIME_LIMIT = "Canceled by JobStateTimeLimit action due to reason: {reason}"
"""https://docs.aws.amazon.com/batch/latest/userguide/job_stuck_in_runnable_time_limit_actions.html"""
BLOCKED: Mapping[str, str] = {
    "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY": "Service cannot fulfill the capacity requested.",
    "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE": (
        "CE(s) associated with the job queue cannot meet the CPU requirement of the job."
    ),
    "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT": (
        "The job resource requirement (vCPU/memory/GPU) is higher than that can be met by the CE(s) attached "
        "to the job queue."
    ),
    "UNDETERMINED": "Batch job is blocked, root cause is undetermined.",
}
NEVER_CANCELLED = "UNDETERMINED"
"""Of these, the reason for which no queue cancels a job."""
KILLED, TERMINATED, TEMPORARY, DUPLICATE = 137, 143, 75, 76
USUAL_SHARES: Mapping[Way, float] = {
    "memory": 0.03,
    "reclaimed": 0.04,
    "temporary": 0.02,
    "other exit code": 0.05,
    "too long": 0.01,
    "not pulled": 0.01,
}
_OTHER_CODES = sorted(set(MEANINGS) - {TEMPORARY, DUPLICATE, TERMINATED})
_SHORTEST_SECONDS, _LONGEST_SECONDS = 10.0, 900.0
_EVER = 1e9
_PARTS = 2**16


@dataclass(frozen=True, slots=True)
class Outcome:
    """`seconds`: how long the container runs. `exit_code`: None when it does not end by itself. `reason`: the
    container's. `starts`: whether there is a container at all. `is_last`: it is not tried again, whatever the
    retry strategy says.
    """

    seconds: float
    exit_code: int | None = 0
    reason: str = ""
    status_reason: str = EXITED
    starts: bool = True
    is_last: bool = False


def out_of_memory(seconds: float) -> Outcome:
    return Outcome(seconds, KILLED, OUT_OF_MEMORY)


def reclaimed(job: "Job", seconds: float) -> Outcome:
    """The Spot capacity under the job is taken away."""
    if job.definition.platform == "FARGATE":
        return Outcome(seconds, None, status_reason=RECLAIMED)
    return Outcome(seconds, None, status_reason=f"Host EC2 (instance {job.instance_id}) terminated.")


def not_pulled(image: str) -> Outcome:
    reason = (
        f"CannotPullContainerError: pull image manifest has been retried 7 time(s): failed to resolve {image}"
    )
    return Outcome(0.0, None, reason, "Task failed to start", starts=False)


def usual_outcomes(
    kernel: Kernel, shares: Mapping[Way, float] = USUAL_SHARES
) -> Callable[["Job", int], Outcome]:
    """Draws each attempt's outcome by the job and the attempt; most end well. `shares`: how many end in which
    other way, 0 to 1.
    """
    limits = list(itertools.accumulate(shares.values()))
    ways = list(zip(limits, shares, strict=True))

    def outcome(job: "Job", attempt: int) -> Outcome:
        bits = kernel.drawn("batch outcome", job.stem, attempt)
        seconds = _SHORTEST_SECONDS + (_LONGEST_SECONDS - _SHORTEST_SECONDS) * share(bits, 0) ** 2
        drawn = share(bits, 1)
        way = next((way for limit, way in ways if drawn < limit), None)
        return _ended(way, job, seconds, bits >> 48)

    return outcome


def share(bits: int, part: int) -> float:
    """From 0 to below 1, by one of the four parts of 64 drawn bits."""
    return (bits >> 16 * part & 0xFFFF) / _PARTS


def tries_again(strategy: Mapping[str, Any], attempts: int, outcome: Outcome) -> bool:
    """Whether AWS Batch runs the job again after so many attempts, the last of which ended so: the first rule
    that matches decides, and when none does the job is tried again. Case plays no part.

    https://docs.aws.amazon.com/batch/latest/APIReference/API_EvaluateOnExit.html
    """
    if outcome.exit_code == 0 or outcome.is_last or attempts >= strategy["attempts"]:
        return False
    found = {
        "onExitCode": None if outcome.exit_code is None else str(outcome.exit_code),
        "onReason": outcome.reason.lower(),
        "onStatusReason": outcome.status_reason.lower(),
    }
    for rule in strategy["evaluateOnExit"]:
        if all(_matches(rule[name], value) for name, value in found.items() if name in rule):
            return str(rule["action"]) == "retry"
    return True


def _matches(glob: str, value: str | None) -> bool:
    if value is None:
        return False
    return value.startswith(glob[:-1]) if glob.endswith("*") else value == glob


def _ended(way: Way | None, job: "Job", seconds: float, number: int) -> Outcome:
    match way:
        case None:
            return Outcome(seconds)
        case "memory":
            ended = out_of_memory(seconds)
        case "reclaimed":
            ended = reclaimed(job, seconds)
        case "temporary":
            ended = Outcome(seconds, TEMPORARY)
        case "other exit code":
            ended = Outcome(seconds, _OTHER_CODES[number % len(_OTHER_CODES)])
        case "too long":
            ended = Outcome(_EVER if job.timeout_seconds else seconds)
        case "not pulled":
            ended = not_pulled(job.base["image"])
    return ended
