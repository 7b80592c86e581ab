"""Objects dropped into the data bucket, through submit_job's real entry point."""

from types import SimpleNamespace

import pytest
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from msgspec import structs
from recursive_training.data.names import TABLE_SUFFIXES

from lambdas import on_job_event, submit_job
from lambdas.common import sqs_batch
from lambdas.wiring import shared
from pulse.aws import clients
from pulse.domain.catalogue.trigger import Trigger
from tests.hostile_keys import DATASET_KEYS

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


def test_should_log_what_a_drop_that_comes_again_was_about(drop, event, batch, log_lines):
    batch.answers.append(ConnectionError("reset"))
    drop(event("s3_object_created_versioned"), {"detail": {}})
    again, unknown = log_lines()
    assert again["message"] == "Will be delivered again"
    assert again["object"].startswith("s3://pulse-data/datasets/market_daily.csv")
    assert "object" not in unknown


@pytest.mark.parametrize("key", DATASET_KEYS)
def test_should_pass_a_hostile_key_on_as_it_is_and_log_it_on_one_line(drop, event, batch, log_lines, key):
    hostile = event("s3_object_created_odd_key")
    hostile["detail"]["object"]["key"] = key
    drop(hostile, hostile)
    (request,) = batch.requests
    command = request["containerOverrides"]["command"]
    assert command[command.index("--dataset-key") + 1] == key
    lines = [line for line in log_lines() if "object" in line]
    assert [line["message"] for line in lines] == ["Drop submitted", "Drop was submitted before"]
    assert all(line["object"].isprintable() for line in lines)


@pytest.mark.parametrize("key", DATASET_KEYS)
def test_should_say_on_printable_lines_why_there_is_no_job_however_hostile_the_key(
    drop, event, alerts, log_lines, key
):
    hostile = event("s3_object_created_no_trigger")
    hostile["detail"]["object"]["key"] = key + "x"
    drop(hostile)
    (alert,) = alerts()
    (line,) = [line for line in log_lines() if line.get("message")]
    texts = [line["object"], alert["about"], alert["headline"], *(fact["value"] for fact in alert["facts"])]
    assert all(text.isprintable() for text in texts)


@pytest.mark.parametrize(
    ("key", "size", "told", "next_step"),
    [
        ("datasets/a.csv ", 10, "fits the key 'datasets/a.csv '. Triggers: datasets/*.csv.", "add a trigger"),
        ("datasets/a/", 10, "No trigger fits the key 'datasets/a/'.", "add a trigger"),
        ("datasets/a.xlsx", 10, "A data set's name ends in .csv, .tsv, .parquet", "Save the sheet as CSV"),
        ("datasets/a.json", 10, ".csv and .tsv may be compressed (.gz", "belongs under requests/"),
        ("datasets/a.txt", 10, "A data set's name ends in", "name it .csv"),
        ("datasets/a.orc", 10, "A data set's name ends in", "Write the table as Parquet"),
        ("datasets/a.gz", 10, "A data set's name ends in", "such as .csv.gz"),
        ("datasets/a.parquet", 10, "Triggers: datasets/*.csv.", "add a trigger"),
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


@pytest.mark.parametrize("suffix", TABLE_SUFFIXES)
def test_should_train_on_every_name_of_a_data_set_when_the_trigger_names_no_suffix(  # noqa: PLR0913, PLR0917 - fixtures and parameters
    drop, event, batch, alerts, monkeypatch, settings, suffix
):
    told = structs.replace(settings, triggers=(Trigger(profile="small"),))
    for name, value in told.to_env().items():
        monkeypatch.setenv(name, value)
    dropped = event("s3_object_created_no_trigger")
    dropped["detail"]["object"] |= {"key": f"datasets/Market{suffix.upper()}", "size": 10}
    drop(dropped)
    assert len(batch.requests) == 1
    assert alerts() == []


@pytest.mark.parametrize(
    ("key", "size"),
    [
        ("datasets/raw_$folder$", 0),
        ("datasets/raw/2024_$folder$", 0),
        ("datasets/raw/2024_$folder$", 3),
        ("requests/old_$folder$", 0),
        ("datasets/raw/", 0),
        ("datasets/~$market.csv", 165),
        ("datasets/team/~$market.xlsx", 165),
        ("requests/~$weekly.json", 165),
    ],
)
def test_should_ask_for_nothing_and_alert_nobody_when_a_tool_leaves_its_mark(  # noqa: PLR0913, PLR0917 - fixtures and parameters
    drop, event, batch, alerts, failed, key, size
):
    mark = event("s3_object_created_no_trigger")
    mark["detail"]["object"] |= {"key": key, "size": size}
    assert failed(drop(mark)) == []
    assert batch.requests == []
    assert alerts() == []


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
    batch.answers = [(429, "TooManyRequestsException", "Too Many Requests")] * 5
    assert failed(drop(event("s3_object_created_versioned"))) == ["message-0"]
    assert jobs(table)[0]["status"] == "RELEASED"
    assert failed(drop(event("s3_object_created_versioned"))) == []
    assert len({request["jobName"] for request in batch.requests}) == 1
    assert [(job["status"], job["batch_job_id"]) for job in jobs(table)] == [("SUBMITTED", "aws-6")]


@pytest.mark.parametrize(
    ("deliveries", "seconds"), [(1, (5, 10)), (2, (15, 30)), (4, (120, 240)), (9, (120, 240))]
)
def test_should_come_again_soon_when_batch_throttles_and_later_each_time(  # noqa: PLR0913, PLR0917 - fixtures and parameters
    sqs_event, event, context, batch, failed, monkeypatch, deliveries, seconds
):
    said = []
    visibility = SimpleNamespace(put_off=lambda _queue, _receipt, seconds: said.append(seconds))
    monkeypatch.setattr(shared, "visibility", lambda: visibility)
    batch.answers = [(429, "TooManyRequestsException", "Too Many Requests")] * 5
    delivery = sqs_event(event("s3_object_created_versioned"))
    delivery["Records"][0]["attributes"]["ApproximateReceiveCount"] = str(deliveries)
    assert failed(submit_job.handler(delivery, context)) == ["message-0"]
    (waits,) = said
    assert seconds[0] <= waits <= seconds[1]


LOST = pytest.mark.parametrize(
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


@LOST
def test_should_find_the_job_when_the_answer_of_batch_is_lost(  # noqa: PLR0913, PLR0917 - fixtures and parameters
    drop, event, batch, clock, table, failed, lost
):
    batch.answers = [lost]
    assert failed(drop(event("s3_object_created_versioned"))) == ["message-0"]
    assert failed(drop(event("s3_object_created_versioned"))) == ["message-0"]
    batch.listed = {batch.requests[0]["jobName"]: "aws-lost"}
    clock.forward(hours=1)
    assert failed(drop(event("s3_object_created_versioned"))) == []
    assert len(batch.requests) == 1
    assert [(job["status"], job["batch_job_id"]) for job in jobs(table)] == [("SUBMITTED", "aws-lost")]


@LOST
def test_should_submit_again_when_batch_still_lists_no_job_after_the_answer_was_lost(  # noqa: PLR0913, PLR0917 - fixtures and parameters
    drop, event, batch, clock, table, failed, lost
):
    batch.answers = [lost]
    assert failed(drop(event("s3_object_created_versioned"))) == ["message-0"]
    clock.forward(hours=1)
    assert failed(drop(event("s3_object_created_versioned"))) == []
    assert len({request["jobName"] for request in batch.requests}) == 1
    assert [(job["status"], job["batch_job_id"]) for job in jobs(table)] == [("SUBMITTED", "aws-2")]


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
