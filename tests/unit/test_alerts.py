import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from pulse.aws import sns
from pulse.domain import alert_amazon_q, alert_email, alert_slack, console
from pulse.domain.alert import Alert, Fact, Link
from pulse.domain.console import Console
from pulse.domain.drop_alert import drop_alert
from pulse.domain.duration import in_words
from pulse.domain.errors import InvalidRequest
from pulse.domain.job_alert import Place, job_alert
from pulse.domain.job_record import JobRecord, advanced
from pulse.domain.job_request import JobRequest
from pulse.domain.s3_drop import S3Drop
from pulse.domain.training_metrics import TrainingMetrics, VariableMetrics
from pulse.domain.validation import collect

PLACE = Place(console=Console(region="us-east-1"), data_bucket="data", log_group="/pulse/training")
METRICS = TrainingMetrics(
    variables={
        "wti_spot": VariableMetrics(trust=0.58, skill_vs_persistence=-0.021, mase=1.02, coverage=0.9),
        "spx_close": VariableMetrics(trust=0.71, skill_vs_persistence=0.12, mase=0.88, coverage=0.94),
    },
    windows=390,
)


def test_should_read_well_as_an_email(record, happened):
    ended = structs.replace(advanced(record, happened("succeeded")), dataset_version_id="v1")
    alert = job_alert(ended, PLACE, METRICS)
    assert alert_email.subject(alert) == "[SUCCEEDED] Retrodiction of datasets/market_daily.csv succeeded"
    assert (
        alert_email.body(alert)
        == """\
Retrodiction of datasets/market_daily.csv succeeded

2 variables were retrodicted over 390 windows. Trust and coverage go from 0 to
1; a skill above 0 beats persistence.

  Job            batch-20260302093000-0a1b2c3d
  AWS Batch job  4c7599ae-0a82-49aa-ba5a-4727fcce14a8
  Data set       s3://data/datasets/market_daily.csv
  Version        v1
  Variables      all numeric columns
  Waited         42 s
  Ran            3 min 5 s
  Resources      1 vCPU, 2048 MiB
  Profile        small
  Queue          fifo
  Results        s3://results/results/batch-20260302093000-0a1b2c3d/

  variable   trust  skill  MASE  coverage
  spx_close   0.71  +0.12  0.88      0.94
  wti_spot    0.58  -0.02  1.02      0.90

What to do next
  Read the report:
  s3://results/results/batch-20260302093000-0a1b2c3d/report.html

Results:
  https://us-east-1.console.aws.amazon.com/s3/buckets/results?region=us-east-1&prefix=results%2Fbatch-20260302093000-0a1b2c3d%2F
Log:
  https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#logsV2:log-groups/log-group/$252Fpulse$252Ftraining/log-events/job$252Fdefault$252F9f8e7d6c5b4a
Job:
  https://us-east-1.console.aws.amazon.com/batch/home?region=us-east-1#jobs/detail/4c7599ae-0a82-49aa-ba5a-4727fcce14a8
"""
    )


def test_should_say_what_failed_and_what_helps(record, happened):
    alert = job_alert(advanced(record, happened("failed_exit_code")), PLACE)
    assert alert_email.subject(alert) == (
        "[FAILED] Retrodiction of datasets/market_daily.csv failed: missing variable"
    )
    assert "exit code 67" in alert.reason
    assert (
        alert.next_step
        == "The last line of the log names it exactly. Drop the variable from the request, or load it."
    )
    assert {link.label for link in alert.links} == {"Log", "Job"}


def test_should_say_that_a_job_reads_everything_when_it_names_no_data_set(record, happened):
    ended = advanced(structs.replace(record, dataset=""), happened("succeeded"))
    alert = job_alert(ended, PLACE)
    assert alert.headline == "Retrodiction of all data sets succeeded"
    assert Fact("Data set", "s3://data/datasets/") in alert.facts


def test_should_list_the_most_trusted_variables_when_there_are_many(record, happened):
    many = {f"v{i:02}": VariableMetrics(trust=i / 100) for i in range(30)}
    alert = job_alert(advanced(record, happened("succeeded")), PLACE, TrainingMetrics(variables=many))
    assert alert.table[1][0] == "v29"
    assert alert.table[-1][0] == "and 10 more"


def test_should_list_every_fault_of_a_rejected_drop():
    drop = S3Drop(bucket="data", key="requests/a\nb.json", version_id="v1", size=9)
    alert = drop_alert(
        drop, Console(region="us-east-1"), reason="Bad:\n- a: 1\n- b: 2", next_step="Correct it."
    )
    assert "Bad:\n- a: 1\n- b: 2" in alert_email.body(alert)
    assert alert.headline == "No job for requests/a\\nb.json"


PLAIN = Alert(kind="SUCCEEDED", severity="info", about="x", headline="h", reason="r", next_step="n")
SNS_BYTES = 256 * 1024
LONGEST_KEY = "datasets/" + "\U0001f4c8" * 253


def published_bytes(alert):
    """Body, subject and attributes together, as SNS counts."""
    message = sns.message(alert)
    attributes = [name + value["StringValue"] for name, value in message["MessageAttributes"].items()]
    return sum(len(text.encode()) for text in (message["Message"], message["Subject"], *attributes))


def test_should_fit_into_one_message_when_a_request_has_a_thousand_unknown_fields():
    _, faults = collect({f"{'欄' * 100}{i}": 1 for i in range(1000)}, JobRequest)
    drop = S3Drop(bucket="data", key=LONGEST_KEY, version_id="v" * 1024, size=9)
    alert = drop_alert(
        drop, Console(region="us-east-1"), reason=str(InvalidRequest(faults)), next_step="Correct it."
    )
    assert len(faults) == 1000
    assert alert.reason.count("\n") <= 21
    assert published_bytes(alert) <= SNS_BYTES
    assert str(InvalidRequest(faults)).endswith("\n- and 980 more")


def test_should_fit_into_one_message_when_five_hundred_variables_have_gaps(record, happened):
    names = ["\U0001f4c8" * 120 + f"{i:03}" for i in range(500)]
    metrics = TrainingMetrics(
        variables={name: VariableMetrics(trust=0.5) for name in names},
        left_out=tuple(f"{name} has no data between 2022-01-01 and 2022-06-30." * 3 for name in names),
    )
    ended = structs.replace(
        advanced(record, happened("succeeded")),
        dataset=LONGEST_KEY,
        dataset_version_id="v" * 1024,
        variables=tuple(names),
    )
    alert = job_alert(ended, PLACE, metrics)
    assert (len(alert.left_out), alert.left_out[-1]) == (21, "and 480 more")
    assert alert.headline.endswith(" succeeded")
    assert published_bytes(alert) <= SNS_BYTES


@given(st.text(max_size=300), st.text(max_size=500).map(lambda text: text * 20))
def test_should_fit_into_one_message_whatever_aws_batch_and_the_data_say(name, said):
    ended = JobRecord(
        job_id="batch-20260302093000-0a1b2c3d",
        status="FAILED",
        created_at=datetime(2026, 3, 2, tzinfo=UTC),
        dataset=f"datasets/{name}",
        variables=(name,) * 200,
        reason=said,
        status_reason=said,
    )
    metrics = TrainingMetrics(variables={said: VariableMetrics()}, left_out=(said,) * 30)
    succeeded = structs.replace(ended, status="SUCCEEDED")
    assert published_bytes(job_alert(ended, PLACE)) <= SNS_BYTES
    assert published_bytes(job_alert(succeeded, PLACE, metrics)) <= SNS_BYTES


def test_should_list_what_was_left_out_one_a_line():
    alert = structs.replace(PLAIN, left_out=("12 rows had no timestamp.", "gold <has> a gap."))
    assert "Left out\n  - 12 rows had no timestamp.\n  - gold <has> a gap.\n" in alert_email.body(alert)
    texts = [block["text"]["text"] for block in alert_slack.message(alert)["blocks"]]
    assert "*Left out*\n• 12 rows had no timestamp.\n• gold &lt;has&gt; a gap." in texts


def test_should_be_a_custom_notification_for_amazon_q(record, happened):
    alert = job_alert(advanced(record, happened("failed_exit_code")), PLACE)
    renderings = json.loads(sns.message(alert)["Message"])
    assert set(renderings) == {"default", "email", "sqs", "https"}
    told = json.loads(renderings["https"])
    assert (told["version"], told["source"]) == ("1.0", "custom")
    assert told["content"] == {
        "textType": "client-markdown",
        "title": "FAILED: Retrodiction of datasets/market_daily.csv failed: missing variable",
        "description": alert.reason,
        "nextSteps": [alert.next_step],
        "keywords": ["FAILED", "small", "missing-variable"],
    }
    assert told["metadata"]["threadId"] == record.job_id
    assert told["metadata"]["additionalContext"]["Queue"] == "fifo"


def test_should_describe_something_to_amazon_q_without_mentioning_anybody():
    told = alert_amazon_q.notification(structs.replace(PLAIN, headline="<!channel>", reason=""))
    assert told["content"]["description"] == "&lt;!channel&gt;"


HOSTILE = st.text(max_size=3000)


@given(HOSTILE, HOSTILE, HOSTILE, st.lists(st.tuples(HOSTILE, HOSTILE), max_size=13))
def test_should_stay_within_the_limits_of_sns_and_slack_whatever_the_names(headline, reason, step, told):
    alert = Alert(
        kind="FAILED",
        severity="error",
        about="x",
        headline=headline or "x",
        reason=reason,
        next_step=step,
        facts=tuple(Fact(label, value) for label, value in told),
        table=(("variable", "trust"), (headline or "x", "0.5")),
        left_out=(reason, step),
        links=(Link("Log", "https://x/?a=b|c>d"),) * 3,
    )
    subject = alert_email.subject(alert)
    assert len(subject) <= 100
    assert subject.isascii()
    assert "\n" not in subject
    message = alert_slack.message(alert)
    texts = [message["text"]]
    for block in message["blocks"]:
        block_texts = [block["text"]] if "text" in block else block["fields"]
        assert len(block.get("fields", ())) <= 10
        for text in block_texts:
            limit = 150 if text["type"] == "plain_text" else 2000 if "fields" in block else 3000
            assert 0 < len(text["text"]) <= limit
            texts.append(text["text"])
    assert len(message["blocks"]) <= 50
    assert sum(map(len, texts[1:])) <= 13_000, "the fallback text stands beside the blocks"
    for text in texts:
        outside = text.replace("<https://x/?a=b%7Cc%3Ed|Log>", "")
        assert "<" not in outside
        assert ">" not in outside


@given(st.lists(st.text("市場データ&/", min_size=300, max_size=1000), max_size=3))
def test_should_leave_out_what_is_too_long_for_a_link(keys):
    here = Console(region="us-east-1")
    links = tuple(Link(f"{index}", here.s3_prefix("data", key)) for index, key in enumerate(keys))
    short = Link("Job", here.job("4c7599ae"))
    alert = structs.replace(PLAIN, links=(*links, short))
    shown = alert_slack.message(alert)["blocks"][-1]["text"]["text"]
    assert len(shown) <= 3000
    assert "|Job>" in shown
    assert shown.count("<") == shown.count(">") == shown.count("|")


def test_should_never_cut_an_entity_in_two():
    assert alert_slack.escaped("&" * 10, 12) == "&amp;&amp;…"
    assert alert_slack.escaped("<!channel> & <@U1>", 100) == "&lt;!channel&gt; &amp; &lt;@U1&gt;"


def test_should_keep_a_table_in_its_code_block():
    alert = Alert(
        kind="SUCCEEDED",
        severity="info",
        about="x",
        headline="h",
        reason="r",
        next_step="n",
        table=(("variable", "trust"), ("a```b", "0.5")),
    )
    (block,) = [
        b for b in alert_slack.message(alert)["blocks"] if b.get("text", {}).get("text", "").startswith("```")
    ]
    assert block["text"]["text"].count("```") == 2


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, ""),
        (0, "0.0 s"),
        (0.44, "0.4 s"),
        (41.2, "41 s"),
        (185, "3 min 5 s"),
        (7500, "2 h 5 min"),
        (90000, "1 d 1 h"),
    ],
)
def test_should_say_durations_in_two_units(seconds, words):
    assert in_words(seconds) == words


@pytest.mark.parametrize(
    ("arn", "host"),
    [
        ("arn:aws:sns:eu-central-1:1:t", "eu-central-1.console.aws.amazon.com"),
        ("arn:aws-cn:sns:cn-north-1:1:t", "cn-north-1.console.amazonaws.cn"),
        ("arn:aws-us-gov:sns:us-gov-west-1:1:t", "us-gov-west-1.console.amazonaws-us-gov.com"),
    ],
)
def test_should_open_the_console_of_the_partition(arn, host):
    assert console.of_arn(arn).job("a/b").startswith(f"https://{host}/batch/home?region=")
    assert console.of_arn(arn).job("a/b").endswith("#jobs/detail/a%2Fb")
