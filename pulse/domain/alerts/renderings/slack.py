"""An alert as a Slack message in Block Kit, within its limits.

https://docs.slack.dev/reference/block-kit/blocks
"""

from collections.abc import Sequence
from typing import Any

from pulse.domain.alerts.alert import RUNS_AGAIN, Alert, shortened
from pulse.domain.alerts.renderings import mrkdwn
from pulse.domain.alerts.renderings.mrkdwn import VALUE_CHARACTERS, code, escaped
from pulse.domain.training.warnings import HEADING

HEADER_CHARACTERS = 150
SECTION_CHARACTERS = 3000
MESSAGE_CHARACTERS = 13_000
"""The limit for all blocks together: Slack refuses more. The limits here and in mrkdwn.py stay below it."""
FIELDS = 10
_MOST_FACTS = 14
_REASON_CHARACTERS = 1800
_WARNINGS_CHARACTERS = 1300
"""Taken from the reason's: that of a job which ended well is short."""
_NEXT_CHARACTERS = 600
_COMMANDS_CHARACTERS = 400
_LEFT_OUT_CHARACTERS = 600
_NAMES_CHARACTERS = 1500
_ICONS: dict[str, str] = {
    "SUBMITTED": ":inbox_tray:",
    "STARTED": ":arrow_forward:",
    "SUCCEEDED": ":white_check_mark:",
    "FAILED": ":rotating_light:",
    RUNS_AGAIN: ":repeat:",
    "OVERDUE": ":hourglass_flowing_sand:",
    "BLOCKED": ":no_entry:",
    "REJECTED": ":warning:",
    "BUDGET": ":moneybag:",
}
_WARNS = ":warning:"


def message(alert: Alert) -> dict[str, Any]:
    """The body of a webhook call. `text` is what notifications and screen readers say, unformatted."""
    text = escaped(f"{alert.title}: {alert.headline}", SECTION_CHARACTERS)
    return {"text": text, "mrkdwn": False, "blocks": _blocks(alert)}


def _blocks(alert: Alert) -> list[dict[str, Any]]:
    """In the order in which a person reads; a part that has nothing to say is left out. Names from outside
    stand in plain text or in code, where no sign of theirs formats: mrkdwn has no escape for its own.
    """
    return [
        {
            "type": "header",
            "text": _plain_text(shortened(alert.headline, HEADER_CHARACTERS), HEADER_CHARACTERS),
        },
        _section(f"{_WARNS if alert.warnings else _ICONS[alert.shown_as]} *{alert.title}*"),
        *_list(HEADING, alert.read_first, _WARNINGS_CHARACTERS),
        *_plain_sections(alert.reason, _REASON_CHARACTERS - (_WARNINGS_CHARACTERS if alert.warnings else 0)),
        *_sections(mrkdwn.table(alert), "*What to do next*"),
        *_plain_sections(alert.next_step, _NEXT_CHARACTERS),
        *_sections(_commands(alert), mrkdwn.log(alert)),
        *_facts(alert),
        *_list("Left out", alert.left_out, _LEFT_OUT_CHARACTERS),
        *_sections(mrkdwn.links(alert)),
        *_names(alert),
    ]


def _plain_text(text: str, limit: int) -> dict[str, Any]:
    """A text object in which nothing formats and `:tada:` stays. Escaped, for Slack keeps plain text so as
    well: https://github.com/slackapi/bolt-python/issues/513.
    """
    return {"type": "plain_text", "text": escaped(text, limit), "emoji": False}


def _plain_sections(text: str, limit: int) -> list[dict[str, Any]]:
    return [{"type": "section", "text": _plain_text(text, limit)}] if text else []


def _commands(alert: Alert) -> str:
    lines = "\n".join(f"{command.label}: {code(command.line)}" for command in alert.commands)
    return escaped(lines, _COMMANDS_CHARACTERS)


def _facts(alert: Alert) -> list[dict[str, Any]]:
    """In two columns, a row a fact: the label, and the value in plain text."""
    fields = [
        text
        for fact in alert.facts[:_MOST_FACTS]
        for text in (_text(mrkdwn.label(fact)), _plain_text(fact.value or "-", VALUE_CHARACTERS))
    ]
    return [
        {"type": "section", "fields": fields[start : start + FIELDS]}
        for start in range(0, len(fields), FIELDS)
    ]


def _list(heading: str, sentences: Sequence[str], limit: int) -> list[dict[str, Any]]:
    text = "\n".join(f"• {sentence}" for sentence in sentences)
    return [_section(f"*{heading}*"), *_plain_sections(text, limit)] if text else []


def _names(alert: Alert) -> list[dict[str, Any]]:
    """Small, at the foot."""
    line = "  ·  ".join(f"{name.label} {name.value}" for name in alert.names)
    return [{"type": "context", "elements": [_plain_text(line, _NAMES_CHARACTERS)]}] if line else []


def _sections(*texts: str) -> list[dict[str, Any]]:
    return [_section(text) for text in texts if text]


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": _text(text)}


def _text(text: str) -> dict[str, Any]:
    # verbatim: Slack makes no links or mentions of its own out of what looks like one.
    return {"type": "mrkdwn", "text": text, "verbatim": True}
