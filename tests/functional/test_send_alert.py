"""Alerts to Slack through send_alert's real entry point, against a real HTTP server on loopback."""

import itertools
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
import pytest

from lambdas import send_alert
from lambdas.wiring import shared
from pulse.aws import clients
from tests.functional.conftest import START

pytestmark = pytest.mark.usefixtures("deployed")

ALERT = {
    "kind": "FAILED",
    "severity": "error",
    "about": "batch-1",
    "headline": "Retrodiction of datasets/<b>&.csv failed: out of memory",
    "reason": "The container needed more memory. <!channel>",
    "next_step": "Submit it again with more memory_mib.",
    "facts": [{"label": "Job", "value": "batch-1"}],
    "links": [
        {"label": "Job", "url": "https://console.aws.amazon.com/batch/home?region=us-east-1#jobs/detail/1"}
    ],
    "job_id": "batch-1",
}


@pytest.fixture
def slack(clock):
    """A webhook's host: keeps what was posted and when. It answers with the next of `answers`, pairs of a
    status and headers; `limit` makes it take one message a second, by the functions' clock.
    """

    class Handler(BaseHTTPRequestHandler):
        answers, posted, taken_at = itertools.repeat((200, {})), [], []
        limit = False

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, headers = next(self.answers)
            if self.limit and self.taken_at and (clock.now - self.taken_at[-1]).total_seconds() < 1:
                status, headers = 429, {"Retry-After": "1"}
            self.posted.append((self.path, json.loads(body)))
            if status == 200:
                self.taken_at.append(clock.now)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_):
            pass

        @classmethod
        def always(cls, status, **headers):
            cls.answers = itertools.repeat((status, headers))

    Handler.posted, Handler.taken_at = [], []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
    Handler.url = f"http://127.0.0.1:{server.server_address[1]}/services/T0/B0/secret"
    yield Handler
    server.shutdown()
    server.server_close()


@pytest.fixture
def keep():
    """Puts a webhook URL into the secret."""
    client = boto3.client("secretsmanager")
    client.create_secret(Name="slack", SecretString="-")
    return lambda url: client.put_secret_value(SecretId="slack", SecretString=url)


@pytest.fixture
def handle(context, failed):
    return lambda event: failed(send_alert.handler(event, context))


@pytest.fixture
def send(sqs_event, handle):
    return lambda *alerts: handle(sqs_event(*alerts))


def test_should_post_the_card_escaped(send, slack, keep):
    keep(slack.url + "\n")
    assert send(ALERT) == []
    ((path, message),) = slack.posted
    assert path == "/services/T0/B0/secret"
    assert message["text"] == "FAILED: Retrodiction of datasets/&lt;b&gt;&amp;.csv failed: out of memory"
    assert "<!channel>" not in json.dumps(message)


@pytest.fixture
def put_off(monkeypatch):
    """What was said to SQS: pairs of a receipt handle and seconds."""
    said = []
    make = clients.sqs

    def client():
        made = make()
        made.meta.events.register(
            "provide-client-params.sqs.ChangeMessageVisibility",
            lambda params, **_: said.append((params["ReceiptHandle"], params["VisibilityTimeout"])),
        )
        return made

    monkeypatch.setattr(clients, "sqs", client)
    return said


@pytest.fixture
def received(topic):
    """Alerts as the SQS messages in which the function gets them, from a real queue."""
    sqs = boto3.client("sqs")

    def delivered(*alerts):
        for alert in alerts:
            sqs.send_message(QueueUrl=topic.url, MessageBody=json.dumps(alert))
        messages = sqs.receive_message(QueueUrl=topic.url, MaxNumberOfMessages=10)["Messages"]
        return {
            "Records": [
                {
                    "messageId": f"message-{index}",
                    "receiptHandle": message["ReceiptHandle"],
                    "body": message["Body"],
                    "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:alerts",
                }
                for index, message in enumerate(messages)
            ]
        }

    return delivered


def test_should_deliver_twenty_alerts_at_once_to_a_slack_that_takes_one_a_second(send, slack, keep, clock):
    keep(slack.url)
    slack.limit = True
    alerts = [{**ALERT, "job_id": f"batch-{index}"} for index in range(20)]
    for batch in range(0, 20, 5):
        assert send(*alerts[batch : batch + 5]) == []
    assert len(slack.taken_at) == 20
    assert len(slack.posted) == 20, "it never went faster than Slack allows"
    assert (clock.now - START).total_seconds() < 25, "nor much slower"


def test_should_wait_as_long_as_slack_asks_when_time_remains(send, slack, keep, clock):
    """As when another function of this kind posts at the same time."""
    keep(slack.url)
    slack.answers = iter([(429, {"Retry-After": "3"}), (429, {"Retry-After": "2"}), (200, {})])
    assert send(ALERT) == []
    assert (clock.now - START).total_seconds() == pytest.approx(5)


def test_should_put_off_by_what_slack_asks_for_when_too_little_time_remains(
    received, handle, slack, keep, put_off
):
    keep(slack.url)
    slack.always(429, **{"Retry-After": "40"})
    event = received(ALERT, ALERT)
    assert handle(event) == ["message-0", "message-1"]
    assert put_off == [(record["receiptHandle"], 40) for record in event["Records"]]
    assert len(slack.posted) == 1, "the second is not even tried"


@pytest.mark.parametrize(
    ("said", "seconds"), [("", 30), ("soon", 30), ("9" * 5000, 30), ("99999", 3600), ("17", 17)]
)
def test_should_wait_a_sensible_time_whatever_slack_says(send, slack, keep, said, seconds, log_lines):  # noqa: PLR0913, PLR0917 - fixtures and parameters
    keep(slack.url)
    slack.always(429, **{"Retry-After": said})
    assert send(ALERT) == ["message-0"]
    assert f"may be sent in {seconds} s" in json.dumps(log_lines())


def test_should_leave_it_to_the_queue_when_a_message_cannot_be_put_off(send, slack, keep, log_lines):
    keep(slack.url)
    slack.always(429, **{"Retry-After": "40"})
    assert send(ALERT) == ["message-0"], "of a queue that does not exist"
    assert "Could not be put off" in json.dumps(log_lines())


@pytest.mark.parametrize("status", [500, 400, 302])
def test_should_fail_the_message_whatever_else_slack_answers(send, slack, keep, status):
    keep(slack.url)
    slack.always(status, Location=slack.url)
    assert send(ALERT) == ["message-0"]
    assert len(slack.posted) == 1, "a redirect is not followed"


def test_should_read_the_secret_anew_after_the_webhook_was_revoked(send, slack, keep):
    keep(slack.url)
    slack.always(404)
    assert send(ALERT) == ["message-0"]
    keep(slack.url.replace("secret", "rotated"))
    slack.always(200)
    assert send(ALERT) == []
    assert slack.posted[-1][0].endswith("/rotated")


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example.com/services/secret-token",
        "https://127.0.0.1.evil.example.com/secret-token",
        "https://user:secret-token@127.0.0.1/",
        "ftp://127.0.0.1/secret-token",
        "https://[broken/secret-token",
        "secret-token",
        "",
    ],
)
def test_should_post_nowhere_else_and_never_log_the_url(send, keep, url, log_lines):
    keep(url or " ")
    assert send(ALERT) == ["message-0"]
    assert "secret-token" not in json.dumps(log_lines())


def test_should_deliver_again_without_the_url_in_the_log_when_nobody_listens(send, slack, keep, log_lines):
    keep("http://127.0.0.1:9/services/secret-token")
    assert send(ALERT) == ["message-0"]
    assert "did not answer" in json.dumps(log_lines())
    assert "secret-token" not in json.dumps(log_lines())


def test_should_post_the_others_when_one_message_is_no_alert(send, slack, keep):
    keep(slack.url)
    assert send("{}", ALERT, "nonsense") == ["message-0", "message-2"]
    assert len(slack.posted) == 1


def test_should_read_the_secret_once_for_many_alerts(send, slack, keep, monkeypatch):
    keep(slack.url)
    secret = shared.post_slack().url
    send(ALERT)
    monkeypatch.setattr(secret, "_client", None)
    assert send(ALERT, ALERT) == []
