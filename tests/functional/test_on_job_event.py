"""AWS Batch's events through on_job_event's real entry point."""

import itertools
import json
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from botocore.exceptions import ClientError

from lambdas import on_job_event
from pulse.aws.ledger.ledger import Ledger
from pulse.aws.s3 import Objects
from pulse.aws.sns import Topic
from pulse.domain.alerts.alert import Alert
from pulse.domain.alerts.renderings import amazon_q, email, slack
from pulse.domain.errors import Unavailable
from pulse.domain.job.record import JobRecord
from pulse.domain.plan.stored_plan import StoredPlan
from pulse.domain.request.identity import Identity
from pulse.domain.request.job_request import JobRequest
from pulse.domain.training.headline import HeadlineMetric
from tests.functional.jobs import earlier_run

pytestmark = pytest.mark.usefixtures("deployed")

JOB = "batch-20260302093000-0a1b2c3d"
BATCH_JOB = "4c7599ae-0a82-49aa-ba5a-4727fcce14a8"
METRICS = {
    "job_id": JOB,
    "period": {"start": "1990-01-02", "end": "2022-12-28"},
    "windows": 390,
    "peak_memory_mib": 311.4,
    "variables": {
        "wti_spot": {"trust": 0.58, "skill_vs_persistence": -0.02, "mase": 1.02, "coverage": 0.9, "new": 1},
        "spx_close": {"trust": 0.71, "skill_vs_persistence": 0.12, "mase": 0.88, "coverage": 0.94},
    },
    "left_out": ["12 rows had no timestamp."],
}


@pytest.fixture
def claimed(ledger) -> JobRecord:
    """Our own job, between its claim and the answer of SubmitJob."""
    now = datetime(2026, 3, 2, 9, 29, 59, tzinfo=UTC)
    record = JobRecord(
        job_id=JOB,
        status="CLAIMED",
        created_at=now,
        job_name="pulse-retrodiction-20260302093000-0a1b2c3d",
        queue="fifo",
        profile="small",
        dataset="datasets/market_daily.csv",
        dataset_version_id="v1",
        vcpus="1",
        memory_mib=2048,
        results_bucket="pulse-results",
        lease_until=now + timedelta(seconds=90),
    )
    plan = StoredPlan(request=JobRequest(), steps=())
    assert ledger.claim(Identity(key="k", payload_hash="h"), [record], plan) is None
    return record


@pytest.fixture
def submitted(claimed, ledger) -> JobRecord:
    ledger.settle(JOB, BATCH_JOB)
    return ledger.record(JOB)


@pytest.mark.usefixtures("submitted")
def test_should_move_the_record_with_each_event(happen, ledger):
    seen = []
    for name in ("batch_runnable", "batch_running", "batch_retried_runnable", "batch_succeeded"):
        assert happen(name) == []
        record = ledger.record(JOB)
        seen.append((record.status, record.attempts))
    assert seen == [("RUNNABLE", 0), ("RUNNING", 0), ("RUNNABLE", 1), ("SUCCEEDED", 1)]
    assert record.ran_seconds == 185
    assert record.waited_seconds == 43
    assert (record.exit_code, record.log_stream) == (0, "job/default/9f8e7d6c5b4a")
    assert (record.profile, record.dataset_version_id) == ("small", "v1")


@pytest.mark.usefixtures("submitted")
@pytest.mark.parametrize(
    "order",
    list(
        itertools.permutations(
            ["batch_runnable", "batch_running", "batch_retried_runnable", "batch_succeeded"]
        )
    ),
    ids=lambda order: " ".join(name.removeprefix("batch_") for name in order),
)
def test_should_end_the_same_in_any_order(happen, ledger, alerts, order):
    assert happen(*order, *order) == []
    record = ledger.record(JOB)
    assert (record.status, record.attempts, record.exit_code) == ("SUCCEEDED", 1, 0)
    assert len(alerts()) == 1


def test_should_settle_the_claim_when_the_event_comes_before_the_answer(happen, ledger, claimed):
    happen("batch_running")
    ledger.settle(JOB, "late answer")
    record = ledger.record(JOB)
    assert (record.status, record.batch_job_id, record.lease_until) == ("RUNNING", BATCH_JOB, None)


@pytest.mark.usefixtures("submitted")
def test_should_tell_what_was_learned_when_a_job_succeeds(happen, s3, alerts):
    s3.put_object(Bucket="pulse-results", Key=f"results/{JOB}/metrics.json", Body=json.dumps(METRICS))
    happen("batch_succeeded")
    (alert,) = alerts()
    assert (alert["kind"], alert["severity"], alert["job_id"]) == ("SUCCEEDED", "info", JOB)
    assert alert["table"] == [
        ["variable", "trust", "skill", "MASE", "coverage"],
        ["spx_close", "0.71", "+0.12", "0.88", "0.94"],
        ["wti_spot", "0.58", "-0.02", "1.02", "0.90"],
    ]
    facts = {fact["label"]: fact["value"] for fact in (*alert["facts"], *alert["names"])}
    assert facts["Data set"] == "s3://pulse-data/datasets/market_daily.csv"
    assert facts["Version"] == "v1"
    assert facts["Waited"] == "43 s"
    assert facts["Ran"] == "3 min 5 s"
    assert facts["Results"] == f"s3://pulse-results/results/{JOB}/"
    assert alert["left_out"] == ["12 rows had no timestamp."]
    links = {link["label"]: link["url"] for link in alert["links"]}
    assert links["Log"] == (
        "https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1"
        "#logsV2:log-groups/log-group/$252Fpulse$252Ftraining/log-events/job$252Fdefault$252F9f8e7d6c5b4a"
    )


PRICE = (
    "price: -999 stands 24 times far outside of everything else (1.2 to 50.3): if it means missing, submit "
    "again with missing_values: [-999]."
)
HOSTILE = "<!channel> <https://evil.example|x> & `a`\r\n\u202eevil\u0000 password=hunter2"


def with_warnings(s3, warnings, job_id=JOB):
    body = json.dumps(METRICS | {"warnings": warnings})
    s3.put_object(Bucket="pulse-results", Key=f"results/{job_id}/metrics.json", Body=body)


@pytest.mark.usefixtures("submitted")
def test_should_show_a_runs_warning_in_the_first_lines_of_its_alert(happen, s3, alerts, ledger):
    with_warnings(s3, [PRICE])
    assert happen("batch_succeeded") == []
    told = msgspec.convert(alerts()[0], Alert)
    assert email.subject(told) == (
        "[SUCCEEDED, 1 warning] Retrodiction of datasets/market_daily.csv succeeded"
    )
    assert email.body(told).splitlines()[:5] == [
        "Retrodiction of datasets/market_daily.csv succeeded",
        "",
        "Read this first",
        "  - price: -999 stands 24 times far outside of everything else (1.2 to 50.3): if",
        "    it means missing, submit again with missing_values: [-999].",
    ]
    assert slack.message(told)["blocks"][3]["text"]["text"] == f"• {PRICE}"
    assert told.left_out == ("12 rows had no timestamp.",)
    record = ledger.record(JOB)
    assert (record.warnings, record.warnings_count) == ((PRICE,), 1)


@pytest.mark.usefixtures("submitted")
def test_should_show_a_hostile_warning_as_text_and_without_secrets(happen, s3, alerts):
    with_warnings(s3, [HOSTILE])
    happen("batch_succeeded")
    told = msgspec.convert(alerts()[0], Alert)
    shown = r"<!channel> <https://evil.example|x> & `a`\r\n\u202eevil\x00 password=[redacted]"
    assert told.warnings == (shown,)
    card = slack.message(told)["blocks"][3]["text"]
    escaped = shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert (card["type"], card["text"]) == ("plain_text", f"• {escaped}")
    description = amazon_q.notification(told)["content"]["description"]
    assert f"• `{escaped.replace('`', chr(39))}`\n\n" in description


@pytest.mark.usefixtures("submitted")
@pytest.mark.parametrize("warnings", ["price is bad", {"price": 1}, [7, None]])
def test_should_tell_what_was_learned_although_warnings_are_malformed(happen, s3, alerts, warnings):
    with_warnings(s3, warnings)
    assert happen("batch_succeeded") == []
    told = msgspec.convert(alerts()[0], Alert)
    assert [row[0] for row in told.table] == ["variable", "spx_close", "wti_spot"]
    assert told.left_out == ("12 rows had no timestamp.",)
    (note,) = told.read_first
    assert note.endswith("not shown here: read the report.")


@pytest.mark.usefixtures("submitted")
def test_should_keep_twenty_of_many_warnings_and_leave_the_long_list_alone(happen, s3, alerts, ledger):
    many = [f"Column {number} is bad." for number in range(500)]
    body = json.dumps(METRICS | {"warnings": many, "left_out": many})
    s3.put_object(Bucket="pulse-results", Key=f"results/{JOB}/metrics.json", Body=body)
    happen("batch_succeeded")
    told = msgspec.convert(alerts()[0], Alert)
    assert told.read_first == [*many[:3], "and 497 more in the report"]
    assert told.left_out == (*many[:20], "and 480 more")
    record = ledger.record(JOB)
    assert (record.warnings, record.warnings_count) == (tuple(many[:20]), 500)


@pytest.mark.usefixtures("submitted")
def test_should_record_what_the_run_found_beside_the_run_before(happen, s3, ledger):
    earlier = earlier_run(ledger, 1, ran_seconds=60)
    for job_id, trust, skill in ((JOB, 0.75, 0.5), (earlier.job_id, 0.5, 0.25)):
        found = {"price": {"trust": trust, "skill_vs_persistence": skill}}
        body = json.dumps(METRICS | {"variables": found})
        s3.put_object(Bucket="pulse-results", Key=f"results/{job_id}/metrics.json", Body=body)
    happen("batch_succeeded")
    assert ledger.record(JOB).headline == (
        HeadlineMetric(name="trust", value=0.75, before=0.5),
        HeadlineMetric(name="skill", value=0.5, before=0.25),
    )


def test_should_show_warnings_of_a_job_that_another_client_submitted(happen, s3, alerts):
    with_warnings(s3, [PRICE], "batch-20260302092959-feedbeef")
    happen("batch_succeeded_old_shape")
    (alert,) = alerts()
    assert alert["warnings"] == [PRICE]


@pytest.mark.usefixtures("submitted")
@pytest.mark.parametrize(
    ("body", "told"),
    [(None, "wrote no metrics.json"), (b"[]", "another shape"), (b"\xff", "another shape")],
)
def test_should_alert_without_metrics_when_there_are_none(happen, s3, alerts, body, told):
    if body is not None:
        s3.put_object(Bucket="pulse-results", Key=f"results/{JOB}/metrics.json", Body=body)
    assert happen("batch_succeeded") == []
    (alert,) = alerts()
    assert told in alert["reason"]


@pytest.mark.usefixtures("submitted")
def test_should_alert_without_metrics_when_they_may_not_be_read(happen, alerts, log_lines, monkeypatch):
    denied = "User: arn:aws:sts::123456789012:assumed-role/x is not authorized to perform: s3:ListBucket"

    def deny(self, **_):
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": denied}}, "GetObject")

    monkeypatch.setattr(Objects, "_client", type("S3", (), {"get_object": deny})())
    assert happen("batch_succeeded") == []
    (alert,) = alerts()
    assert alert["reason"] == "The job ended well. Its metrics.json is missing or may not be read."
    (line,) = [line for line in log_lines() if line["message"] == "Part of following a job failed"]
    assert "AccessDenied" in line["reason"]
    assert line["job_id"] == JOB


@pytest.mark.usefixtures("submitted")
@pytest.mark.parametrize(
    ("name", "cause", "words"),
    [
        ("batch_failed_exit_code", "missing-variable", "exit code 67"),
        ("batch_failed_timeout", "timed-out", "timeout_seconds"),
        ("batch_failed_out_of_memory", "out-of-memory", "memory_mib"),
        ("batch_failed_image_not_pulled", "image-not-found", "ECR"),
        ("batch_failed_spot_reclaimed", "spot-reclaimed", "Spot"),
        ("batch_failed_terminated", "cancelled", "Stopped from the console"),
        ("batch_failed_time_limit", "exceeds-max-vcpus", "COMPUTE_ENVIRONMENT_MAX_RESOURCE"),
    ],
)
def test_should_name_cause_and_advice_when_a_job_fails(happen, alerts, name, cause, words):
    happen(name)
    (alert,) = alerts()
    assert (alert["kind"], alert["severity"], alert["cause"]) == ("FAILED", "error", cause)
    assert words in alert["reason"] + alert["next_step"]


@pytest.mark.usefixtures("submitted")
def test_should_alert_once_when_the_first_delivery_died_before_it(happen, alerts, clock, monkeypatch):
    def die(self, alert):
        raise Unavailable("SNS is away")

    with monkeypatch.context() as broken:
        broken.setattr(Topic, "publish", die)
        assert happen("batch_succeeded") == ["message-0"]
    assert happen("batch_succeeded") == ["message-0"], "somebody may still be at it"
    clock.forward(seconds=61)
    assert happen("batch_succeeded", "batch_succeeded") == []
    assert len(alerts()) == 1


def test_should_record_and_alert_a_job_that_another_client_submitted(happen, ledger, s3, alerts):
    key = "results/batch-20260302092959-feedbeef/metrics.json"
    s3.put_object(Bucket="pulse-results", Key=key, Body=json.dumps(METRICS))
    happen("batch_succeeded_old_shape")
    record = ledger.record("batch-20260302092959-feedbeef")
    assert record.foreign
    assert (record.status, record.vcpus, record.memory_mib) == ("SUCCEEDED", "4", 16384)
    assert record.variables == ("spx_close", "us_10y_yield")
    (alert,) = alerts()
    facts = {fact["label"]: fact["value"] for fact in (*alert["facts"], *alert["names"])}
    assert facts["Submitted by"] == "another client"
    assert facts["Results"] == "s3://pulse-results/results/batch-20260302092959-feedbeef/"


def test_should_know_share_tags_and_gpus_of_a_job_that_another_client_submitted(
    happen, event, ledger, alerts
):
    theirs = event("batch_succeeded")
    theirs["detail"]["container"]["environment"] = []
    theirs["detail"]["container"]["resourceRequirements"].append({"type": "GPU", "value": "2"})
    theirs["detail"] |= {
        "shareIdentifier": "team1",
        "tags": {"Team": "rates", "resourceArn": "arn:aws:batch:x"},
    }
    happen(theirs)
    (record,) = ledger.newest("tag", "Team=rates", most=10, after=None)
    assert (record.share_identifier, record.tags, record.gpus) == ("team1", {"Team": "rates"}, 2)
    (cost,) = ledger.costs("2026-03")
    assert (cost.under("share"), cost.under("tag:Team")) == ("team1", "rates")
    (alert,) = alerts()
    assert alert["share"] == "team1"


@pytest.mark.usefixtures("submitted")
def test_should_keep_our_record_when_another_job_runs_under_its_id(happen, event, ledger, alerts):
    other = event("batch_failed_exit_code")
    other["detail"] |= {"jobId": "somebody-elses", "jobName": "copy"}
    happen(other)
    assert ledger.record(JOB).status == "SUBMITTED"
    assert ledger.record("somebody-elses").status == "FAILED"
    happen("batch_succeeded", other)
    assert ledger.record(JOB).status == "SUCCEEDED"
    assert [alert["kind"] for alert in alerts()] == ["FAILED", "SUCCEEDED"]


@pytest.mark.parametrize("name", ["../../etc", "", "x" * 200, "a b", "a\nb"])
def test_should_key_a_foreign_job_by_its_batch_id_when_its_own_is_unusable(happen, event, ledger, name):
    odd = event("batch_running")
    odd["detail"]["container"]["environment"] = [{"name": "PULSE_JOB_ID", "value": name}]
    assert happen(odd) == []
    assert ledger.record(BATCH_JOB).foreign


@pytest.mark.usefixtures("submitted")
def test_should_leave_children_of_an_array_and_other_queues_alone(happen, event, ledger, alerts):
    elsewhere = event("batch_succeeded")
    elsewhere["detail"]["jobQueue"] += "-of-another-team"
    assert happen("batch_failed_array_child", elsewhere) == []
    assert ledger.record(JOB).status == "SUBMITTED"
    assert alerts() == []


@pytest.mark.usefixtures("submitted")
def test_should_keep_the_first_end_when_another_comes(happen, ledger, alerts):
    happen("batch_succeeded", "batch_failed_exit_code")
    assert ledger.record(JOB).status == "SUCCEEDED"
    assert [alert["kind"] for alert in alerts()] == ["SUCCEEDED"]


@pytest.mark.usefixtures("submitted")
def test_should_note_why_a_job_blocks_its_queue_and_log_it(happen, ledger, log_lines):
    assert happen("batch_queue_blocked") == []
    record = ledger.record(JOB)
    assert record.status == "RUNNABLE"
    assert record.blocked_reason.startswith("MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT")
    (line,) = [line for line in log_lines() if line["message"] == "Job cannot start"]
    assert line["reason"] == record.blocked_reason


def test_should_fail_the_message_when_it_is_no_state_change(happen, event):
    strange = event("batch_running")
    strange["detail"]["status"] = "DANCING"
    assert happen({"detail": {}}, event("s3_object_created_versioned"), strange) == ["message-0"] * 3


@pytest.mark.usefixtures("submitted")
def test_should_log_the_job_id_in_every_line_about_it(happen, log_lines):
    happen("batch_running", "batch_running")
    changed = [line for line in log_lines() if line["message"] == "Job changed"]
    assert [line["effect"] for line in changed] == ["recorded", "late or repeated"]
    assert {line["job_id"] for line in changed} == {JOB}


def test_should_log_the_job_id_with_what_fails_and_never_that_of_another(
    event, sqs_event, context, log_lines, monkeypatch
):
    def away(self, job_id):
        raise Unavailable("DynamoDB is away")

    strange = event("batch_running")
    strange["detail"]["status"] = "DANCING"
    monkeypatch.setattr(Ledger, "record", away)
    on_job_event.handler(sqs_event(event("batch_running"), strange), context)
    again, unknown = log_lines()
    assert (again["message"], again["job_id"], again["batch_job_id"]) == (
        "Will be delivered again",
        JOB,
        BATCH_JOB,
    )
    assert unknown["message"] == "Cannot be processed"
    assert not {"job_id", "batch_job_id"} & unknown.keys()
