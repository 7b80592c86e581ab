"""botocore's exceptions as the domain's: one table for what passes, one for what AWS denies."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from pulse.domain.errors import Misconfigured, Unavailable
from pulse.domain.fault import printable

THROTTLES = frozenset(
    {
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "Throttled",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
_PASSING = THROTTLES | {
    "InternalError",
    "InternalServerError",
    "RequestTimeout",
    "ServiceUnavailable",
    "TransactionConflictException",
    "TransactionInProgressException",
}
_SERVER_ERROR = 500
_THROTTLED = 429


def code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def http_status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def is_throttle(error: ClientError) -> bool:
    return code(error) in THROTTLES or http_status(error) == _THROTTLED


def is_server_error(error: ClientError) -> bool:
    return http_status(error) >= _SERVER_ERROR


@contextmanager
def as_domain_errors(doing: str) -> Iterator[None]:
    """Raises Unavailable or Misconfigured in place of botocore's exceptions; `doing` begins the message."""
    try:
        yield
    except ClientError as error:
        passes = code(error) in _PASSING or is_throttle(error) or is_server_error(error)
        raise (Unavailable if passes else Misconfigured)(f"{doing}: {printable(str(error))}") from error
    except (BotoCoreError, ResponseParserError) as error:
        raise Unavailable(f"{doing}: {printable(str(error))}") from error
