"""Alerts to Slack through send_alert's real entry point, against a real HTTP server on loopback."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
import pytest

from lambdas import bootstrap, send_alert

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
def slack():
    """A webhook's host: answers with `status` and `headers`, keeps what was posted."""

    class Handler(BaseHTTPRequestHandler):
        status, headers_out, posted = 200, {}, []

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.posted.append((self.path, json.loads(body)))
            self.send_response(self.status)
            for name, value in self.headers_out.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_):
            pass

    Handler.posted = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
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
def send(sqs_event, context, failed):
    return lambda *alerts: failed(send_alert.handler(sqs_event(*alerts), context))


def test_should_post_the_card_escaped(send, slack, keep):
    keep(slack.url + "\n")
    assert send(ALERT) == []
    ((path, message),) = slack.posted
    assert path == "/services/T0/B0/secret"
    assert message["text"] == "FAILED: Retrodiction of datasets/&lt;b&gt;&amp;.csv failed: out of memory"
    assert "<!channel>" not in json.dumps(message)


def test_should_deliver_again_when_slack_asks_to_wait(send, slack, keep, log_lines):
    keep(slack.url)
    slack.status, slack.headers_out = 429, {"Retry-After": "30"}
    assert send(ALERT) == ["message-0"]
    assert any("30 s" in line.get("reason", "") for line in log_lines())


@pytest.mark.parametrize("status", [500, 400, 302])
def test_should_fail_the_message_whatever_else_slack_answers(send, slack, keep, status):
    keep(slack.url)
    slack.status, slack.headers_out = status, {"Location": slack.url}
    assert send(ALERT) == ["message-0"]
    assert len(slack.posted) == 1, "a redirect is not followed"


def test_should_read_the_secret_anew_after_the_webhook_was_revoked(send, slack, keep):
    keep(slack.url)
    slack.status = 404
    assert send(ALERT) == ["message-0"]
    keep(slack.url.replace("secret", "rotated"))
    slack.status = 200
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
    secret = bootstrap.post_slack().url
    send(ALERT)
    monkeypatch.setattr(secret, "_client", None)
    assert send(ALERT, ALERT) == []
