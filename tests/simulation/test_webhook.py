"""The simulation's Slack."""

import pytest

from pulse.aws.webhook import Answer
from pulse.domain.errors import NotDelivered
from tests.simulation.kernel import Kernel
from tests.simulation.webhook import Webhook

URL = "https://hooks.slack.com/services/T/B/x"


def posted(kind):
    """What comes of one post with which this goes wrong, and how many messages stand in the channel."""
    kernel = Kernel(7, {kind: 1.0})
    webhook, ended = Webhook(kernel), []
    kernel.start("send_alert", lambda: webhook.post(URL, b"{}"), ended.append)
    kernel.run(60)
    return ended[0].error or ended[0].answer, len(webhook.posts)


@pytest.mark.parametrize(
    ("kind", "status", "count"), [("slow", 200, 1), ("refused", 500, 0), ("failed", 500, 1)]
)
def test_should_answer_as_slack_does(kind, status, count):
    answer, posts = posted(kind)
    assert (answer.status, posts) == (status, count)


def test_should_ask_to_wait_when_it_is_too_busy():
    answer, posts = posted("throttled")
    assert isinstance(answer, Answer)
    assert (answer.status, posts) == (429, 0)
    assert 1 <= answer.retry_after_seconds <= 30


@pytest.mark.parametrize(("kind", "count"), [("unsent", 0), ("lost", 1), ("late", 1), ("doubled", 1)])
def test_should_not_answer_though_it_may_have_posted(kind, count):
    error, posts = posted(kind)
    assert isinstance(error, NotDelivered)
    assert posts == count
    assert URL not in str(error)


def test_should_keep_what_was_posted():
    kernel = Kernel(7, {})
    webhook = Webhook(kernel)
    assert webhook.post(URL, b"{}") == Answer(status=200, text="ok")
    assert [(post.url, post.body) for post in webhook.posts] == [(URL, b"{}")]
