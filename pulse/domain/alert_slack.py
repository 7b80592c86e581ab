"""An alert as a Slack message in Block Kit, within its limits and escaped.

https://docs.slack.dev/reference/block-kit/blocks and
https://docs.slack.dev/messaging/formatting-message-text#escaping
"""

from typing import Any

from pulse.domain.alert import Alert, Severity
from pulse.domain.text_table import aligned

HEADER_CHARACTERS = 150
SECTION_CHARACTERS = 3000
FIELDS = 10
FIELD_CHARACTERS = 300
"""Slack takes 2,000 a field, but 13,000 in the whole message; one fact is never worth that many."""
_REASON_CHARACTERS = 2000
_NEXT_CHARACTERS = 1000
_TABLE_CHARACTERS = 2000
_ICONS: dict[Severity, str] = {
    "info": ":white_check_mark:",
    "warning": ":warning:",
    "error": ":rotating_light:",
}
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def message(alert: Alert) -> dict[str, Any]:
    """The body of a webhook call. `text` is what notifications and screen readers say."""
    return {"text": escaped(f"{alert.kind}: {alert.headline}", SECTION_CHARACTERS), "blocks": _blocks(alert)}


def escaped(text: str, limit: int) -> str:
    """Slack's three entities, so that a name can be neither a link nor a mention; at most `limit` characters,
    never cut within an entity.
    """
    pieces = [_ENTITIES.get(character, character) for character in text]
    if sum(map(len, pieces)) <= limit:
        return "".join(pieces)
    room, kept = limit - 1, []
    for piece in pieces:
        room -= len(piece)
        if room < 0:
            break
        kept.append(piece)
    return "".join(kept) + "…"


def _blocks(alert: Alert) -> list[dict[str, Any]]:
    blocks = [
        {
            "type": "header",
            "text": {"type": "plain_text", "text": escaped(alert.headline, HEADER_CHARACTERS)},
        },
        _section(f"{_ICONS[alert.severity]} *{alert.kind}*\n{escaped(alert.reason, _REASON_CHARACTERS)}"),
        *_facts(alert),
    ]
    if alert.table:
        table = aligned(alert.table).replace("`", "'")
        blocks.append(_section(f"```{escaped(table, _TABLE_CHARACTERS)}```"))
    blocks.append(_section(f"*What to do next*\n{escaped(alert.next_step, _NEXT_CHARACTERS)}"))
    if alert.links:
        addresses = "  ·  ".join(f"<{_address(link.url)}|{escaped(link.label, 40)}>" for link in alert.links)
        blocks.append(_section(addresses))
    return blocks


def _facts(alert: Alert) -> list[dict[str, Any]]:
    fields = [_text(f"*{escaped(f.label, 40)}*\n{escaped(f.value, FIELD_CHARACTERS)}") for f in alert.facts]
    return [
        {"type": "section", "fields": fields[start : start + FIELDS]}
        for start in range(0, len(fields), FIELDS)
    ]


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": _text(text)}


def _text(text: str) -> dict[str, Any]:
    # verbatim: Slack makes no links or mentions of its own out of what looks like one.
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _address(url: str) -> str:
    """`<url|label>`: neither sign may be in the address."""
    return url.replace("&", "&amp;").replace("|", "%7C").replace(">", "%3E").replace("<", "%3C")
