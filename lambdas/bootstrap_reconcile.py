"""Wires the use cases of reconcile_jobs."""

from functools import cache
from typing import TYPE_CHECKING

from lambdas import bootstrap

if TYPE_CHECKING:
    from pulse.aws.messages import Messages
    from pulse.services.find_floods import FindFloods
    from pulse.services.reconcile_jobs import ReconcileJobs
    from pulse.services.resume_claims import ResumeClaims

# Imports stand in the functions, as in bootstrap.py.
# ruff: noqa: PLC0415


@cache
def reconcile_jobs() -> "ReconcileJobs":
    from pulse.aws import clients
    from pulse.aws.batch import Batch
    from pulse.services.reconcile_jobs import ReconcileJobs

    here = bootstrap.settings()
    return ReconcileJobs(
        ledger=bootstrap.ledger(),
        batch=Batch(clients.batch_reading()),
        job_events=job_events(),
        queues=here.queues,
        patience=here.patience,
        clock=bootstrap.now,
    )


@cache
def resume_claims() -> "ResumeClaims":
    from pulse.services.resume_claims import ResumeClaims

    here = bootstrap.settings()
    return ResumeClaims(
        ledger=bootstrap.ledger(),
        submissions=submissions(),
        job_events=job_events(),
        queues=here.queue_arns,
        clock=bootstrap.now,
    )


@cache
def find_floods() -> "FindFloods":
    from pulse.services.find_floods import FindFloods

    return FindFloods(refused_drops=bootstrap.refused_drops(), submissions=submissions(), clock=bootstrap.now)


@cache
def submissions() -> "Messages":
    """The queue of submit_job."""
    from pulse.aws import clients
    from pulse.aws.messages import Messages

    return Messages(clients.sqs, bootstrap.settings().reruns_queue)


@cache
def job_events() -> "Messages":
    """The queue of on_job_event."""
    from pulse.aws import clients
    from pulse.aws.messages import Messages

    return Messages(clients.sqs, bootstrap.settings().job_events_queue)
