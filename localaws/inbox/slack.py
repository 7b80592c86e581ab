"""What Slack accepts at an incoming webhook: the payload's shape and Block Kit's limits.

https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks and
https://docs.slack.dev/reference/block-kit/blocks. Limits are counted in characters.
"""

import urllib.parse
from collections.abc import Callable
from typing import Any

from localaws import json_text

MOST_BLOCKS = 50
LONGEST_TEXT = 40_000

Block = dict[str, Any]


class Refused(Exception):
    """`code` is what Slack answers, with status 400; `reason` is for whoever reads our log."""

    def __init__(self, code: str, reason: str) -> None:
        self.code, self.reason = code, reason
        super().__init__(f"{code}: {reason}")


def parse(body: bytes, content_type: str) -> tuple[str, list[Block], str]:
    """The text, blocks and channel of a webhook's payload. Raises Refused as Slack would."""
    if content_type.startswith("application/x-www-form-urlencoded"):
        form = urllib.parse.parse_qs(body.decode(errors="replace"))
        body = form.get("payload", [""])[0].encode()
    try:
        payload = json_text.loads(body)
    except ValueError as error:
        raise Refused("invalid_payload", f"not JSON: {error}") from None
    if not isinstance(payload, dict):
        raise Refused("invalid_payload", "not a JSON object")
    text, blocks = payload.get("text") or "", payload.get("blocks") or []
    if not isinstance(text, str) or not isinstance(blocks, list):
        raise Refused("invalid_payload", "text must be a string and blocks a list")
    if not text and not blocks:
        raise Refused("no_text", "neither text nor blocks")
    if len(text) > LONGEST_TEXT:
        raise Refused("msg_too_long", f"text has {len(text)} characters, at most {LONGEST_TEXT} are allowed")
    _check_blocks(blocks)
    return text, blocks, str(payload.get("channel") or "")


def _check_blocks(blocks: list[Any]) -> None:
    if len(blocks) > MOST_BLOCKS:
        raise _invalid(f"{len(blocks)} blocks, at most {MOST_BLOCKS} are allowed")
    for index, block in enumerate(blocks):
        where = f"blocks[{index}]"
        kind = block.get("type") if isinstance(block, dict) else None
        check = _BLOCKS.get(kind) if isinstance(kind, str) else None
        if check is None:
            raise _invalid(f"{where}.type is {kind!r}, allowed are {', '.join(sorted(_BLOCKS))}")
        check(block, where)


def _header(block: Block, where: str) -> None:
    _text(block.get("text"), f"{where}.text", 150, plain_only=True)


def _section(block: Block, where: str) -> None:
    fields = block.get("fields")
    if block.get("text") is None and not fields:
        raise _invalid(f"{where} has neither text nor fields")
    if block.get("text") is not None:
        _text(block["text"], f"{where}.text", 3000)
    if fields is not None:
        for index, item in enumerate(_list(fields, f"{where}.fields", 10)):
            _text(item, f"{where}.fields[{index}]", 2000)
    if block.get("accessory") is not None:
        _element(block["accessory"], f"{where}.accessory")


def _context(block: Block, where: str) -> None:
    for index, item in enumerate(_list(block.get("elements"), f"{where}.elements", 10)):
        if isinstance(item, dict) and item.get("type") == "image":
            _element(item, f"{where}.elements[{index}]")
        else:
            _text(item, f"{where}.elements[{index}]", 3000)


def _actions(block: Block, where: str) -> None:
    for index, item in enumerate(_list(block.get("elements"), f"{where}.elements", 25)):
        _element(item, f"{where}.elements[{index}]")


def _image(block: Block, where: str) -> None:
    _string(block.get("image_url"), f"{where}.image_url", 3000)
    _string(block.get("alt_text"), f"{where}.alt_text", 2000)


def _divider(_block: Block, _where: str) -> None:
    return None


_BLOCKS: dict[str, Callable[[Block, str], None]] = {
    "header": _header,
    "section": _section,
    "context": _context,
    "actions": _actions,
    "image": _image,
    "divider": _divider,
}


def _element(element: Any, where: str) -> None:
    kind = element.get("type") if isinstance(element, dict) else None
    if kind == "image":
        _image(element, where)
    elif kind == "button":
        _text(element.get("text"), f"{where}.text", 75, plain_only=True)
        if element.get("url") is not None:
            _string(element["url"], f"{where}.url", 3000)
    else:
        raise _invalid(f"{where}.type is {kind!r}, allowed are button, image")


def _text(found: Any, where: str, longest: int, *, plain_only: bool = False) -> None:
    allowed = ("plain_text",) if plain_only else ("plain_text", "mrkdwn")
    if not isinstance(found, dict) or found.get("type") not in allowed:
        raise _invalid(f"{where} must be a text object of type {' or '.join(allowed)}")
    _string(found.get("text"), f"{where}.text", longest)


def _string(found: Any, where: str, longest: int) -> None:
    if not isinstance(found, str) or not found:
        raise _invalid(f"{where} must be a string that is not empty")
    if len(found) > longest:
        raise _invalid(f"{where} has {len(found)} characters, at most {longest} are allowed")


def _list(found: Any, where: str, most: int) -> list[Any]:
    if not isinstance(found, list) or not found:
        raise _invalid(f"{where} must be a list that is not empty")
    if len(found) > most:
        raise _invalid(f"{where} has {len(found)} items, at most {most} are allowed")
    return found


def _invalid(reason: str) -> Refused:
    return Refused("invalid_blocks", reason)
