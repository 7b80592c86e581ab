"""What a call brings, from an HTTP API event (payload format 2.0), with clear errors."""

import base64
import binascii
from typing import Any

from pulse.domain.errors import InvalidCall, InvalidRequest, NotFound, TooLarge
from pulse.domain.fault import Fault, shown
from pulse.domain.job.ids import usable_as_job_id
from pulse.domain.parsing import json_text
from pulse.domain.parsing.json_text import NotJson
from pulse.domain.validation import InvalidInput

MAX_BODY_BYTES = 64 * 1024
"""More than twice what SubmitJob takes."""
_FLAGS = {"true": True, "false": False}


def json_body(event: dict[str, Any]) -> Any:
    """The body as JSON. Raises InvalidCall when it is not JSON, InvalidRequest when an object in it names a
    field twice, TooLarge.
    """
    body = _bytes(event)
    if len(body) > MAX_BODY_BYTES:
        raise TooLarge(len(body), MAX_BODY_BYTES)
    try:
        return json_text.decode(body)
    except NotJson as error:
        start = shown(body[:40].decode("utf-8", "replace"))
        found = f"{start} ({error})" if body else "nothing"
        raise InvalidCall([Fault("body", "a JSON object in UTF-8", found)]) from error
    except InvalidInput as error:
        raise InvalidRequest(error.faults) from error


def object_body(event: dict[str, Any]) -> dict[str, Any]:
    """The body as a JSON object; no body is an empty one. Raises InvalidCall, TooLarge, InvalidRequest."""
    raw = json_body(event) if event.get("body") else {}
    if not isinstance(raw, dict):
        raise InvalidRequest([Fault("the whole", "an object, or no body", shown(raw))])
    return raw


def job_id(event: dict[str, Any]) -> str:
    """The job's id in the path. Raises NotFound for what can be none."""
    text = str(event["pathParameters"]["id"])
    if not usable_as_job_id(text):
        raise NotFound(text)
    return text


def query(event: dict[str, Any]) -> dict[str, str]:
    return event.get("queryStringParameters") or {}


def flag(event: dict[str, Any], name: str) -> bool:
    """A query parameter that is true or false; absent means false. Raises InvalidCall."""
    text = query(event).get(name, "false")
    if text not in _FLAGS:
        raise InvalidCall([Fault(name, "true or false", shown(text))])
    return _FLAGS[text]


def header(event: dict[str, Any], name: str) -> str | None:
    """A header's value, its name in lower case, as HTTP APIs deliver them."""
    headers = event.get("headers") or {}
    return next((str(value) for key, value in headers.items() if key.lower() == name), None)


def caller(event: dict[str, Any]) -> str:
    """The ARN of who signed the call: of a user, or of a role's session. Empty where nobody has to sign."""
    authorizer = event.get("requestContext", {}).get("authorizer") or {}
    return str((authorizer.get("iam") or {}).get("userArn") or "")


def _bytes(event: dict[str, Any]) -> bytes:
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(body).encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidCall([Fault("body", "base64, since the call says so", shown(str(body)))]) from error
