"""Slack as it is: more than one message a second, from two functions that know nothing of each other, are
answered with 429.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from lambdas.wiring import shared
from pulse.aws.webhook import Webhook
from pulse.domain.alerts.alert import Alert
from pulse.services.alert.pace import Pace
from pulse.services.alert.post_slack import PostSlack

pytestmark = pytest.mark.local
EACH = 3


class Known:
    """A secret that is known already."""

    def __init__(self, value):
        self._value = value

    def value(self):
        return self._value

    def forget(self):
        raise AssertionError("Slack never refused for good")


def post(url, sender):
    """What one function's environment posts, as fast as it may."""
    pace = Pace(lambda: datetime.now(UTC), shared.pause_at_least, per_second=100)
    slack = PostSlack(url=Known(url), hosts=["127.0.0.1"], webhook=Webhook(), pace=pace)
    for number in range(EACH):
        headline = f"paced {sender}-{number}"
        alert = Alert(
            kind="FAILED", severity="error", about="x", headline=headline, reason="r", next_step="n"
        )
        slack.post(alert, patience_seconds=60)


def test_should_deliver_every_alert_once_to_a_slack_that_takes_one_a_second(pulse):
    with ThreadPoolExecutor() as pool:
        url = f"{pulse.found.inbox_url}/slack/one-a-second"
        started = datetime.now(UTC)
        for sent in [pool.submit(post, url, sender) for sender in "ab"]:
            sent.result()
    arrived = sorted(message["subject"] for message in pulse.messages("paced ", "slack"))
    assert arrived == [f"paced {sender}-{number}" for sender in "ab" for number in range(EACH)]
    assert (datetime.now(UTC) - started).total_seconds() >= 2 * EACH - 1
