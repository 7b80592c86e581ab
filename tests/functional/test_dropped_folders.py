"""Folders of files whose upload ends with a marker, through submit_job's real entry point."""

import json

import pytest
from msgspec import structs

from lambdas import submit_job
from pulse.domain.catalogue.trigger import Trigger
from pulse.domain.request import manifest as drop_manifest

pytestmark = pytest.mark.usefixtures("deployed")

SPARK = Trigger(prefix="datasets/spark/", on="_SUCCESS", profile="small")
LISTED = Trigger(prefix="datasets/listed/", on="manifest.json", profile="small")
RUN = "datasets/spark/run 1+2%20ü🚀/"
LIST = "datasets/listed/a/"


@pytest.fixture
def settings(settings):
    return structs.replace(settings, triggers=(SPARK, LISTED, *settings.triggers))


@pytest.fixture
def put(event, s3):
    """Puts an object; its event."""

    def put(key, body=b"timestamp,a\n"):
        version = s3.put_object(Bucket="pulse-data", Key=key, Body=body)["VersionId"]
        created = event("s3_object_created_versioned")
        created["detail"]["object"] |= {"key": key, "size": len(body), "version-id": version}
        return created

    return put


@pytest.fixture
def put_manifest(put):
    return lambda *files, folder=LIST: put(f"{folder}manifest.json", json.dumps({"files": files}).encode())


@pytest.fixture
def drop(sqs_event, context):
    return lambda *events: submit_job.handler(sqs_event(*events), context)


def dataset(request):
    """What the job was told to read; None: everything."""
    command = request["containerOverrides"]["command"]
    assert not any("--dataset-version-id" in word for word in command)
    return command[command.index("--dataset-key") + 1] if "--dataset-key" in command else None


def test_should_submit_one_job_for_the_folder_when_its_marker_comes(drop, put, batch, alerts, failed):
    parts = [put(f"{RUN}year={year}/part-0.csv") for year in (2019, 2020, 2021)]
    marker = put(f"{RUN}_SUCCESS", b"")
    assert failed(drop(*parts, marker)) == []
    assert [dataset(request) for request in batch.requests] == [RUN]
    assert alerts() == []


def test_should_only_log_what_waits_for_its_marker(drop, put, batch, alerts, failed, log_lines):  # noqa: PLR0913, PLR0917 - fixtures and parameters
    assert failed(drop(put(f"{RUN}part-0.csv"), put(f"{RUN}.part-0.csv.crc"), put(f"{RUN}readme.txt"))) == []
    assert (batch.requests, alerts()) == ([], [])
    reasons = [line["reason"] for line in log_lines() if line.get("message") == "No job for drop"]
    assert reasons == ["waits for its marker _SUCCESS"] * 3


def test_should_submit_one_job_for_one_version_of_a_marker_however_often_and_late_it_comes(
    drop, put, batch, failed
):
    part, marker = put(f"{RUN}part-0.csv"), put(f"{RUN}_SUCCESS", b"")
    again = marker | {"id": "another delivery"}
    assert failed(drop(marker, again, part, again)) == []
    assert failed(drop(again)) == []
    assert len(batch.requests) == 1
    newer = put(f"{RUN}_SUCCESS", b"")
    assert failed(drop(newer, marker, newer)) == []
    assert len(batch.requests) == 2
    assert batch.requests[0]["jobName"] != batch.requests[1]["jobName"]


def test_should_give_a_repeated_event_its_job_when_the_folder_is_empty_by_then(  # noqa: PLR0913, PLR0917 - fixtures and parameters
    drop, put, batch, s3, alerts, failed
):
    part, marker = put(f"{RUN}part-0.csv"), put(f"{RUN}_SUCCESS", b"")
    drop(marker)
    for created in (part, marker):
        s3.delete_object(Bucket="pulse-data", Key=created["detail"]["object"]["key"])
    assert failed(drop(marker)) == []
    assert (len(batch.requests), alerts()) == (1, [])


def test_should_train_on_all_data_sets_when_the_marker_lies_beside_them(
    drop, put, batch, monkeypatch, settings
):
    told = structs.replace(settings, triggers=(structs.replace(SPARK, prefix="datasets/"),))
    for name, value in told.to_env().items():
        monkeypatch.setenv(name, value)
    drop(put("datasets/a.csv"), put("datasets/_SUCCESS", b""))
    assert [dataset(request) for request in batch.requests] == [None]


def test_should_submit_what_the_trigger_asks_for(drop, put, batch, monkeypatch, settings, alerts):  # noqa: PLR0913, PLR0917 - fixtures and parameters
    wanted = structs.replace(SPARK, shards=4, variables=("spx_close",), batch_size_days=7)
    dear = structs.replace(LISTED, on="_SUCCESS", max_cost_usd="0.01")
    told = structs.replace(settings, triggers=(wanted, dear))
    for name, value in told.to_env().items():
        monkeypatch.setenv(name, value)
    drop(put(f"{RUN}part-0.csv"), put(f"{RUN}_SUCCESS", b""))
    children, merge = batch.requests
    assert children["arrayProperties"] == {"size": 4}
    assert merge["containerOverrides"]["command"][-2] == "--merge-shards=4"
    assert children["containerOverrides"]["command"][3:7] == [
        *("--variables", "spx_close"),
        *("--batch-size-days", "7"),
    ]
    drop(put(f"{LIST}part-0.csv"), put(f"{LIST}_SUCCESS", b""))
    assert len(batch.requests) == 2
    assert "raise what is named" in alerts()[0]["next_step"]


@pytest.mark.parametrize("others", [[], ["_temporary.csv", "readme.txt", ".part.csv"]])
def test_should_alert_rejected_when_the_folder_of_a_marker_holds_no_table(  # noqa: PLR0913, PLR0917 - fixtures and parameters
    drop, put, batch, alerts, failed, others
):
    for name in others:
        put(f"{RUN}{name}")
    put("datasets/spark/other/part-0.csv")
    marker = put(f"{RUN}_SUCCESS", b"")
    assert failed(drop(marker, marker)) == []
    (alert,) = alerts()
    assert "No data set is in 'datasets/spark/run 1+2%20ü🚀/'" in alert["reason"]
    assert "A data set's name ends in .csv, .tsv, .parquet" in alert["reason"]
    assert "drop the marker again" in alert["next_step"]
    assert batch.requests == []


def test_should_only_log_hidden_names_and_uploads(drop, put, batch, alerts, failed, log_lines):  # noqa: PLR0913, PLR0917 - fixtures and parameters
    keys = [
        *("datasets/one/_SUCCESS", "datasets/one/.hidden.csv", "datasets/one/_committed_123"),
        *("datasets/one/_temporary/0/part-0.csv", "requests/_draft.json", "requests/.git/a.json"),
        *("datasets/uploads/0123456789abcdef/a.csv", "datasets/uploads/x/_SUCCESS", "datasets/uploads/x.pdf"),
    ]
    assert failed(drop(*(put(key) for key in keys))) == []
    assert (batch.requests, alerts()) == ([], [])
    reasons = [line["reason"] for line in log_lines() if line.get("message") == "No job for drop"]
    assert reasons == ["hidden name: asks for nothing"] * 6 + ["upload: asks for nothing"] * 3


def test_should_submit_one_job_when_the_folder_holds_what_the_manifest_lists(  # noqa: PLR0913, PLR0917 - fixtures and parameters
    drop, put, put_manifest, batch, alerts, failed
):
    parts = [put(f"{LIST}{name}") for name in ("part-0.csv", "b/part 1+.parquet", "readme.txt", "_SUCCESS")]
    manifest = put_manifest("part-0.csv", f"{LIST}b/part 1+.parquet")
    assert failed(drop(*parts, manifest, manifest)) == []
    assert [dataset(request) for request in batch.requests] == [LIST]
    assert alerts() == []


def test_should_name_every_file_that_is_missing_or_not_listed(drop, put, put_manifest, batch, alerts):
    for name in ("part-0.csv", "old.csv", "b/older.parquet"):
        put(f"{LIST}{name}")
    drop(put_manifest("part-0.csv", "part-1.csv", "part-2.csv"))
    (alert,) = alerts()
    assert [line for line in alert["reason"].splitlines() if line.startswith("- ")] == [
        *("- 'part-1.csv'", "- 'part-2.csv'"),
        *("- 'b/older.parquet'", "- 'old.csv'"),
    ]
    assert "drop the marker again" in alert["next_step"]
    assert batch.requests == []
    put(f"{LIST}part-1.csv")
    drop(put_manifest("part-0.csv", "part-1.csv", "old.csv", "b/older.parquet"))
    assert [dataset(request) for request in batch.requests] == [LIST]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "The file is empty."),
        (b"part-0.csv\n", "not JSON"),
        (b"[" * 50_000, "not JSON"),
        (b'{"files": ["\xff.csv"]}', "not JSON"),
        (b'{"files": ["\\ud800.csv"]}', "not JSON"),
        (b'["part-0.csv"]', "the whole"),
        (b'{"files": []}', "files: allowed is a list of 1 to 10000"),
        (json.dumps({"files": ["a.csv"] * 10_001}).encode(), "10,001 values"),
        (b'{"files": ["../../requests/x.csv"]}', "files[0]"),
        (b'{"files": ["datasets/spark/x.csv"], "colour": 1}', "colour"),
        (b'{"files": ["a\\u0000.csv", "b.csv", "\\u001b[31m.txt"]}', r"'\x1b[31m.txt'"),
        (b" " * (1024 * 1024 + 1), "At most 1048576 bytes"),
        (
            b'{"files": ["a.csv"],\n"files": ["part-0.csv"]}',
            "files: allowed is each field once; found ['a.csv'] on line 1 and ['part-0.csv'] on line 2",
        ),
    ],
)
def test_should_alert_rejected_when_the_manifest_is_unusable(  # noqa: PLR0913, PLR0917 - fixtures and parameters
    drop, put, batch, alerts, failed, body, told
):
    put(f"{LIST}part-0.csv")
    assert failed(drop(put(f"{LIST}manifest.json", body))) == []
    (alert,) = alerts()
    assert told in alert["reason"]
    assert alert["reason"].replace("\n", "").isprintable()
    assert batch.requests == []


def test_should_take_compressed_text_and_a_manifest_in_utf_16(drop, put, batch, alerts):
    for name in ("part-0.csv.gz", "part-1.TSV", "part-2.zip"):
        put(f"{LIST}{name}")
    listed = json.dumps({"files": ["part-0.csv.gz", "part-1.TSV", "part-2.zip"]})
    drop(put(f"{LIST}manifest.json", listed.encode("utf-16")))
    assert [dataset(request) for request in batch.requests] == [LIST]
    assert alerts() == []


@pytest.mark.long
@pytest.mark.parametrize(("looked_at", "reason"), [(10_000, ""), (900, "holds more than 900 objects")])
def test_should_look_at_every_object_of_a_folder_as_large_as_a_manifest_can_be(  # noqa: PLR0913, PLR0917 - fixtures and parameters
    drop, put_manifest, batch, alerts, s3, monkeypatch, looked_at, reason
):
    monkeypatch.setattr(drop_manifest, "MAX_FILES", looked_at)
    names = [f"part {number:05}+.csv" for number in range(1_001)]
    for name in names:
        s3.put_object(Bucket="pulse-data", Key=LIST + name, Body=b"x")
    drop(put_manifest(*names[:looked_at]))
    assert [reason in alert["reason"] for alert in alerts()] == ([True] if reason else [])
    assert len(batch.requests) == (0 if reason else 1)
