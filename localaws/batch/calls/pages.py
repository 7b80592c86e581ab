"""Pages of a listing: an opaque nextToken that says where the following page starts."""

from __future__ import annotations

import base64
import binascii
from typing import TypeVar

from localaws.batch.errors import refused

Item = TypeVar("Item")


def page(
    items: list[Item], max_results: int | None, token: str | None, most: int
) -> tuple[list[Item], str | None]:
    """One page of at most `most` items and the token of the following one, None at the end.

    Raises ClientException for a token this module did not write.
    """
    start = _start(token)
    size = min(max_results or most, most)
    following = start + size
    return items[start:following], _token(following) if following < len(items) else None


def _token(start: int) -> str:
    return base64.urlsafe_b64encode(f"batch:{start}".encode()).decode()


def _start(token: str | None) -> int:
    if not token:
        return 0
    try:
        text = base64.urlsafe_b64decode(token.encode()).decode()
    except (binascii.Error, UnicodeError):
        text = ""
    if not text.startswith("batch:") or not text[6:].isdigit():
        raise refused("nextToken is invalid: use the nextToken of the previous answer")
    return int(text[6:])
