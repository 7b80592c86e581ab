"""An alert as a Slack message in Block Kit, within its limits.

https://docs.slack.dev/reference/block-kit/blocks
"""

from typing import Any

from pulse.domain import alert_mrkdwn as mrkdwn
from pulse.domain.alert import Alert, Kind, shortened
from pulse.domain.alert_mrkdwn import code, escaped

HEADER_CHARACTERS = 150
SECTION_CHARACTERS = 3000
MESSAGE_CHARACTERS = 13_000
"""Of all blocks together: Slack refuses more. The limits here and in alert_mrkdwn.py stay below it."""
FIELDS = 10
_MOST_FACTS = 14
_REASON_CHARACTERS = 1800
_NEXT_CHARACTERS = 600
_COMMANDS_CHARACTERS = 400
_LEFT_OUT_CHARACTERS = 600
_NAMES_CHARACTERS = 1500
_ICONS: dict[Kind, str] = {
    "SUBMITTED": ":inbox_tray:",
    "STARTED": ":arrow_forward:",
    "SUCCEEDED": ":white_check_mark:",
    "FAILED": ":rotating_light:",
    "OVERDUE": ":hourglass_flowing_sand:",
    "BLOCKED": ":no_entry:",
    "REJECTED": ":warning:",
    "BUDGET": ":moneybag:",
}


def message(alert: Alert) -> dict[str, Any]:
    """The body of a webhook call. `text` is what notifications and screen readers say."""
    return {"text": escaped(f"{alert.kind}: {alert.headline}", SECTION_CHARACTERS), "blocks": _blocks(alert)}


def _blocks(alert: Alert) -> list[dict[str, Any]]:
    """In the order in which a person reads; a part that has nothing to say is left out."""
    header = {"type": "plain_text", "text": _header(alert.headline)}
    said = f"{_ICONS[alert.kind]} *{alert.kind}*\n{escaped(alert.reason, _REASON_CHARACTERS)}"
    return [
        {"type": "header", "text": header},
        _section(said),
        *_sections(mrkdwn.table(alert), _next(alert), mrkdwn.log(alert)),
        *_facts(alert),
        *_sections(_left_out(alert), mrkdwn.links(alert)),
        *_names(alert),
    ]


def _header(headline: str) -> str:
    """Escaped, for Slack keeps plain text so as well: https://github.com/slackapi/bolt-python/issues/513."""
    return escaped(shortened(headline, HEADER_CHARACTERS), HEADER_CHARACTERS)


def _next(alert: Alert) -> str:
    step = f"*What to do next*\n{escaped(alert.next_step, _NEXT_CHARACTERS)}"
    lines = "\n".join(f"{command.label}: {code(command.line)}" for command in alert.commands)
    return f"{step}\n{escaped(lines, _COMMANDS_CHARACTERS)}" if lines else step


def _facts(alert: Alert) -> list[dict[str, Any]]:
    fields = [_text(mrkdwn.fact(fact, "\n")) for fact in alert.facts[:_MOST_FACTS]]
    return [
        {"type": "section", "fields": fields[start : start + FIELDS]}
        for start in range(0, len(fields), FIELDS)
    ]


def _left_out(alert: Alert) -> str:
    sentences = "\n".join(f"• {sentence}" for sentence in alert.left_out)
    return f"*Left out*\n{escaped(sentences, _LEFT_OUT_CHARACTERS)}" if sentences else ""


def _names(alert: Alert) -> list[dict[str, Any]]:
    """Small, at the foot."""
    told = "  ·  ".join(f"{name.label} {name.value}" for name in alert.names)
    return [{"type": "context", "elements": [_text(escaped(told, _NAMES_CHARACTERS))]}] if told else []


def _sections(*texts: str) -> list[dict[str, Any]]:
    return [_section(text) for text in texts if text]


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": _text(text)}


def _text(text: str) -> dict[str, Any]:
    # verbatim: Slack makes no links or mentions of its own out of what looks like one.
    return {"type": "mrkdwn", "text": text, "verbatim": True}
