"""Errors as HTTP answers: RFC 9457 problem details, a value. The one place where an error gets its status."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import NamedTuple

from msgspec import Struct

from pulse.domain.errors import (
    IdempotencyConflict,
    InFlight,
    InvalidCall,
    InvalidIdempotencyKey,
    InvalidRequest,
    PulseError,
    RefusedByBatch,
    TooLarge,
    TryAgain,
)
from pulse.domain.fault import Fault

CONTENT_TYPE = "application/problem+json"
MAX_ERRORS = 100


class Problem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`errors` holds at most 100 faults; `detail` says how many there are."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = ""
    errors: tuple[Fault, ...] = ()


class _Kind(NamedTuple):
    error: type[PulseError]
    status: HTTPStatus
    slug: str
    title: str


# The first row whose error fits decides.
_KINDS = (
    _Kind(InvalidRequest, HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-request", "The job request is not valid"),
    _Kind(
        InvalidIdempotencyKey,
        HTTPStatus.BAD_REQUEST,
        "invalid-idempotency-key",
        "The Idempotency-Key is not valid",
    ),
    _Kind(
        IdempotencyConflict,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "idempotency-conflict",
        "The Idempotency-Key is taken",
    ),
    _Kind(InvalidCall, HTTPStatus.BAD_REQUEST, "invalid-call", "The call cannot be read"),
    _Kind(TooLarge, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", "The body is too large"),
    _Kind(RefusedByBatch, HTTPStatus.UNPROCESSABLE_ENTITY, "refused-by-batch", "AWS Batch refused the job"),
    _Kind(InFlight, HTTPStatus.CONFLICT, "in-flight", "The same request is under way"),
    _Kind(TryAgain, HTTPStatus.SERVICE_UNAVAILABLE, "try-again", "Not now"),
)


def of_error(error: PulseError) -> Problem:
    """The problem that tells `error`. What the table does not hold says nothing of itself."""
    for kind in _KINDS:
        if isinstance(error, kind.error):
            return of_faults(kind.status, kind.title, getattr(error, "faults", ()), kind.slug, str(error))
    return Problem(
        title="Pulse failed",
        status=HTTPStatus.INTERNAL_SERVER_ERROR,
        detail="The log of the function says why.",
    )


def of_faults(
    status: HTTPStatus, title: str, faults: Sequence[Fault] = (), slug: str = "", detail: str = ""
) -> Problem:
    if faults:
        more = f"; the first {MAX_ERRORS} are listed" if len(faults) > MAX_ERRORS else ""
        detail = f"{len(faults)} {'value is' if len(faults) == 1 else 'values are'} not valid{more}."
    return Problem(
        type=f"urn:pulse:problem:{slug}" if slug else "about:blank",
        title=title,
        status=status,
        detail=detail,
        errors=tuple(faults[:MAX_ERRORS]),
    )
