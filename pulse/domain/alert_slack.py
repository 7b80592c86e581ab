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
LINKS_CHARACTERS = 2900
_REASON_CHARACTERS = 1800
_NEXT_CHARACTERS = 1000
_TABLE_CHARACTERS = 1500
_LEFT_OUT_CHARACTERS = 1000
_ICONS: dict[Severity, str] = {
    "info": ":white_check_mark:",
    "warning": ":warning:",
    "error": ":rotating_light:",
}
_SEPARATOR = "  ·  "
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
    if alert.left_out:
        sentences = "\n".join(f"• {sentence}" for sentence in alert.left_out)
        blocks.append(_section(f"*Left out*\n{escaped(sentences, _LEFT_OUT_CHARACTERS)}"))
    blocks.append(_section(f"*What to do next*\n{escaped(alert.next_step, _NEXT_CHARACTERS)}"))
    if links := _links(alert):
        blocks.append(_section(links))
    return blocks


def _links(alert: Alert) -> str:
    """The links that fit, the short ones before the long: half an address leads nowhere, and Slack refuses a
    message with too long a text.
    """
    links = [f"<{_address(link.url)}|{escaped(link.label, 40)}>" for link in alert.links]
    room, fitting = LINKS_CHARACTERS, set()
    for link in sorted(links, key=len):
        room -= len(link) + len(_SEPARATOR)
        if room >= 0:
            fitting.add(link)
    return _SEPARATOR.join(link for link in links if link in fitting)


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
