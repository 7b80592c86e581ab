"""What each change of state does to a job's document. Nothing here waits, starts or tells anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from localaws.batch.memory.destination import destination
from localaws.batch.memory.state import TERMINAL, Job
from localaws.batch.scheduling.endings import HOST_TERMINATED, instance_of
from localaws.batch.scheduling.retries import Outcome, tries_again

if TYPE_CHECKING:
    from collections.abc import Mapping

    from localaws.batch.memory.hosts import Host
    from localaws.batch.model import Document

Readiness = Literal["ready", "waiting", "broken", "cancelled"]

LONGEST_REASON = 255
DEPENDENCY_FAILED = "Dependent Job failed"
_OF_ONE_ATTEMPT = (
    *("exitCode", "reason", "taskArn", "logStreamName", "containerInstanceArn"),
    # Milliseconds since 1970, UTC: AWS Batch does not show them, Amazon ECS does.
    *("startedAt", "stoppedAt"),
)
_OF_A_TASK = ("containerInstanceArn", "taskArn")
_OF_A_CONTAINER = ("name", "exitCode", "reason", "logStreamName")


def readiness(job: Job, jobs: Mapping[str, Job]) -> Readiness:
    """Whether the jobs it depends on let it run. A dependency that is no longer known counts as fulfilled.

    Of an array parent, N_TO_N dependencies are its children's.
    """
    waits_for = [
        one["jobId"] for one in job.detail["dependsOn"] if "jobId" in one and one.get("type") != "N_TO_N"
    ]
    found = [_status(job_id, jobs) for job_id in waits_for]
    if job.stop_reason is not None and TERMINAL.issuperset(found):
        return "cancelled"
    if "FAILED" in found:
        return "broken"
    return "ready" if all(status == "SUCCEEDED" for status in found) else "waiting"


def _status(job_id: str, jobs: Mapping[str, Job]) -> str:
    """A child that does not exist yet is where its parent is."""
    known = jobs.get(job_id) or jobs.get(job_id.partition(":")[0])
    return known.status if known else "SUCCEEDED"


def make_runnable(job: Job, now_ms: int) -> None:
    job.runnable_ms = now_ms
    job.status = "RUNNABLE"


def begin_attempt(job: Job, *, environment: str, task_arn: str, host: Host | None, now_ms: int) -> None:
    """STARTING: the attempt occupies the environment, and its host unless that is Fargate."""
    job.environment = environment
    job.starting_ms = now_ms
    job.status = "STARTING"
    job.blocked = ""
    job.detail.pop("statusReason", None)
    for document in (job.task, *job.containers):
        for member in _OF_ONE_ATTEMPT:
            document.pop(member, None)
    job.task["taskArn"] = task_arn
    if host:
        job.task["containerInstanceArn"] = host.container_instance_arn


def start_container(job: Job, container: Document, now_ms: int) -> None:
    """Only now it has a log stream's name, as on AWS: one whose image was not pulled has none.

    https://docs.aws.amazon.com/batch/latest/APIReference/API_AttemptContainerDetail.html
    """
    if log := destination(job, container):
        container["logStreamName"] = log.stream
    container["startedAt"] = now_ms


def end_container(container: Document, exit_code: int | None, reason: str | None, now_ms: int) -> None:
    """One that did not start has a reason, and mostly no exit code."""
    if exit_code is not None:
        container["exitCode"] = exit_code
    if reason:
        container["reason"] = reason[:LONGEST_REASON]
    container["stoppedAt"] = now_ms


def run(job: Job, now_ms: int) -> None:
    job.detail["startedAt"] = now_ms
    job.status = "RUNNING"


def end_attempt(job: Job, outcome: Outcome) -> None:
    """Records the attempt; the job is RUNNABLE again, or SUCCEEDED or FAILED for good."""
    ended: Document = {
        **_ended_containers(job),
        "startedAt": outcome.started_at_ms,
        "stoppedAt": outcome.stopped_at_ms,
        "statusReason": outcome.status_reason,
    }
    job.attempts.append({name: value for name, value in ended.items() if value is not None})
    job.environment = None
    if tries_again(job.detail["retryStrategy"], len(job.attempts), outcome) and job.stop_reason is None:
        make_runnable(job, outcome.stopped_at_ms)
        job.detail.pop("startedAt", None)
        return
    finish(job, "SUCCEEDED" if outcome.succeeded else "FAILED", outcome.status_reason, outcome.stopped_at_ms)


def _ended_containers(job: Job) -> Document:
    """The member of an attempt that says how its containers ended."""
    task = {name: job.task[name] for name in _OF_A_TASK if name in job.task}
    ended = [
        {**{name: one[name] for name in _OF_A_CONTAINER if name in one}, "networkInterfaces": []}
        for one in job.containers
    ]
    if "ecsProperties" in job.detail:
        return {"taskProperties": [{**task, "containers": ended}]}
    return {"container": {**task, **ended[0]}}


def lose_host(job: Job, now_ms: int) -> None:
    """The attempt ends without an exit code, or for good if the job was being terminated."""
    lost = Outcome(
        exit_code=None,
        status_reason=job.stop_reason or HOST_TERMINATED.format(instance=instance_of(job)),
        started_at_ms=job.detail.get("startedAt") if job.status == "RUNNING" else None,
        stopped_at_ms=now_ms,
    )
    end_attempt(job, lost)


def finish(job: Job, status: Literal["SUCCEEDED", "FAILED"], reason: str, now_ms: int) -> None:
    job.environment = None
    job.blocked = ""
    job.detail.update(statusReason=reason, stoppedAt=now_ms)
    job.status = status


def cancel(job: Job, reason: str, now_ms: int, *, terminated: bool) -> bool:
    """Ends a job that has not started; returns whether it did.

    A PENDING job is only marked: it is cancelled after all its dependencies are completed
    (https://docs.aws.amazon.com/batch/latest/APIReference/API_CancelJob.html).
    """
    if job.status not in {"SUBMITTED", "PENDING", "RUNNABLE"}:
        return False
    job.detail["isTerminated" if terminated else "isCancelled"] = True
    if job.status == "PENDING":
        job.stop_reason = reason
        return False
    finish(job, "FAILED", reason, now_ms)
    return True
