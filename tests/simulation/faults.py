"""What can go wrong with a call of AWS, and the errors that a client raises then."""

from dataclasses import dataclass, field
from typing import Any, Literal

from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError

Kind = Literal[
    "throttled",
    "refused",
    "failed",
    "unsent",
    "lost",
    "late",
    "doubled",
    "died before",
    "died after",
    "slow",
    "cut short",
]
"""What can go wrong with a call.

throttled: refused for now, nothing done. refused: a 5xx, nothing done. failed: a 5xx although it was
done. unsent: no connection. lost: done, no answer. late: no answer, done some seconds later. doubled:
done twice, as a client does that sends again after a lost answer. died before, died after: the
invocation's process ends. slow: answered, after seconds. cut short: of what is read, only a part comes.
"""
HARMLESS: frozenset[Kind] = frozenset({"slow", "doubled"})
"""After these the caller has its answer."""
LATEST_SECONDS = 12.0
"""A request on its way is done at most so much later than it was given up."""


@dataclass(frozen=True, order=True)
class Fault:
    """One that happened: at which call, counted from 1, of which invocation."""

    invocation: str
    number: int
    kind: Kind
    operation: str = field(default="", compare=False)


def client_error(operation: str, code: str, status: int = 400, message: str = "", **more: Any) -> ClientError:
    """An error as botocore raises it. `more` stands beside Error in the response, as CancellationReasons
    does.
    """
    response: Any = {
        "Error": {"Code": code, "Message": message or code},
        "ResponseMetadata": {"HTTPStatusCode": status},
        **more,
    }
    return ClientError(response, operation)


def error_of(kind: Kind, operation: str) -> Exception:
    """What the caller gets of a call that went wrong so."""
    if kind == "throttled":
        return client_error(operation, "ThrottlingException", 400, "Rate exceeded")
    if kind in {"refused", "failed"}:
        return client_error(operation, "ServiceUnavailable", 503, "Service unavailable")
    if kind == "unsent":
        return ConnectTimeoutError(endpoint_url="https://aws")
    return ReadTimeoutError(endpoint_url="https://aws")
