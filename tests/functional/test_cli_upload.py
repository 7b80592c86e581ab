"""`pulse submit --upload`: over moto's S3, against the API on loopback."""

import hashlib
import os
import re

import pytest
from recursive_training.data.names import TABLE_SUFFIXES
from typer.testing import CliRunner

from pulse.cli.main import app
from tests.functional.cli_server import connected
from tests.functional.conftest import DATA

CONTENT = b"timestamp,spx_close\n2020-01-01,1\n"
KEY = f"datasets/uploads/{hashlib.sha256(CONTENT).hexdigest()[:16]}/märket +1.csv"


@pytest.fixture
def api(monkeypatch, tmp_path, s3):
    with connected(monkeypatch, tmp_path) as api:
        monkeypatch.setenv("PULSE_DATA_BUCKET", DATA)
        yield api


@pytest.fixture
def file(tmp_path):
    file = tmp_path / "märket +1.csv"
    file.write_bytes(CONTENT)
    return file


def typed(*words):
    return CliRunner().invoke(app, ["submit", *map(str, words)])


def test_should_train_on_exactly_the_uploaded_version(api, s3, file):
    ended = typed("--upload", file, "--profile", "small")

    assert ended.exit_code == 0, ended.stderr
    stored = s3.get_object(Bucket=DATA, Key=KEY)
    assert stored["Body"].read() == CONTENT
    assert api.calls[0].body == {
        "dataset": KEY,
        "dataset_version_id": stored["VersionId"],
        "profile": "small",
    }
    assert "Uploaded" in ended.stderr


def test_should_upload_the_same_content_once(api, s3, file):
    typed("--upload", file)
    again = typed("--upload", file)

    assert "Already there" in again.stderr
    assert len(s3.list_object_versions(Bucket=DATA)["Versions"]) == 1
    assert api.calls[0].body == api.calls[1].body


def test_should_upload_again_what_is_there_in_part_only(api, s3, file):
    s3.put_object(Bucket=DATA, Key=KEY, Body=CONTENT[:5])

    assert typed("--upload", file).exit_code == 0
    assert s3.get_object(Bucket=DATA, Key=KEY)["Body"].read() == CONTENT


def test_should_lay_the_upload_over_the_file_of_the_request(api, file, tmp_path):
    (tmp_path / "request.json").write_text('{"dataset": "datasets/old.csv", "vcpus": 2}')

    typed("--upload", file, "--request", tmp_path / "request.json")

    assert (api.calls[0].body["dataset"], api.calls[0].body["vcpus"]) == (KEY, 2)


def test_should_send_a_large_file_in_parts(api, s3, tmp_path):
    large = tmp_path / "large.parquet"
    large.write_bytes(os.urandom(17 * 1024 * 1024))

    ended = typed("--upload", large)

    assert ended.exit_code == 0, ended.stderr
    key = api.calls[0].body["dataset"]
    assert s3.head_object(Bucket=DATA, Key=key)["ETag"].strip('"').endswith("-3")


@pytest.mark.parametrize("suffix", TABLE_SUFFIXES)
def test_should_upload_every_name_that_the_training_reads(api, s3, tmp_path, suffix):
    file = tmp_path / f"Market{suffix.upper()}"
    file.write_bytes(CONTENT)

    ended = typed("--upload", file)

    assert ended.exit_code == 0, ended.stderr
    assert api.calls[0].body["dataset"].endswith(f"/Market{suffix.upper()}")


def test_should_say_what_to_do_with_a_file_that_is_no_data_set(api, tmp_path):
    (tmp_path / "a.xlsx").write_bytes(b"PK")

    ended = typed("--upload", tmp_path / "a.xlsx")

    told = " ".join(re.sub("[│╭╮╰╯─]", " ", ended.stderr).split())
    assert ".csv, .tsv, .parquet, .feather, .arrow or .zip" in told
    assert "Save the sheet as CSV in UTF-8" in told


@pytest.mark.parametrize(("name", "content"), [("a.txt", b"x"), ("empty.csv", b""), ("none.csv", None)])
def test_should_send_nothing_that_is_no_data_set(api, tmp_path, name, content):
    if content is not None:
        (tmp_path / name).write_bytes(content)

    ended = typed("--upload", tmp_path / name)

    assert ended.exit_code == 2
    assert api.calls == []


def test_should_say_which_bucket_cannot_be_written(api, file, monkeypatch):
    monkeypatch.setenv("PULSE_DATA_BUCKET", "elsewhere")

    ended = typed("--upload", file)

    assert ended.exit_code == 1
    assert "elsewhere" in ended.stderr
    assert api.calls == []


def test_should_ask_for_the_bucket_where_it_is_not_known(api, file, monkeypatch):
    monkeypatch.delenv("PULSE_DATA_BUCKET")

    ended = typed("--upload", file)

    assert ended.exit_code == 1
    assert "PULSE_DATA_BUCKET" in ended.stderr


def test_should_upload_any_file_for_a_described_training(api, tmp_path):
    (tmp_path / "images.bin").write_bytes(b"\x00\x01")

    assert typed("--upload", tmp_path / "images.bin", "--training", "churn").exit_code == 0
    assert api.calls[0].body["training"] == "churn"
    assert typed("--upload", tmp_path / "images.bin", "--training", "retrodiction").exit_code == 2
