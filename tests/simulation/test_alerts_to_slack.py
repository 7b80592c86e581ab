"""The way of an alert from SNS through its queue and send_alert into Slack, all of it simulated."""

import types
from datetime import timedelta

import msgspec
import pytest

from lambdas import send_alert
from lambdas.wiring import shared
from pulse.aws.secrets import Secret
from pulse.aws.sns import Topic
from pulse.aws.sqs.visibility import Visibility
from pulse.domain.alerts.alert import Alert
from pulse.services.alert.pace import Pace
from pulse.services.alert.post_slack import PostSlack
from tests.simulation import sns
from tests.simulation.event_source import EventSource
from tests.simulation.kernel import Kernel
from tests.simulation.secretsmanager import SecretsManager
from tests.simulation.sqs import SQS
from tests.simulation.sqs_queue import Queue
from tests.simulation.webhook import Webhook

LIVES_SECONDS = 30.0
LOST = ("failed", "lost", "late", "slow", "died after")
REFUSED = ("throttled", "refused", "unsent", "doubled", "died before")
RATES = dict.fromkeys(LOST + REFUSED, 0.02)
DAY = 86_400.0


class World:
    """The alerts' topic, the queue of send_alert, the function, and a Slack that fails now and then."""

    def __init__(self, seed):
        self.kernel = kernel = Kernel(seed, RATES)
        self.dead = Queue(kernel, "dead")
        self.queue = Queue(kernel, "alerts", visibility_seconds=180, max_receives=5, dead_letters=self.dead)
        self.sqs = SQS(kernel, [self.queue, self.dead])
        alerts = sns.Topic(kernel, "alerts")
        alerts.feed(self.queue, {"skip_slack": [{"exists": False}]})
        self.sns = sns.SNS(kernel, [alerts])
        self.topic = Topic(lambda: self.sns, alerts.arn)
        self.webhook = Webhook(kernel)
        self.ended, self.published = [], set()
        secret = SecretsManager(kernel, {"slack": "https://hooks.slack.com/services/x"})
        self.post_slack = PostSlack(
            url=Secret(secret, "slack", lambda: kernel.now),
            hosts=("hooks.slack.com",),
            webhook=self.webhook,
            pace=Pace(kernel.time, kernel.sleep, per_second=1.0),
        )
        EventSource(
            kernel,
            self.queue,
            function="send_alert",
            handle=self.send_alert,
            batch_size=5,
            max_concurrency=2,
            lives=LIVES_SECONDS,
            watch=self.ended.append,
        )

    def send_alert(self, event):
        ends = self.kernel.time() + timedelta(seconds=LIVES_SECONDS)
        context = types.SimpleNamespace(
            function_name="send_alert",
            memory_limit_in_mb=256,
            invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:send_alert",
            aws_request_id="52fdfc07-2182-154f-163f-5f0f9a621d72",
            get_remaining_time_in_millis=lambda: int((ends - self.kernel.time()).total_seconds() * 1000),
        )
        return send_alert.handler(event, context)

    def publish(self, about):
        alert = Alert(
            kind="FAILED",
            severity="error",
            about=about,
            headline=about,
            reason="It failed.",
            next_step="None.",
        )

        def work():
            self.topic.publish(alert)
            self.published.add(about)

        self.kernel.start(f"publisher {about}", work, lambda _: None)


def posted(world):
    texts = [msgspec.json.decode(post.body)["text"] for post in world.webhook.posts]
    return {word for text in texts for word in text.split() if word.startswith("job-")}


@pytest.mark.filterwarnings("ignore:No application metrics")
@pytest.mark.parametrize("seed", range(5))
def test_should_bring_every_published_alert_to_slack_or_to_the_dead_letters(monkeypatch, seed):
    world = World(seed)
    monkeypatch.setattr(shared, "post_slack", lambda: world.post_slack)
    monkeypatch.setattr(shared, "visibility", lambda: Visibility(lambda: world.sqs))
    for number in range(100):
        world.kernel.after(number * 3, lambda number=number: world.publish(f"job-{number}"))
    world.kernel.run(1000)
    world.kernel.faulty = False
    world.kernel.run(DAY)
    dead = {msgspec.json.decode(one.body, type=Alert).about for one in world.dead.messages.values()}
    assert world.published <= posted(world) | dead
    assert not world.queue.messages
    assert not [one.error for one in world.ended if one.error]
    assert world.kernel.is_idle
    assert 60 < len(world.published) < 100
