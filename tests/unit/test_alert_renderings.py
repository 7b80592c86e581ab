"""Alerts as e-mail, Slack card, Amazon Q notification and SNS message: readable, escaped, within limits."""

import json
import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from pulse.aws import sns
from pulse.domain.alerts.alert import SEVERITIES, Alert, Command, Fact, Link
from pulse.domain.alerts.renderings import amazon_q, email, mrkdwn, slack
from pulse.domain.console import Console
from tests.unit.alert_cases import alerts, file_of, rendered

PLAIN = Alert(kind="SUCCEEDED", severity="info", about="x", headline="h", reason="r", next_step="n")
SNS_BYTES = 256 * 1024
HOSTILE_NAME = (
    "<!channel> <@U1> <https://evil.example|x> & `a` ```b``` *c*\r\n\u202eevil\u0000 欄\U0001f4c8" * 3
)
HOSTILE_LINE = "AWS_SECRET_ACCESS_KEY=hunter2 " + HOSTILE_NAME
HOSTILE = alerts(HOSTILE_NAME, (HOSTILE_NAME, f"{HOSTILE_NAME}2"), (HOSTILE_LINE,) * 30)
SLACK_LINK = re.compile(r"<https://us-east-1\.console\.aws\.amazon\.com/[^<>|\s]*\|[A-Za-z ]+>")


def published_bytes(alert):
    """Body, subject and attributes together, as SNS counts."""
    message = sns.message(alert)
    attributes = [name + value["StringValue"] for name, value in message["MessageAttributes"].items()]
    return sum(len(text.encode()) for text in (message["Message"], message["Subject"], *attributes))


def slack_texts(alert):
    """Every text of the card; that each has Slack's form and length."""
    message = slack.message(alert)
    assert len(message["blocks"]) <= 50
    texts = []
    for block in message["blocks"]:
        assert len(block.get("fields", ())) <= 10
        for text in block.get("fields") or block.get("elements") or [block["text"]]:
            limit = 150 if block["type"] == "header" else 2000 if "fields" in block else 3000
            assert 0 < len(text["text"]) <= limit
            texts.append(text["text"])
    assert sum(map(len, texts)) <= slack.MESSAGE_CHARACTERS, "the fallback text stands beside the blocks"
    assert 0 < len(message["text"]) <= 3000
    return [message["text"], *texts]


@pytest.mark.parametrize(("name", "alert"), alerts().items())
def test_should_read_well(name, alert):
    """When a text was changed on purpose: python -m tests.unit.alert_cases, and read what changed."""
    assert rendered(alert) == file_of(name).read_text(encoding="utf-8")


def test_should_have_a_case_of_every_kind():
    assert {alert.kind for alert in alerts().values()} == set(SEVERITIES)


@pytest.mark.parametrize("alert", HOSTILE.values(), ids=HOSTILE)
def test_should_show_hostile_names_as_text_in_an_email(alert):
    subject, body = email.subject(alert), email.body(alert)
    assert len(subject) < 100
    assert subject.isascii()
    assert subject.isprintable()
    assert all(line.isprintable() for line in body.splitlines())
    assert "hunter2" not in body


@pytest.mark.parametrize("alert", HOSTILE.values(), ids=HOSTILE)
def test_should_show_hostile_names_as_text_in_slack(alert):
    for text in slack_texts(alert):
        outside = SLACK_LINK.sub("", text)
        assert "<" not in outside
        assert ">" not in outside
        if text.startswith(("```", "*Last lines")):
            assert text.count("```") == 2, "nothing ends the code early"
        assert "hunter2" not in text
        assert all(line.isprintable() for line in text.splitlines())


FORMATTED = "*bold* _it_ `tick` ~gone~ :tada: **/_SUCCESS, a*b*c > &amp; \n> quoted\n- 1"


def shown(text):
    """As a reader sees plain text."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def test_should_show_every_sign_of_a_name_in_slack_and_format_none():
    told = (Fact("Object", FORMATTED), Fact("Version", "v*1*"))
    alert = structs.replace(
        PLAIN,
        headline=FORMATTED,
        reason=FORMATTED,
        next_step=FORMATTED,
        facts=told,
        names=told,
        left_out=(FORMATTED,),
        warnings=(FORMATTED,),
        warnings_count=1,
        table=(("variable",), ("`tick` *b*",)),
        log=("a `b` *c*", "ends in `tick`"),
    )
    message = slack.message(alert)
    texts = [t for b in message["blocks"] for t in b.get("fields") or b.get("elements") or [b["text"]]]
    plain = [shown(text["text"]) for text in texts if text["type"] == "plain_text"]
    assert [text.count(FORMATTED) for text in plain] == [1, 1, 1, 1, 1, 0, 1, 1]
    assert all(text["emoji"] is False for text in texts if text["type"] == "plain_text")
    formatted = [text["text"] for text in texts if text["type"] == "mrkdwn"]
    ours = {":warning: *SUCCEEDED, 1 warning*", "*Read this first*", "*What to do next*", "*Left out*"}
    ours |= {"*Object*", "*Version*"}
    table, log = (text for text in formatted if text not in ours)
    assert "\n`tick` *b*\n```" in table
    assert log.endswith("a `b` *c*\nends in `tick`\n```")
    assert message["mrkdwn"] is False, "nor does the text that notifications show"


@pytest.mark.parametrize("alert", HOSTILE.values(), ids=HOSTILE)
def test_should_show_hostile_names_as_text_through_amazon_q(alert):
    told = amazon_q.notification(alert)
    content, metadata = told["content"], told["metadata"]
    assert 0 < len(content["description"]) <= 8000
    assert 0 < len(content["title"]) <= 250
    assert metadata["threadId"] == (alert.job_id or alert.about)
    assert metadata["threadId"]
    for text in (content["title"], content["description"], metadata["summary"], *content["nextSteps"]):
        assert "<" not in text
        assert "hunter2" not in text
    assert all(isinstance(value, str) for value in metadata["additionalContext"].values())


@pytest.mark.parametrize("alert", HOSTILE.values(), ids=HOSTILE)
def test_should_fit_into_one_sns_message_and_come_out_whole(alert):
    assert published_bytes(alert) <= SNS_BYTES
    message = sns.message(alert)
    renderings = json.loads(message["Message"])
    assert set(renderings) == {"default", "email", "sqs", "https"}
    assert msgspec.json.decode(renderings["sqs"], type=Alert) == alert
    assert json.loads(renderings["https"]) == amazon_q.notification(alert)
    assert all(value["StringValue"] for value in message["MessageAttributes"].values())


@pytest.mark.parametrize("name", ["SUBMITTED", "SUCCEEDED", "FAILED", "OVERDUE", "BLOCKED"])
def test_should_let_a_subscriber_filter_by_kind_severity_profile_and_share(name):
    alert = alerts()[name]
    assert {key: value["StringValue"] for key, value in sns.message(alert)["MessageAttributes"].items()} == {
        "kind": name,
        "severity": SEVERITIES[alert.kind],
        "profile": "small",
        "share": "research",
    }


def test_should_keep_all_that_amazon_q_hears_of_a_job_in_one_thread():
    about_job = [alert for alert in alerts().values() if alert.kind not in {"REJECTED", "BUDGET"}]
    threads = {amazon_q.notification(alert)["metadata"]["threadId"] for alert in about_job}
    assert threads == {"batch-20260302093000-0a1b2c3d"}


def test_should_tell_amazon_q_what_a_person_needs():
    told = amazon_q.notification(alerts()["FAILED"])
    assert (told["version"], told["source"], told["content"]["textType"]) == (
        "1.0",
        "custom",
        "client-markdown",
    )
    assert told["content"]["title"] == (
        "FAILED: Retrodiction of datasets/market_daily.csv failed: missing variable"
    )
    assert "No gold_spot in market_daily.csv" in told["content"]["description"]
    assert "*Waited*  `42 s" in told["content"]["description"]
    assert told["content"]["nextSteps"][1] == ("Then run it again: pulse rerun batch-20260302093000-0a1b2c3d")
    assert told["content"]["keywords"] == ["FAILED", "small", "research", "missing-variable"]
    assert told["metadata"]["additionalContext"]["Queue"] == "pulse-retrodiction-job-queue"


def test_should_describe_something_to_amazon_q_even_without_a_reason():
    told = amazon_q.notification(structs.replace(PLAIN, headline="<!channel>", reason=""))
    assert told["content"]["description"] == "&lt;!channel&gt;"


TEXT = st.text(max_size=3000)
ENTITIES = st.text("&<>`", max_size=3000)


@given(TEXT | ENTITIES, TEXT | ENTITIES, st.lists(st.tuples(TEXT, TEXT), max_size=20), st.data())
def test_should_stay_within_the_limits_of_sns_and_slack_whatever_the_texts(headline, text, told, data):
    facts = tuple(Fact(label, value) for label, value in told)
    alert = Alert(
        kind="FAILED",
        severity="error",
        about="x",
        headline=headline or "x",
        reason=text,
        next_step=text,
        facts=facts,
        names=facts,
        table=(("variable", "trust"), (headline or "x", "0.5")),
        left_out=(text, text),
        warnings=(text, headline, text, text),
        warnings_count=40,
        log=tuple(data.draw(st.lists(st.text(max_size=240) | st.text("&<`", max_size=240), max_size=20))),
        commands=(Command("Run it again", f"pulse rerun {headline}"),) * 3,
        links=(Link("Log", "https://x/?a=b|c>d"),) * 3,
    )
    subject = email.subject(alert)
    assert len(subject) < 100
    assert subject.isascii()
    assert subject.isprintable()
    for shown in slack_texts(alert):
        outside = shown.replace("<https://x/?a=b%7Cc%3Ed|Log>", "")
        assert "<" not in outside
        assert ">" not in outside
    assert len(amazon_q.notification(alert)["content"]["description"]) <= 8000


def test_should_keep_the_kind_and_the_outcome_of_what_is_too_long_to_show():
    name = f"datasets/{'long/' * 50}"
    alert = structs.replace(PLAIN, headline=f"Retrodiction of {name} failed: missing variable")
    header = slack.message(alert)["blocks"][0]["text"]["text"]
    for shown in (email.subject(alert).removeprefix("[SUCCEEDED] "), header):
        assert shown.startswith("Retrodiction of datasets/long/")
        assert shown.endswith("long/ failed: missing variable")
    assert (len(email.subject(alert)), len(header)) == (99, 150)


@given(st.lists(st.text("市場データ&/", min_size=300, max_size=1000), max_size=3))
def test_should_leave_out_what_is_too_long_for_a_link(keys):
    here = Console(region="us-east-1")
    links = tuple(Link(f"{index}", here.s3_prefix("data", key)) for index, key in enumerate(keys))
    shown = mrkdwn.links(structs.replace(PLAIN, links=(*links, Link("Job", here.job("4c7599ae")))))
    assert len(shown) <= mrkdwn.LINKS_CHARACTERS
    assert "|Job>" in shown
    assert shown.count("<") == shown.count(">") == shown.count("|")


def test_should_never_cut_an_entity_in_two():
    assert mrkdwn.escaped("&" * 10, 12) == "&amp;&amp;…"
    assert mrkdwn.escaped("<!channel> & <@U1>", 100) == "&lt;!channel&gt; &amp; &lt;@U1&gt;"


def test_should_show_the_end_of_a_long_log_in_slack():
    alert = structs.replace(PLAIN, log=tuple(f"line {index} {'x' * 200}" for index in range(20)))
    shown = mrkdwn.log(alert)
    assert "line 19 " in shown
    assert "line 0 " not in shown
    assert len(shown) <= 1300


def test_should_list_what_was_left_out_one_a_line():
    alert = structs.replace(PLAIN, left_out=("12 rows had no timestamp.", "gold <has> a gap."))
    assert "Left out\n  - 12 rows had no timestamp.\n  - gold <has> a gap.\n" in email.body(alert)
    assert "• 12 rows had no timestamp.\n• gold &lt;has&gt; a gap." in slack_texts(alert)


PRICE = (
    "price: -999 stands 24 times far outside of everything else (1.2 to 50.3): if it means missing, submit "
    "again with missing_values: [-999]."
)
VOLUME = "volume: 12 % of the cells are no number."
WARNED = structs.replace(
    PLAIN,
    headline="Retrodiction of datasets/market_daily.csv succeeded",
    reason="2 variables were retrodicted.",
    table=(("variable", "trust"), ("price", "0.71")),
    warnings=(PRICE, VOLUME),
    warnings_count=2,
)


def test_should_show_warnings_in_the_first_lines_of_an_email():
    assert email.subject(WARNED) == (
        "[SUCCEEDED, 2 warnings] Retrodiction of datasets/market_daily.csv succeeded"
    )
    assert email.body(WARNED).splitlines()[:13] == [
        "Retrodiction of datasets/market_daily.csv succeeded",
        "",
        "Read this first",
        "  - price: -999 stands 24 times far outside of everything else (1.2 to 50.3): if",
        "    it means missing, submit again with missing_values: [-999].",
        "  - volume: 12 % of the cells are no number.",
        "",
        "2 variables were retrodicted.",
        "",
        "  variable  trust",
        "  price      0.71",
        "",
        "What to do next",
    ]


def test_should_show_warnings_in_the_first_blocks_of_a_card():
    message = slack.message(WARNED)
    assert message["text"] == "SUCCEEDED, 2 warnings: Retrodiction of datasets/market_daily.csv succeeded"
    assert [block["text"] for block in message["blocks"][:5]] == [
        {"type": "plain_text", "text": WARNED.headline, "emoji": False},
        {"type": "mrkdwn", "text": ":warning: *SUCCEEDED, 2 warnings*", "verbatim": True},
        {"type": "mrkdwn", "text": "*Read this first*", "verbatim": True},
        {"type": "plain_text", "text": f"• {PRICE}\n• {VOLUME}", "emoji": False},
        {"type": "plain_text", "text": "2 variables were retrodicted.", "emoji": False},
    ]


def test_should_show_warnings_first_through_amazon_q():
    told = amazon_q.notification(structs.replace(WARNED, warnings=(PRICE, "`<!channel>` *b*")))
    assert told["content"]["title"] == (
        "SUCCEEDED, 2 warnings: Retrodiction of datasets/market_daily.csv succeeded"
    )
    assert told["content"]["description"].startswith(
        f"*Read this first*\n• `{PRICE}`\n• `'&lt;!channel&gt;' *b*`\n\n2 variables were retrodicted.\n\n```"
    )


def test_should_show_three_warnings_and_count_the_others():
    texts = tuple(f"Column {number} is bad." for number in range(20))
    alert = structs.replace(WARNED, warnings=texts, warnings_count=37)
    assert email.subject(alert).startswith("[SUCCEEDED, 37 warnings] ")
    assert email.body(alert).splitlines()[2:8] == [
        "Read this first",
        *("  - Column 0 is bad.", "  - Column 1 is bad.", "  - Column 2 is bad."),
        "  - and 34 more in the report",
        "",
    ]
    assert slack.message(alert)["blocks"][3]["text"]["text"] == (
        "• Column 0 is bad.\n• Column 1 is bad.\n• Column 2 is bad.\n• and 34 more in the report"
    )
    assert (
        "`Column 2 is bad.`\n• `and 34 more in the report`"
        in (amazon_q.notification(alert)["content"]["description"])
    )


def test_should_keep_the_number_of_warnings_in_the_subject_of_a_long_name():
    alert = structs.replace(WARNED, headline=f"Retrodiction of datasets/{'long/' * 50} succeeded")
    subject = email.subject(alert)
    assert len(subject) == 99
    assert subject.startswith("[SUCCEEDED, 2 warnings] Retrodiction of datasets/long/")
    assert subject.endswith("long/ succeeded")
