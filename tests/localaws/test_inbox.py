"""The inbox as a program sees it, and its page as a hostile message does not."""

import json
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.request

import pytest

HEADER = {"type": "header", "text": {"type": "plain_text", "text": "Job SUCCEEDED"}}


def mrkdwn(text):
    return {"type": "mrkdwn", "text": text}


def post(aws, payload, path="slack", content_type="application/json"):
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    request = urllib.request.Request(f"{aws.inbox_url}/{path}", body, {"Content-Type": content_type})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@pytest.fixture
def messages(aws):
    """`messages()`, of an inbox that was empty when the test began."""
    urllib.request.urlopen(urllib.request.Request(f"{aws.inbox_url}/messages", method="DELETE")).close()
    return lambda: json.load(urllib.request.urlopen(f"{aws.inbox_url}/messages"))


def test_a_slack_message_arrives_with_its_blocks(aws, messages):
    blocks = [HEADER, {"type": "section", "fields": [mrkdwn("*a*")]}, {"type": "divider"}]
    assert post(aws, {"text": "Job SUCCEEDED", "blocks": blocks}) == (200, "ok")
    (message,) = messages()
    assert message["channel"] == "slack"
    assert message["text"] == "Job SUCCEEDED"
    assert message["subject"] == "Job SUCCEEDED"
    assert message["blocks"] == blocks
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", message["received_at"])
    assert set(message) == {"id", "received_at", "channel", "to", "subject", "text", "blocks", "attributes"}


def test_a_webhook_takes_one_message_a_second_where_it_is_asked_to_be_like_slack(aws, messages):
    first, second = (
        post(aws, {"text": "a"}, "slack/one-a-second"),
        post(aws, {"text": "b"}, "slack/one-a-second"),
    )
    assert (first, second) == ((200, "ok"), (429, "rate_limited"))
    time.sleep(1)
    assert post(aws, {"text": "c"}, "slack/one-a-second") == (200, "ok")
    assert post(aws, {"text": "d"}) == (200, "ok"), "others are not held back"
    assert [message["text"] for message in messages()] == ["a", "c", "d"]


def test_a_form_with_a_payload_is_accepted_as_slack_does(aws, messages):
    form = b"payload=%7B%22text%22%3A%22hi%22%7D"
    assert post(aws, form, "slack/T0/B0/x", "application/x-www-form-urlencoded") == (200, "ok")
    assert [(m["text"], m["to"]) for m in messages()] == [("hi", "T0/B0/x")]


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"{", "invalid_payload"),
        (b'{"text":' + b"[" * 100_000, "invalid_payload"),
        (b'{"text":' + b"[" * 980 + b"]" * 980 + b"}", "invalid_payload"),
        (
            b'{"text":"t","blocks":[{"type":"divider","x":%s1%s}]}' % (b"[" * 500, b"]" * 500),
            "invalid_payload",
        ),
        (
            b'{"text":"t","blocks":[{"type":"divider","x":%s1%s}]}' % (b'{"a":' * 500, b"}" * 500),
            "invalid_payload",
        ),
        ([], "invalid_payload"),
        ({}, "no_text"),
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"text": "t", "blocks": [HEADER] * 51}, "invalid_blocks"),
        ({"text": "t", "blocks": [{"type": "header", "text": mrkdwn("x")}]}, "invalid_blocks"),
        (
            {"text": "t", "blocks": [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}]},
            "invalid_blocks",
        ),
        ({"text": "t", "blocks": [{"type": "section", "text": mrkdwn("x" * 3001)}]}, "invalid_blocks"),
        ({"text": "t", "blocks": [{"type": "section", "text": mrkdwn("")}]}, "invalid_blocks"),
        ({"text": "t", "blocks": [{"type": "section", "fields": [mrkdwn("x")] * 11}]}, "invalid_blocks"),
        ({"text": "t", "blocks": [{"type": "section", "fields": [mrkdwn("x" * 2001)]}]}, "invalid_blocks"),
        ({"text": "t", "blocks": [{"type": "section"}]}, "invalid_blocks"),
        ({"text": "t", "blocks": [{"type": "context", "elements": []}]}, "invalid_blocks"),
        ({"text": "t", "blocks": [{"type": "actions", "elements": [{"type": "button"}]}]}, "invalid_blocks"),
        ({"text": "t", "blocks": [{"type": "marquee"}]}, "invalid_blocks"),
        ({"text": "t", "blocks": ["x"]}, "invalid_blocks"),
        ({"text": "t", "blocks": [{"type": ["list"]}]}, "invalid_blocks"),
    ],
)
def test_what_slack_refuses_is_refused_as_slack_does(aws, messages, payload, code):
    assert post(aws, payload) == (400, code)
    assert messages() == []


def test_the_longest_that_slack_accepts_is_accepted(aws, messages):
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": "x" * 150}},
        {"type": "section", "text": mrkdwn("x" * 3000), "fields": [mrkdwn("x" * 2000)] * 10},
        *[{"type": "divider"}] * 48,
    ]
    assert post(aws, {"blocks": blocks}) == (200, "ok")


def test_an_unchanged_inbox_is_not_sent_twice(aws, messages):
    post(aws, {"text": "x"})
    with urllib.request.urlopen(f"{aws.inbox_url}/messages") as answer:
        tag = answer.headers["etag"]
    request = urllib.request.Request(f"{aws.inbox_url}/messages", headers={"If-None-Match": tag})
    with pytest.raises(urllib.error.HTTPError, match="304"):
        urllib.request.urlopen(request)
    post(aws, {"text": "y"})
    assert len(json.load(urllib.request.urlopen(request))) == 2


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/slack", 405),
        ("POST", "/messages", 405),
        ("GET", "/../../etc/passwd", 404),
    ],
)
def test_other_requests_are_refused(aws, method, path, status):
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(f"{aws.inbox_url}{path}", method=method))
    assert refused.value.code == status


def test_a_body_beyond_a_mebibyte_is_refused(aws, messages):
    assert post(aws, {"text": "x" * 1024 * 1024})[0] == 413


def test_the_page_runs_only_its_own_scripts(aws):
    with urllib.request.urlopen(f"{aws.inbox_url}/") as page:
        policy, html = page.headers["content-security-policy"], page.read().decode()
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http://" not in html
    assert "https://" not in html


@pytest.mark.skipif(not shutil.which("chromium"), reason="needs Chromium")
def test_the_page_shows_hostile_messages_as_text(aws, messages, tmp_path):
    evil = "<img src=x onerror=document.title='hacked'>"
    post(
        aws,
        {
            "text": "t",
            "blocks": [
                {"type": "header", "text": {"type": "plain_text", "text": evil}},
                {"type": "section", "text": mrkdwn(f"*b* {evil} &lt;i&gt; <javascript:alert(1)|click>")},
                {
                    "type": "actions",
                    "elements": [
                        {
                            "type": "button",
                            "url": "javascript:alert(1)",
                            "text": {"type": "plain_text", "text": "go"},
                        }
                    ],
                },
            ],
        },
    )
    topic = aws.client("sns").create_topic(Name="evil")["TopicArn"]
    aws.client("sns").subscribe(TopicArn=topic, Protocol="email", Endpoint="e@example.com")
    aws.client("sns").publish(TopicArn=topic, Message=f"{evil} https://example.com/a?b=c&d=%22'x")
    flags = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--no-first-run",
    ]
    command = ["chromium", *flags, f"--user-data-dir={tmp_path}", "--virtual-time-budget=2000", "--dump-dom"]
    page = subprocess.run(
        [*command, f"{aws.inbox_url}/"], capture_output=True, text=True, timeout=60, check=True
    )
    assert "hacked</title>" not in page.stdout
    assert "<title>Inbox (2)</title>" in page.stdout
    assert "onerror=document.title" in page.stdout
    assert '<img src="x"' not in page.stdout
    assert "<strong>b</strong>" in page.stdout
    assert "&lt;i&gt;" in page.stdout
    assert "javascript:" not in page.stdout
    assert """<a href="https://example.com/a?b=c&amp;d=%22'x" target="_blank\"""" in page.stdout
