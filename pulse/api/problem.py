"""Errors as HTTP answers: RFC 9457 problem details, a value. The one place where an error gets its status."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import NamedTuple

from msgspec import Struct

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
from pulse.domain.fault import Fault, counted

CONTENT_TYPE = "application/problem+json"
MAX_ERRORS = 100


class Problem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`errors` holds at most 100 faults; `detail` says how many there are."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = ""
    errors: tuple[Fault, ...] = ()


class Kind(NamedTuple):
    error: type[PulseError]
    status: HTTPStatus
    slug: str
    title: str

    @property
    def type(self) -> str:
        return f"urn:pulse:problem:{self.slug}"


# The first row whose error fits decides.
_KINDS = (
    Kind(InvalidRequest, HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-request", "The request is not valid"),
    Kind(OverLimit, HTTPStatus.UNPROCESSABLE_ENTITY, "over-limit", "The job may cost too much"),
    Kind(
        InvalidIdempotencyKey,
        HTTPStatus.BAD_REQUEST,
        "invalid-idempotency-key",
        "The Idempotency-Key is not valid",
    ),
    Kind(
        IdempotencyConflict,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "idempotency-conflict",
        "The Idempotency-Key is taken",
    ),
    Kind(InvalidCall, HTTPStatus.BAD_REQUEST, "invalid-call", "The call cannot be read"),
    Kind(TooLarge, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", "The body is too large"),
    Kind(RefusedByBatch, HTTPStatus.UNPROCESSABLE_ENTITY, "refused-by-batch", "AWS Batch refused the job"),
    Kind(NoLog, HTTPStatus.NOT_FOUND, "no-log", "The job has no log"),
    Kind(NoRequest, HTTPStatus.NOT_FOUND, "no-request", "The job's request is not known"),
    Kind(NotFound, HTTPStatus.NOT_FOUND, "not-found", "There is no such job"),
    Kind(Ambiguous, HTTPStatus.CONFLICT, "ambiguous", "Several jobs are named so"),
    Kind(NotAllowed, HTTPStatus.FORBIDDEN, "not-allowed", "The job is not the caller's"),
    Kind(HasEnded, HTTPStatus.CONFLICT, "has-ended", "The job has ended already"),
    Kind(NotSubmitted, HTTPStatus.CONFLICT, "not-submitted", "The job was never submitted"),
    Kind(Forgotten, HTTPStatus.CONFLICT, "forgotten", "Nobody knows any more whether the job was submitted"),
    Kind(InFlight, HTTPStatus.CONFLICT, "in-flight", "The same request is under way"),
    Kind(NotYetSubmitted, HTTPStatus.CONFLICT, "not-yet-submitted", "The job is still being submitted"),
    Kind(TryAgain, HTTPStatus.SERVICE_UNAVAILABLE, "try-again", "Not now"),
)
NO_SUCH_RESOURCE = Problem(
    type="urn:pulse:problem:no-such-resource",
    title="No such resource",
    status=HTTPStatus.NOT_FOUND,
    detail="GET /openapi.json lists all resources.",
)


def kind_of(error: type[PulseError]) -> Kind | None:
    """None for what says nothing of itself: a permission that is missing, a fault of ours."""
    return next((kind for kind in _KINDS if issubclass(error, kind.error)), None)


def of_error(error: PulseError) -> Problem:
    kind = kind_of(type(error))
    if kind is None:
        return Problem(
            title="Pulse failed",
            status=HTTPStatus.INTERNAL_SERVER_ERROR,
            detail="The log of the function says why.",
        )
    faults: Sequence[Fault] = getattr(error, "faults", ())
    return Problem(
        type=kind.type,
        title=kind.title,
        status=kind.status,
        detail=_counted(faults) if faults else str(error),
        errors=tuple(faults[:MAX_ERRORS]),
    )


def method_not_allowed(allowed: Sequence[str]) -> Problem:
    return Problem(
        type="urn:pulse:problem:method-not-allowed",
        title="Another method is needed",
        status=HTTPStatus.METHOD_NOT_ALLOWED,
        detail=f"This resource takes {' and '.join(allowed)}. GET /openapi.json has the details.",
    )


def _counted(faults: Sequence[Fault]) -> str:
    more = f"; the first {MAX_ERRORS} are listed" if len(faults) > MAX_ERRORS else ""
    count = counted(faults)
    return f"{count} {'value is' if count == 1 else 'values are'} not allowed{more}."
