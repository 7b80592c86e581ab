"""The door of the HTTP API: `POST /jobs`, and problem+json for whatever is wrong with a call."""

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from lambdas import bootstrap, http_input
from lambdas.telemetry import count, of, reason, submitted
from pulse.domain import idempotency, problem
from pulse.domain.errors import InvalidCall, PulseError, TryAgain
from pulse.domain.fault import Fault
from pulse.domain.idempotency import Identity
from pulse.domain.job_record import JobRecord
from pulse.domain.job_request import JobRequest
from pulse.domain.problem import Problem
from pulse.domain.s3_layout import results_prefix, s3_uri

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger, metrics = of("submit_job")
app = APIGatewayHttpResolver()


def answer(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    count(metrics, "Calls")
    return app.resolve(event, context)


@app.post("/jobs")
def post_jobs() -> Response[str]:
    """202 with the job; with `?dry_run=true` 200 with the parameters that SubmitJob would get."""
    event = app.current_event.raw_event
    submit_job = bootstrap.submit_job()
    request = submit_job.read(http_input.json_body(event))
    if http_input.flag(event, "dry_run"):
        return _json(HTTPStatus.OK, {"plan": submit_job.plan(request).parameters})
    submission = submit_job.submit(request, _identity(event, request))
    submitted(logger, metrics, "Call", submission)
    return _json(HTTPStatus.ACCEPTED, _told(submission.record, submission.batch_job_id))


@app.exception_handler(PulseError)  # type: ignore[untyped-decorator] # Powertools gives it no types
def refuse(error: PulseError) -> Response[str]:
    told = problem.of_error(error)
    if told.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.error("Call failed", status=told.status, reason=reason(error))
    else:
        logger.info("Call refused", status=told.status, type=told.type, fields=[f.field for f in told.errors])
    wait = {"Retry-After": str(error.retry_after_seconds)} if isinstance(error, TryAgain) else {}
    return _problem(told, wait)


@app.exception_handler(Exception)  # type: ignore[untyped-decorator]
def fail(error: Exception) -> Response[str]:
    logger.error("Call failed", exc_info=error)
    return _problem(problem.of_error(PulseError()))


@app.not_found
def not_found(error: Exception) -> Response[str]:
    del error
    return _problem(
        Problem(title="No such resource", status=HTTPStatus.NOT_FOUND, detail="POST /jobs submits a job.")
    )


def _identity(event: dict[str, Any], request: JobRequest) -> Identity:
    """What makes this call the same as another. `?force=true`: nothing does."""
    key = http_input.header(event, "idempotency-key")
    if http_input.flag(event, "force"):
        if key is not None:
            raise InvalidCall([Fault("force", "nothing or false with an Idempotency-Key", "true")])
        return idempotency.of_nothing(bootstrap.random_hex())
    return idempotency.of_call(
        request,
        key,
        caller=http_input.caller(event),
        window_seconds=bootstrap.settings().idempotency_window_seconds,
    )


def _told(record: JobRecord, batch_job_id: str) -> dict[str, str]:
    """The first answer, for every repetition of the call the same."""
    return {
        "job_id": record.job_id,
        "batch_job_id": batch_job_id,
        "job_name": record.job_name,
        "status": "SUBMITTED",
        "created_at": record.created_at.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "results": s3_uri(record.results_bucket, results_prefix(record.job_id)),
    }


def _json(status: HTTPStatus, content: dict[str, Any]) -> Response[str]:
    return Response(status, "application/json", msgspec.json.encode(content).decode())


def _problem(told: Problem, headers: dict[str, str] | None = None) -> Response[str]:
    body = msgspec.json.encode(told).decode()
    return Response(told.status, problem.CONTENT_TYPE, body, headers=headers or {})
