"""Whether a request is signed with a secret, as AWS checks it: Signature Version 4, in the Authorization
header or in the query string. What the signature should be, botocore's own signer computes.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html. The chunks of an
aws-chunked body are not checked one by one: the signature of the request is.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials

ALGORITHM = "AWS4-HMAC-SHA256"
CLOCK_SKEW = timedelta(minutes=15)
MOST_SECONDS = 7 * 24 * 3600
"""That a presigned URL may live."""
_FORM = "%Y%m%dT%H%M%SZ"
_CREDENTIAL_PARTS = 5
_PAYLOAD_HASH = "x-amz-content-sha256"
_CLAIMS = {"x-amz-algorithm", "x-amz-credential", "x-amz-signature", "awsaccesskeyid"}


class Refused(Exception):
    """`code` is AWS's for what is wrong with the credentials; services give it names of their own."""

    def __init__(self, code: str, message: str) -> None:
        self.code, self.message = code, message
        super().__init__(f"{code}: {message}")


@dataclass(frozen=True)
class Received:
    """A request as it arrived: `path` and `query` percent-encoded, names of headers in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]

    @property
    def parameters(self) -> list[tuple[str, str]]:
        return parse_qsl(self.query, keep_blank_values=True)


@dataclass(frozen=True)
class Signature:
    key_id: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    value: str
    timestamp: str
    token: str
    lifetime: timedelta
    in_query: bool

    def covers_body(self, request: Received) -> bool:
        """Whether the body has to be read to check it."""
        if self.in_query:
            return self.service != "s3"
        return _PAYLOAD_HASH not in request.headers


def claimed(request: Received) -> Signature | None:
    """The signature that the request carries, None when it claims to be nobody's. Raises Refused for one that
    cannot be checked.
    """
    authorization = request.headers.get("authorization", "")
    if authorization.startswith(ALGORITHM):
        return _of_header(authorization, request.headers)
    parameters = dict(request.parameters)
    if parameters.get("X-Amz-Algorithm") == ALGORITHM and not authorization.startswith("AWS"):
        return _of_query(parameters)
    if authorization.startswith("AWS") or _CLAIMS & {name.lower() for name in parameters}:
        raise Refused("UnsupportedSignature", f"Only signatures of {ALGORITHM} are understood.")
    return None


def check(request: Received, body: bytes, signature: Signature, secret: str, now: datetime) -> None:
    """Raises Refused unless the signature was made with the secret, for this request and about now."""
    _check_time(signature, now)
    if not hmac.compare_digest(
        _expected(request, body, signature, secret).encode(), signature.value.encode()
    ):
        raise Refused(
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. Check your AWS "
            "Secret Access Key and signing method. Consult the service documentation for details.",
        )


def _of_header(authorization: str, headers: Mapping[str, str]) -> Signature:
    words = (word.strip().partition("=") for word in authorization.removeprefix(ALGORITHM).split(","))
    parts = {name: value for name, _, value in words}
    timestamp = headers.get("x-amz-date") or _from_http_date(headers.get("date", ""))
    return _signature(
        parts.get("Credential", ""),
        signed_headers=parts.get("SignedHeaders", ""),
        value=parts.get("Signature", ""),
        timestamp=timestamp,
        token=headers.get("x-amz-security-token", ""),
        lifetime=CLOCK_SKEW,
        in_query=False,
    )


def _of_query(parameters: Mapping[str, str]) -> Signature:
    try:
        lifetime = timedelta(seconds=min(int(parameters["X-Amz-Expires"]), MOST_SECONDS))
    except (KeyError, ValueError):
        lifetime = CLOCK_SKEW
    return _signature(
        parameters.get("X-Amz-Credential", ""),
        signed_headers=parameters.get("X-Amz-SignedHeaders", ""),
        value=parameters.get("X-Amz-Signature", ""),
        timestamp=parameters.get("X-Amz-Date", ""),
        token=parameters.get("X-Amz-Security-Token", ""),
        lifetime=lifetime,
        in_query=True,
    )


def _signature(credential: str, *, signed_headers: str, value: str, timestamp: str, **rest: Any) -> Signature:
    parts = credential.split("/")
    names = tuple(signed_headers.lower().split(";"))
    if len(parts) != _CREDENTIAL_PARTS or not all((*parts, *names, value, timestamp)):
        raise Refused(
            "IncompleteSignature",
            "Credential with its five parts, SignedHeaders, Signature and the date are all required.",
        )
    if "host" not in names:
        raise Refused("SignatureDoesNotMatch", "'Host' or ':authority' must be a 'SignedHeader'.")
    key_id, date, region, service, _ = parts
    return Signature(key_id, date, region, service, names, value, timestamp, **rest)


def _from_http_date(date: str) -> str:
    try:
        return parsedate_to_datetime(date).astimezone(UTC).strftime(_FORM)
    except (TypeError, ValueError, OverflowError):
        return ""


def _check_time(signature: Signature, now: datetime) -> None:
    try:
        made = datetime.strptime(signature.timestamp, _FORM).replace(tzinfo=UTC)
    except ValueError:
        raise Refused(
            "IncompleteSignature", f"{signature.timestamp} is no date of the form {_FORM}."
        ) from None
    if made - now > CLOCK_SKEW:
        raise Refused("RequestTimeTooSkewed", f"Signature not yet current: {signature.timestamp}")
    if now - made > signature.lifetime:
        code = "RequestExpired" if signature.in_query else "RequestTimeTooSkewed"
        raise Refused(code, f"Signature expired: {signature.timestamp} is too long ago.")


def _expected(request: Received, body: bytes, signature: Signature, secret: str) -> str:
    signer = (_S3Signer if signature.service == "s3" else _Signer)(
        Credentials(signature.key_id, secret), signature.service, signature.region
    )
    signer.signed = HTTPHeaders()
    for name in signature.signed_headers:
        signer.signed[name] = request.headers.get(name, "")
    parameters: Any = [(name, value) for name, value in request.parameters if name != "X-Amz-Signature"]
    copy = AWSRequest(
        method=request.method,
        url=f"http://{request.headers['host']}{request.path}",
        params=parameters,
        headers={"X-Amz-Content-SHA256": _payload_hash(request, body, signature)},
    )
    copy.context["timestamp"] = signature.timestamp
    return str(signer.signature(signer.string_to_sign(copy, signer.canonical_request(copy)), copy))


def _payload_hash(request: Received, body: bytes, signature: Signature) -> str:
    if signature.covers_body(request):
        return hashlib.sha256(body).hexdigest()
    if signature.in_query and _PAYLOAD_HASH not in signature.signed_headers:
        return "UNSIGNED-PAYLOAD"
    return request.headers.get(_PAYLOAD_HASH, "")


class _SignsWhatWasSigned:
    """The client says which headers it signed; botocore would choose by itself."""

    signed: HTTPHeaders

    def headers_to_sign(self, _request: AWSRequest) -> HTTPHeaders:
        return self.signed


class _Signer(_SignsWhatWasSigned, SigV4Auth):
    pass


class _S3Signer(_SignsWhatWasSigned, S3SigV4Auth):
    pass
