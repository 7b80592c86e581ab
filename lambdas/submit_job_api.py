"""The doors of the HTTP API that submit: `POST /jobs` and `POST /jobs/{id}/rerun`."""

from datetime import timedelta
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from lambdas.common import callers, http_api, http_input
from lambdas.common.http_api import Answer, Event
from lambdas.common.telemetry import count, for_function, submitted
from lambdas.wiring import shared
from pulse.api.answers import submissions
from pulse.domain.errors import InvalidCall
from pulse.domain.fault import Fault
from pulse.domain.request import identity as idempotency
from pulse.domain.request.identity import Identity
from pulse.domain.request.job_request import JobRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from pulse.services.submit.finish_claim import Submission

logger, metrics = for_function("submit_job")


def answer(event: Event) -> dict[str, Any]:
    count(metrics, "Calls")
    return http_api.answer(event, _ROUTES, logger)


def _submit(event: Event) -> Answer:
    submit_job = shared.submit_job()
    request = submit_job.read(http_input.json_body(event))
    return _answered(event, request, submit_job.submit)


def _rerun(event: Event) -> Answer:
    rerun_job = shared.rerun_job()
    changes, guard = http_input.object_body(event), callers.guard(event)
    first, request = shared.find_job().do(
        http_input.job_id(event), lambda found: (found, rerun_job.request(found, changes, guard)), guard
    )
    return _answered(event, request, partial(rerun_job.rerun, first), again_of=first)


def _answered(
    event: Event, request: JobRequest, submit: "Callable[..., Submission]", again_of: str = ""
) -> Answer:
    """202 with the job; with `?dry_run=true` 200 with what would be submitted. The first answer, for every
    repetition of the call the same.
    """
    if request.depends_on:
        shared.resolve_dependencies().demand_seen(request, callers.guard(event))
    forced = http_input.flag(event, "force")
    identity = _identity(event, request, again_of, forced=forced)
    if http_input.flag(event, "dry_run"):
        submit_job = shared.submit_job()
        prepared = submit_job.prepare(request, quoted=True)
        return http_api.json(HTTPStatus.OK, submissions.planned(submit_job.plan(request, prepared), prepared))
    submission = submit(request, identity, asked_by=http_input.caller(event))
    submitted(logger, metrics, "Call", submission)
    record, follower = submission.record, submission.follower
    expires_at = None if forced else record.created_at + _counts_for(identity)
    return http_api.json(HTTPStatus.ACCEPTED, submissions.submitted(record, follower, expires_at))


def _identity(event: Event, request: JobRequest, again_of: str, *, forced: bool) -> Identity:
    """What makes this call the same as another. `?force=true`: nothing does. A rerun is another request than
    the one it repeats.
    """
    key = http_input.header(event, "idempotency-key")
    if forced:
        if key is not None:
            raise InvalidCall([Fault("force", "nothing or false with an Idempotency-Key", "true")])
        return idempotency.of_nothing(shared.random_hex())
    return idempotency.of_call(
        request,
        key,
        caller=" ".join([shared.settings().access.owner(http_input.caller(event)), again_of]).strip(),
        window_seconds=shared.settings().idempotency_window_seconds,
    )


def _counts_for(identity: Identity) -> timedelta:
    if identity.window_seconds is None:
        return shared.ledger_retention()
    return timedelta(seconds=identity.window_seconds)


_ROUTES: dict[str, http_api.Route] = {"POST /jobs": _submit, "POST /jobs/{id}/rerun": _rerun}
