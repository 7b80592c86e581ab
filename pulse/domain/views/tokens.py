"""The pages of a long answer: how much one holds, and where it ended, as a token that a client hands back: a
struct as JSON in base64url, without padding.

A token is no secret and carries no right: whoever takes one checks that it belongs to what is asked for.
"""

import base64
import re
from collections.abc import Mapping
from typing import TypeVar

import msgspec
from msgspec import Struct

from pulse.domain.fault import Fault, shown

T = TypeVar("T", bound=Struct)

MAX_CHARACTERS = 4096
ALLOWED = "what `next` of the page before said, in a call that is otherwise the same"
_COUNT = re.compile(r"[0-9]{1,9}\Z")


def encoded(value: Struct) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(value)).decode().rstrip("=")


def decoded(token: str, kind: type[T]) -> T | None:
    """None for whatever `encoded` has never made of a `kind`: each value has one spelling only."""
    if len(token) > MAX_CHARACTERS:
        return None
    try:
        found = msgspec.json.decode(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)), type=kind)
    except (ValueError, RecursionError):
        return None
    return found if encoded(found) == token else None


def fault(token: str) -> Fault:
    return Fault("next", ALLOWED, shown(token))


def limit(query: Mapping[str, str], default: int, most: int, faults: list[Fault]) -> int:
    """How many a page shall hold, 1 to `most`; `default`, and a fault more, when that is not what is said."""
    text = query.get("limit", str(default))
    if _COUNT.match(text) and 1 <= int(text) <= most:
        return int(text)
    faults.append(Fault("limit", f"an integer from 1 to {most}", shown(text)))
    return default
