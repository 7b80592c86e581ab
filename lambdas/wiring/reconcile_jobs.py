"""Wires the use cases of reconcile_jobs."""

from functools import cache
from typing import TYPE_CHECKING

from lambdas.wiring import shared

if TYPE_CHECKING:
    from pulse.aws.sqs.messages import Messages
    from pulse.services.alert.find_floods import FindFloods
    from pulse.services.follow.reconcile_jobs import ReconcileJobs
    from pulse.services.follow.resume_claims import ResumeClaims

# Imports stand in the functions, as in shared.py.
# ruff: noqa: PLC0415


@cache
def reconcile_jobs() -> "ReconcileJobs":
    from pulse.aws import clients
    from pulse.aws.batch.jobs import Batch
    from pulse.services.follow.reconcile_jobs import ReconcileJobs

    here = shared.settings()
    return ReconcileJobs(
        ledger=shared.ledger(),
        batch=Batch(clients.batch_reading),
        job_events=job_events(),
        queues=here.queues,
        patience=here.patience,
        clock=shared.now,
    )


@cache
def resume_claims() -> "ResumeClaims":
    from pulse.services.follow.resume_claims import ResumeClaims

    here = shared.settings()
    return ResumeClaims(
        ledger=shared.ledger(),
        submissions=submissions(),
        job_events=job_events(),
        queues=here.queue_arns,
        clock=shared.now,
    )


@cache
def find_floods() -> "FindFloods":
    from pulse.services.alert.find_floods import FindFloods

    return FindFloods(refused_drops=shared.refused_drops(), submissions=submissions(), clock=shared.now)


@cache
def submissions() -> "Messages":
    """The queue of submit_job."""
    from pulse.aws import clients
    from pulse.aws.sqs.messages import Messages

    return Messages(clients.sqs, shared.settings().reruns_queue)


@cache
def job_events() -> "Messages":
    """The queue of on_job_event."""
    from pulse.aws import clients
    from pulse.aws.sqs.messages import Messages

    return Messages(clients.sqs, shared.settings().job_events_queue)
