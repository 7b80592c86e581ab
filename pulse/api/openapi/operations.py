"""What the HTTP API can be asked for: each operation with what it takes, answers and refuses."""

import re
from http import HTTPStatus
from typing import NamedTuple

from pulse.api.answers.costs import CostsOfMonth
from pulse.api.answers.jobs import Job, JobPage, Log
from pulse.api.answers.queues import JobQueues
from pulse.api.answers.submissions import CancelledJob, PlannedJob, SubmittedJob
from pulse.api.answers.trainings import Trainings
from pulse.api.requests import Cancellation
from pulse.domain.errors import (
    Ambiguous,
    Forgotten,
    HasEnded,
    IdempotencyConflict,
    InFlight,
    InvalidCall,
    InvalidIdempotencyKey,
    InvalidRequest,
    NoLog,
    NoRequest,
    NotAllowed,
    NotFound,
    NotSubmitted,
    NotYetSubmitted,
    OverLimit,
    PulseError,
    RefusedByBatch,
    TooLarge,
    TryAgain,
)
from pulse.domain.request.job_request import JobRequest

_UNREADABLE = (InvalidCall, TooLarge, InvalidRequest)
_SUBMITTING = (
    *_UNREADABLE,
    *(InvalidIdempotencyKey, IdempotencyConflict, OverLimit, RefusedByBatch, Forgotten),
    *(InFlight, NotYetSubmitted, TryAgain),
)
_HOW_TO_SUBMIT = ("IdempotencyKey", "DryRun", "Force")


class Body(NamedTuple):
    kind: type
    required: bool


class Operation(NamedTuple):
    """`path` as OpenAPI and API Gateway write it, `parameters` by their names in the components; `answers`
    when all is well, by status; None: any object. `errors`: what it may raise, as `problem` tells it.
    """

    method: str
    path: str
    name: str
    summary: str
    answers: dict[HTTPStatus, type | None]
    parameters: tuple[str, ...] = ()
    body: Body | None = None
    errors: tuple[type[PulseError], ...] = ()


OPERATIONS = (
    Operation(
        method="POST",
        path="/jobs",
        name="submitJob",
        summary="Submits a training job, once however often it is asked for. A dry run plans and quotes it.",
        parameters=_HOW_TO_SUBMIT,
        body=Body(JobRequest, required=True),
        answers={HTTPStatus.ACCEPTED: SubmittedJob, HTTPStatus.OK: PlannedJob},
        errors=_SUBMITTING,
    ),
    Operation(
        method="GET",
        path="/jobs",
        name="listJobs",
        summary="Lists jobs, the newest first: those that one filter takes, or those of the last 31 days.",
        parameters=("Status", "Day", "Dataset", "Profile", "Tag", "AskedBy", "Jobs", "Next"),
        answers={HTTPStatus.OK: JobPage},
        errors=(InvalidCall, TryAgain),
    ),
    Operation(
        method="GET",
        path="/jobs/{id}",
        name="getJob",
        summary="Tells of a job as the ledger knows it: its changes, its attempts, and why it failed.",
        parameters=("JobId",),
        answers={HTTPStatus.OK: Job},
        errors=(NotFound, Ambiguous, TryAgain),
    ),
    Operation(
        method="GET",
        path="/jobs/{id}/logs",
        name="getLog",
        summary="Tells what the training logged, without secrets: all attempts, the oldest line first.",
        parameters=("JobId", "Child", "Lines", "Next"),
        answers={HTTPStatus.OK: Log},
        errors=(InvalidCall, NotFound, Ambiguous, NoLog, TryAgain),
    ),
    Operation(
        method="POST",
        path="/jobs/{id}/cancel",
        name="cancelJob",
        summary="Ends a job in whatever state it is; its children and what depends on it end with it.",
        parameters=("JobId",),
        body=Body(Cancellation, required=False),
        answers={HTTPStatus.ACCEPTED: CancelledJob},
        errors=(
            *(*_UNREADABLE, NotFound, Ambiguous, NotAllowed),
            *(HasEnded, NotSubmitted, NotYetSubmitted, TryAgain),
        ),
    ),
    Operation(
        method="POST",
        path="/jobs/{id}/rerun",
        name="rerunJob",
        summary="Submits the request of a job again, with the fields of the body in place of its own.",
        parameters=("JobId", *_HOW_TO_SUBMIT),
        body=Body(JobRequest, required=False),
        answers={HTTPStatus.ACCEPTED: SubmittedJob, HTTPStatus.OK: PlannedJob},
        errors=(*_SUBMITTING, NotFound, Ambiguous, NoRequest),
    ),
    Operation(
        method="GET",
        path="/queue",
        name="getQueue",
        summary="Tells of the job queues: what waits and runs, who is next, how long waiting usually takes.",
        parameters=("Queue",),
        answers={HTTPStatus.OK: JobQueues},
        errors=(InvalidCall, TryAgain),
    ),
    Operation(
        method="GET",
        path="/costs",
        name="listCosts",
        summary="Tells what the ended jobs of a month cost, by what they have in common, and what is left.",
        parameters=("Month", "By"),
        answers={HTTPStatus.OK: CostsOfMonth},
        errors=(InvalidCall, TryAgain),
    ),
    Operation(
        method="GET",
        path="/trainings",
        name="listTrainings",
        summary="Lists the trainings that a request can name, with the parameters of each as JSON Schema.",
        answers={HTTPStatus.OK: Trainings},
    ),
    Operation(
        method="GET",
        path="/openapi.json",
        name="getOpenapi",
        summary="This document.",
        answers={HTTPStatus.OK: None},
    ),
)


def methods_of(path: str) -> list[str]:
    """With which methods there is something at a path; none when there is nothing."""
    return [operation.method for operation in OPERATIONS if _fits(operation.path, path)]


def _fits(template: str, path: str) -> bool:
    pattern = "".join("[^/]+" if part.startswith("{") else re.escape(part) for part in _parts(template))
    return re.fullmatch(pattern, path) is not None


def _parts(template: str) -> list[str]:
    return re.split(r"(\{[a-z]+\})", template)
