"""The errors AWS Batch answers with.

BatchError                     any refusal, with its HTTP status
├── ClientException            400: the caller's request is wrong
├── TooManyRequestsException   429: the caller submits too fast
└── ServerException            500: this engine failed
"""

from __future__ import annotations


class BatchError(Exception):
    """A refusal that becomes an HTTP answer; `code` is what boto3 shows as the error's code."""

    code = "ServerException"
    status = 500

    @property
    def message(self) -> str:
        return str(self)


class ClientException(BatchError):
    """Raised for a request that AWS Batch refuses (HTTP 400)."""

    code = "ClientException"
    status = 400


class TooManyRequestsException(BatchError):
    """Raised for a submission over the account's pace (HTTP 429); nothing was accepted."""

    code = "TooManyRequestsException"
    status = 429


class ServerException(BatchError):
    """Raised when the engine itself cannot go on (HTTP 500)."""


def refused(reason: str) -> ClientException:
    """The refusal in the wrapping AWS Batch gives most of its validation texts."""
    return ClientException(f"Error executing request, Exception : {reason}")
