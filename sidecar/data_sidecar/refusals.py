"""What S3 and the disk refuse, as a Failure: which action on what, why, and what to do."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    PartialCredentialsError,
)
from botocore.exceptions import ConnectionError as NotConnectedError
from s3transfer.exceptions import RetriesExceededError

from data_sidecar.failure import ExitCode, Failure

# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
_DENIED = {
    "401", "403", "AccessDenied", "AllAccessDisabled", "AccountProblem", "ExpiredToken", "Forbidden",
    "InvalidAccessKeyId", "InvalidToken", "SignatureDoesNotMatch", "TokenRefreshRequired",
    "UnauthorizedAccess", "KMS.DisabledException",
}  # fmt: skip
CONFLICT = "ConditionalRequestConflict"
"""Another write of the same key is on its way."""
_TEMPORARY = {
    "429", "500", "502", "503", "504", "BandwidthLimitExceeded", "InternalError", "OperationAborted",
    "RequestLimitExceeded", "RequestTimeout", "RequestTimeTooSkewed", "ServiceUnavailable", "SlowDown",
    "Throttling", "ThrottlingException", CONFLICT,
}  # fmt: skip
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
EXISTS = {"412", "PreconditionFailed"}
_NO_CREDENTIALS = (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError)
# The connection broke, or bits fell over, also while the body came, and again when it was asked for again.
_OUT_OF_REACH = (
    ConnectionError,
    TimeoutError,
    HTTPClientError,
    NotConnectedError,
    IncompleteReadError,
    FlexibleChecksumError,
    RetriesExceededError,
)
_FULL = {errno.ENOSPC, errno.EDQUOT}
_NEXT = {
    ExitCode.MISSING: "Check the bucket, the key and the version.",
    ExitCode.NOT_STORED: "Check the results bucket, and run the job again.",
}


def code_of(error: ClientError) -> str:
    return error.response["Error"].get("Code", "")


@contextmanager
def as_failure(action: str, bucket: str, key: str, otherwise: ExitCode) -> Iterator[None]:
    """Translates what S3 refuses within; `otherwise` is the exit code of what has none of its own."""
    uri = f"s3://{bucket}/{key}"
    try:
        yield
    except ClientError as error:
        code = code_of(error)
        said = f"{uri}: S3 answered {code} ({error.response['Error'].get('Message', '')})."
        if code in _DENIED:
            # ListBucket is an action on the bucket, all others are on objects.
            resource = bucket if action == "s3:ListBucket" else f"{bucket}/{key}"
            allow = f"Allow {action} on arn:aws:s3:::{resource} to the job's role."
            raise Failure(ExitCode.DENIED, f"{said} {allow}") from error
        if code in _TEMPORARY:
            raise Failure(ExitCode.TEMPORARY, f"{said} Run the job again.") from error
        raise Failure(otherwise, f"{said} {_NEXT[otherwise]}") from error
    except _NO_CREDENTIALS as error:
        raise Failure(ExitCode.DENIED, f"{uri}: {error}. Give the job a role.") from error
    except _OUT_OF_REACH as error:
        sentence = f"{uri}: S3 is out of reach, or its answer was cut short ({error}). Run the job again."
        raise Failure(ExitCode.TEMPORARY, sentence) from error
    except BotoCoreError as error:
        raise Failure(otherwise, f"{uri}: {error}. {_NEXT[otherwise]}") from error


@contextmanager
def disk_as_failure(what: str) -> Iterator[None]:
    """Translates what the volume refuses within; `what` was to be written."""
    try:
        yield
    except (ConnectionError, TimeoutError):  # S3's, not the disk's
        raise
    except OSError as error:
        if error.errno in _FULL:
            raise no_room(what) from error
        raise Failure(
            ExitCode.DISK,
            f"{what} cannot be written to the shared folder: {error.strerror or error}. Check the volume.",
        ) from error


def no_room(what: str) -> Failure:
    return Failure(
        ExitCode.DISK,
        f"There is no room for {what} on the job's disk. Give the job more ephemeral storage, or less data.",
    )
