"""Objects dropped into the data bucket, through submit_job's real entry point."""

import json

import pytest
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from msgspec import structs

from lambdas import on_job_event, sqs_batch, submit_job
from pulse.aws import clients

pytestmark = pytest.mark.usefixtures("deployed")


@pytest.fixture
def drop(sqs_event, context):
    return lambda *events: submit_job.handler(sqs_event(*events), context)


def jobs(table):
    return [item for item in table.scan()["Items"] if item["sk"] == "RECORD"]


def test_should_train_exactly_the_dropped_version_on_all_columns(drop, event, batch, table, failed):
    assert failed(drop(event("s3_object_created_versioned"))) == []
    (request,) = batch.requests
    command = request["containerOverrides"]["command"]
    assert command[command.index("--dataset-key") + 1] == "datasets/market_daily.csv"
    assert "--dataset-version-id=3sL4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY+MTRCxf3vjVBH40Nr8X8gdRQBpUMLUo" in command
    assert "--variables" not in command
    (job,) = jobs(table)
    assert (job["status"], job["batch_job_id"], job["job_name"]) == ("SUBMITTED", "aws-1", request["jobName"])
    assert job["day"] == "2026-03-02"
    assert job["expires_at"] == 1772443800 + 400 * 86400


def test_should_submit_one_job_when_an_event_comes_twice(drop, event, batch, table, failed):
    drop(event("s3_object_created_versioned"))
    again = event("s3_object_created_versioned") | {"id": "another delivery"}
    assert failed(drop(again, again)) == []
    assert len(batch.requests) == 1
    assert len(jobs(table)) == 1


def test_should_submit_a_job_for_each_version(drop, event, batch):
    second = event("s3_object_created_versioned")
    second["detail"]["object"]["version-id"] = "another"
    drop(event("s3_object_created_versioned"), second)
    assert len(batch.requests) == 2
    assert batch.requests[0]["jobName"] != batch.requests[1]["jobName"]


def test_should_tell_writes_apart_by_sequencer_when_the_bucket_has_no_versions(drop, event, batch):
    second = event("s3_object_created_unversioned")
    second["detail"]["object"]["sequencer"] = "00617F08299329D18A"
    drop(event("s3_object_created_unversioned"), event("s3_object_created_unversioned"), second)
    assert len(batch.requests) == 2
    assert not any(
        "--dataset-version-id" in word for word in batch.requests[0]["containerOverrides"]["command"]
    )


def test_should_pass_an_odd_key_on_as_it_is(drop, event, batch, log_lines):
    odd = event("s3_object_created_odd_key")
    drop(odd)
    command = batch.requests[0]["containerOverrides"]["command"]
    assert command[command.index("--dataset-key") + 1] == odd["detail"]["object"]["key"]
    assert any(line.get("job_id", "").startswith("batch-20260302093000-") for line in log_lines())


def test_should_never_break_a_log_line_when_a_key_holds_line_breaks(drop, event, log_lines):
    hostile = event("s3_object_created_no_trigger")
    hostile["detail"]["object"]["key"] = 'datasets/a\n{"level":"INFO","message":"forged"}\u202e.txt'
    drop(hostile)
    lines = log_lines()
    assert "forged" not in [line.get("message") for line in lines]
    (told,) = [line for line in lines if line.get("message") == "No job for drop"]
    assert "\n" not in told["object"]
    assert "\u202e" not in told["object"]


def test_should_submit_the_request_in_a_dropped_file(drop, event, batch, s3):
    body = json.dumps({"variables": ["wti_spot"], "start_date": "2020-01-01", "tags": {"Owner": "desk 7"}})
    version = s3.put_object(Bucket="pulse-data", Key="requests/weekly.json", Body=body)["VersionId"]
    request = event("s3_object_created_request")
    request["detail"]["object"]["version-id"] = version
    drop(request)
    (submitted,) = batch.requests
    assert submitted["containerOverrides"]["command"][3:5] == ["--variables", "wti_spot"]
    assert submitted["tags"] == {"Project": "Pulse", "CreatedBy": "pulse", "Owner": "desk 7"}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"vcpus": 3, "attempts": 99, "colour": 1}', ["vcpus:", "attempts:", "colour:"]),
        (b"{not json", ["not JSON"]),
        (b"\xff\xfe", ["not JSON"]),
        (b"[" * 50_000, ["not JSON"]),
        (b"[1]", ["the whole"]),
        (b"", ["The file is empty."]),
        (b"\xef\xbb\xbf \r\n", ["The file is empty."]),
        (b" " * 70_000, ["At most 65536 bytes"]),
    ],
)
def test_should_alert_rejected_with_every_reason_when_a_request_is_unusable(  # noqa: PLR0913, PLR0917 - fixtures and parameters
    drop, event, batch, s3, alerts, body, told, failed
):
    version = s3.put_object(Bucket="pulse-data", Key="requests/weekly.json", Body=body)["VersionId"]
    request = event("s3_object_created_request")
    request["detail"]["object"]["version-id"] = version
    assert failed(drop(request)) == []
    (alert,) = alerts()
    assert (alert["kind"], alert["severity"]) == ("REJECTED", "warning")
    assert "requests/weekly.json" in alert["headline"]
    assert all(words in alert["reason"] for words in told), alert["reason"]
    assert batch.requests == []


def test_should_alert_rejected_when_the_request_is_gone(drop, event, alerts):
    gone = event("s3_object_created_request")
    del gone["detail"]["object"]["version-id"]
    drop(gone)
    assert "deleted" in alerts()[0]["reason"]


@pytest.mark.parametrize(
    ("key", "size", "told", "next_step"),
    [
        ("datasets/readme.txt", 10, "No trigger fits this key. Triggers: datasets/*.csv.", "add a trigger"),
        ("datasets/empty.csv", 0, "The file is empty.", "a data set needs rows"),
        ("requests/weekly.yaml", 10, "Requests are files that end in .json.", "Correct the file"),
        ("datasets/nul\x00.csv", 10, "dataset:", "Repair what the reason names"),
    ],
)
def test_should_alert_rejected_once_when_no_job_can_be_made(  # noqa: PLR0913, PLR0917 - fixtures and parameters
    drop, event, alerts, key, size, told, next_step
):
    useless = event("s3_object_created_no_trigger")
    useless["detail"]["object"] |= {"key": key, "size": size}
    drop(useless, useless)
    drop(useless)
    (alert,) = alerts()
    assert told in alert["reason"]
    assert next_step in alert["next_step"]


def version_of(event, number):
    drop = event("s3_object_created_versioned")
    drop["detail"]["object"]["version-id"] = f"v{number}"
    return drop


def test_should_put_back_at_once_what_there_is_no_time_left_for(  # noqa: PLR0913, PLR0917 - fixtures and parameters
    sqs_event, event, context, batch, table, failed
):
    context.get_remaining_time_in_millis = lambda: 28_000 - 5_000 * len(batch.requests)
    answer = submit_job.handler(sqs_event(*(version_of(event, n) for n in range(4))), context)
    assert failed(answer) == ["message-2", "message-3"]
    assert len(batch.requests) == 2
    assert {job["status"] for job in jobs(table)} == {"SUBMITTED"}


def test_should_take_the_first_drop_when_the_function_is_given_little_time(
    sqs_event, event, context, batch, failed
):
    context.get_remaining_time_in_millis = lambda: 10_000 - 3_000 * len(batch.requests)
    answer = submit_job.handler(sqs_event(*(version_of(event, n) for n in range(3))), context)
    assert failed(answer) == ["message-1", "message-2"]


def test_should_need_the_time_that_a_drop_may_wait_for_answers():
    file, claim, submission = (
        clients.s3().meta.config.read_timeout,
        clients.dynamodb().meta.config.read_timeout,
        clients.batch().meta.config.read_timeout,
    )
    assert 1000 * (file + claim + submission) == sqs_batch.NEEDED_MILLISECONDS


def test_should_count_the_waiting_from_the_drop_on(  # noqa: PLR0913, PLR0917 - fixtures and parameters
    drop, event, sqs_event, context, clock, table, alerts
):
    clock.forward(hours=2)
    drop(event("s3_object_created_versioned"))
    (job,) = jobs(table)
    assert job["created_at"] == "2026-03-02T09:30:00.000000Z"
    assert job["job_id"].startswith("batch-20260302113000-")
    ended = event("batch_failed_exit_code")
    environment = ended["detail"]["container"]["environment"]
    next(pair for pair in environment if pair["name"] == "PULSE_JOB_ID")["value"] = job["job_id"]
    ended["detail"] |= {"jobId": "aws-1", "jobName": job["job_name"]}
    on_job_event.handler(sqs_event(ended), context)
    (alert,) = alerts()
    assert {"label": "Waited", "value": "42 s"} in alert["facts"]


def test_should_train_with_the_share_that_the_trigger_names(drop, event, batch, monkeypatch, settings):
    fair = structs.replace(settings.profiles["small"], queue="fair")
    (trigger,) = settings.triggers
    told = structs.replace(
        settings,
        profiles=settings.profiles | {"fair": fair},
        triggers=(structs.replace(trigger, profile="fair", share_identifier="drops"),),
    )
    for name, value in told.to_env().items():
        monkeypatch.setenv(name, value)
    drop(event("s3_object_created_versioned"))
    assert batch.requests[0]["shareIdentifier"] == "drops"


def test_should_read_a_request_that_begins_with_a_byte_order_mark(drop, event, batch, s3):
    version = s3.put_object(
        Bucket="pulse-data", Key="requests/weekly.json", Body=b'\xef\xbb\xbf{"variables": ["wti_spot"]}'
    )["VersionId"]
    request = event("s3_object_created_request")
    request["detail"]["object"]["version-id"] = version
    drop(request)
    assert batch.requests[0]["containerOverrides"]["command"][3:5] == ["--variables", "wti_spot"]


def test_should_ask_for_nothing_when_a_folder_or_another_object_is_made(drop, event, batch, alerts, failed):
    elsewhere = event("s3_object_created_no_trigger")
    elsewhere["detail"]["object"]["key"] = "notes/readme.txt"
    assert failed(drop(event("s3_object_created_folder"), elsewhere)) == []
    assert batch.requests == []
    assert alerts() == []


def test_should_alert_rejected_when_batch_refuses_the_job(drop, event, batch, alerts, failed):
    batch.answers = [(400, "ClientException", "Job queue is not enabled <!channel>")]
    assert failed(drop(event("s3_object_created_versioned"))) == []
    (alert,) = alerts()
    assert "Job queue is not enabled" in alert["reason"]
    assert "Repair what AWS Batch names" in alert["next_step"]
    assert "drop the file again" in alert["next_step"]


def test_should_deliver_again_and_then_submit_when_batch_throttles(drop, event, batch, table, failed):
    batch.answers = [(429, "TooManyRequestsException", "Too Many Requests")]
    assert failed(drop(event("s3_object_created_versioned"))) == ["message-0"]
    assert jobs(table)[0]["status"] == "RELEASED"
    assert failed(drop(event("s3_object_created_versioned"))) == []
    assert len(batch.requests) == 2
    assert batch.requests[0]["jobName"] == batch.requests[1]["jobName"]
    assert jobs(table)[0]["status"] == "SUBMITTED"


@pytest.mark.parametrize(
    "lost",
    [
        ReadTimeoutError(endpoint_url="https://batch"),
        ConnectionClosedError(endpoint_url="https://batch"),
        (500, "ServerException", "Internal"),
        {"jobName": "an answer without a job id"},
        b'{"jobId": "aws',
    ],
    ids=["read time-out", "connection closed", "5xx", "no job id", "truncated"],
)
def test_should_not_submit_again_when_the_answer_of_batch_is_lost(  # noqa: PLR0913, PLR0917 - fixtures and parameters
    drop, event, batch, clock, table, failed, lost
):
    batch.answers = [lost]
    assert failed(drop(event("s3_object_created_versioned"))) == ["message-0"]
    assert failed(drop(event("s3_object_created_versioned"))) == ["message-0"]
    clock.forward(hours=1)
    assert failed(drop(event("s3_object_created_versioned"))) == ["message-0"]
    assert len(batch.requests) == 1
    assert jobs(table)[0]["status"] == "CLAIMED"


def test_should_fail_only_the_message_that_is_no_event(drop, event, batch, failed):
    other = event("batch_runnable")
    assert failed(drop("{not json", other, event("s3_object_created_versioned"))) == [
        "message-0",
        "message-1",
    ]
    assert len(batch.requests) == 1


def test_should_deliver_again_when_submit_job_is_denied(drop, event, batch, table, failed):
    batch.answers = [(403, "AccessDeniedException", "not authorized to perform: batch:SubmitJob")]
    assert failed(drop(event("s3_object_created_versioned"))) == ["message-0"]
    assert jobs(table)[0]["status"] == "RELEASED"
