"""An alert as a custom notification of Amazon Q Developer in chat applications, which drops anything else.

https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html
"""

from typing import Any

from pulse.domain.alert import Alert
from pulse.domain.alert_slack import escaped

DESCRIPTION_CHARACTERS = 2000
TITLE_CHARACTERS = 250


def notification(alert: Alert) -> dict[str, Any]:
    """All notifications about one job have the same thread. Names can be neither links nor mentions."""
    return {
        "version": "1.0",
        "source": "custom",
        "content": {
            "textType": "client-markdown",
            "title": escaped(f"{alert.kind}: {alert.headline}", TITLE_CHARACTERS),
            "description": escaped(alert.reason or alert.headline, DESCRIPTION_CHARACTERS),
            "nextSteps": [escaped(alert.next_step, DESCRIPTION_CHARACTERS)],
            "keywords": [word for word in (alert.kind, alert.profile, alert.cause) if word],
        },
        "metadata": {
            "threadId": alert.job_id or alert.about,
            "summary": escaped(alert.headline, TITLE_CHARACTERS),
            "eventType": alert.kind,
            "relatedResources": [alert.about],
            "additionalContext": {fact.label: fact.value for fact in alert.facts},
        },
    }
