"""What makes two requests the same request: one rule for all doors.

An S3 drop is the object's version (or, without versions, its sequencer); an API call is its Idempotency-Key,
or, without one, its body within a time window, and either counts for its caller only. `payload_hash` tells
whether a key is used for the same thing.
"""

import hashlib
import re
from typing import Literal

from msgspec import Struct, json

from pulse.domain.errors import InvalidIdempotencyKey
from pulse.domain.request.drop import S3Drop
from pulse.domain.request.job_request import JobRequest

AutomaticReason = Literal["memory", "spot"]
"""Why Pulse itself submits a job again: it died of too little memory, or lost its Spot capacity."""
_QUOTED = re.compile(r'"([\x20-\x21\x23-\x7e]{1,255})"\Z')
_BARE = re.compile(r"[\x21\x23-\x7e]{1,255}\Z")


class Identity(Struct, frozen=True, kw_only=True):
    """`strict`: another payload under the same key is a conflict, since a client chose the key; otherwise
    the first answer stands. `window_seconds`: how long the key counts; None: as long as the ledger keeps it.
    """

    key: str
    payload_hash: str
    strict: bool = False
    window_seconds: int | None = None


def of_drop(drop: S3Drop) -> Identity:
    """One object version is one request, however often and in whatever order its events arrive."""
    identity = f"version:{drop.version_id}" if drop.version_id else f"sequencer:{drop.ordered_sequencer}"
    key = _digest("s3", drop.bucket, drop.key, identity)
    return Identity(key=key, payload_hash=_digest(drop.etag))


def of_call(request: JobRequest, header: str | None, *, caller: str, window_seconds: int) -> Identity:
    """`header` is the Idempotency-Key as sent, `caller` the ARN of the user or the role that sent it: two may
    choose the same key, and neither shall get the other's job. Raises InvalidIdempotencyKey.
    """
    payload_hash = _digest(json.encode(request.given(), order="sorted").decode())
    if header is None:
        return Identity(
            key=_digest("body", caller, payload_hash),
            payload_hash=payload_hash,
            window_seconds=window_seconds,
        )
    return Identity(key=_digest("api", caller, key_of_header(header)), payload_hash=payload_hash, strict=True)


def of_nothing(random_hex: str) -> Identity:
    """A request that is like no other."""
    return Identity(key=_digest("once", random_hex), payload_hash="")


def of_rerun(job_id: str, because: AutomaticReason) -> Identity:
    """Pulse itself submits a job once more for a reason, not twice."""
    return Identity(key=_digest(because, job_id), payload_hash="")


def key_of_header(header: str) -> str:
    """The key in an Idempotency-Key header, quoted (a structured-field string, draft-ietf-httpapi-
    idempotency-key-header-07) or bare. Raises InvalidIdempotencyKey.
    """
    text = header.strip(" \t")
    if quoted := _QUOTED.match(text):
        return quoted[1]
    if _BARE.match(text):
        return text
    raise InvalidIdempotencyKey(header)


def _digest(*parts: str) -> str:
    """SHA-256 over the parts, each with its length, so that no two lists of parts run together."""
    joined = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()
