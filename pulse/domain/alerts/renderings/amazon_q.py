"""An alert as a custom notification of Amazon Q Developer in chat applications, which drops anything else.

https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html
"""

from typing import Any

from pulse.domain.alerts.alert import Alert
from pulse.domain.alerts.renderings import mrkdwn
from pulse.domain.alerts.renderings.mrkdwn import code, escaped
from pulse.domain.training.warnings import HEADING

DESCRIPTION_CHARACTERS = 8000
TITLE_CHARACTERS = 250
_REASON_CHARACTERS = 1800
_WARNING_CHARACTERS = 430
"""The limit for each of at most three warnings, taken from the reason's: a successful job's is short."""
_STEP_CHARACTERS = 600
_MOST_FACTS = 14


def notification(alert: Alert) -> dict[str, Any]:
    """All notifications about one job have the same thread, and so have those about a month's budget or about
    one dropped object. Names can be neither links nor mentions.
    """
    return {
        "version": "1.0",
        "source": "custom",
        "content": {
            "textType": "client-markdown",
            "title": escaped(f"{alert.title}: {alert.headline}", TITLE_CHARACTERS),
            "description": _description(alert),
            "nextSteps": [escaped(step, _STEP_CHARACTERS) for step in _steps(alert)],
            "keywords": [word for word in (alert.kind, alert.profile, alert.share, alert.cause) if word],
        },
        "metadata": {
            "threadId": alert.job_id or alert.about,
            "summary": escaped(alert.headline, TITLE_CHARACTERS),
            "eventType": alert.kind,
            "relatedResources": [alert.about],
            "additionalContext": {fact.label: fact.value for fact in (*alert.facts, *alert.names)},
        },
    }


def _description(alert: Alert) -> str:
    """In Slack's markdown. Of the metadata a chat shows nothing, so that the facts are told here as well."""
    first = _read_first(alert)
    reason = escaped(alert.reason or alert.headline, _REASON_CHARACTERS - len(first))
    facts = "\n".join(mrkdwn.fact(fact) for fact in alert.facts[:_MOST_FACTS])
    parts = (first, reason, mrkdwn.table(alert), mrkdwn.log(alert), facts)
    return "\n\n".join(part for part in parts if part)


def _read_first(alert: Alert) -> str:
    """Each sentence as code, in which nothing formats."""
    bullets = [f"• {code(escaped(sentence, _WARNING_CHARACTERS))}" for sentence in alert.read_first]
    return "\n".join([f"*{HEADING}*", *bullets]) if bullets else ""


def _steps(alert: Alert) -> list[str]:
    return [alert.next_step, *(f"{command.label}: {command.line}" for command in alert.commands)]
