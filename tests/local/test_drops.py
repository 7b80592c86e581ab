"""Drops with real S3 events: folders that wait for their marker, hostile keys, events that come again."""

import json
import uuid
from typing import Any

import pytest

from tests.hostile_keys import DATASET_KEYS
from tests.local.deployment import (
    Deployment,
    command_of,
    object_created,
    pulse_job_id,
    sample,
    until,
)

pytestmark = pytest.mark.local

FOLDERS, MANIFESTS = "datasets/folders/", "datasets/manifests/"
"""Where config/default.yaml has triggers with markers."""


def thirds() -> list[bytes]:
    """The sample in three files, each with the header."""
    header, *rows = sample().splitlines(keepends=True)
    size = len(rows) // 3
    return [b"".join([header, *rows[i * size : (i + 1) * size]]) for i in range(3)]


def jobs_with(pulse: Deployment, word: str) -> list[dict[str, Any]]:
    return [job for job in pulse.all_jobs() if word in command_of(job)]


def job_of_folder(pulse: Deployment, folder: str) -> dict[str, Any]:
    job = until(lambda: next(iter(jobs_with(pulse, folder)), None), f"a job for {folder}")
    return pulse.finished(job["jobId"])


def keys_read(pulse: Deployment, job: dict[str, Any]) -> set[str]:
    assert job["status"] == "SUCCEEDED", pulse.log_of(job)
    manifest = json.loads(pulse.result(pulse_job_id(job), "manifest.json"))
    return {read["key"] for read in manifest["read"]["objects"]}


def test_should_train_once_on_all_parts_of_a_folder_when_its_marker_comes(pulse: Deployment):
    folder = f"{FOLDERS}run 1+2%20ü🚀 {uuid.uuid4().hex}/"
    keys = {f"{folder}year-{year}/part 0+.csv" for year in (2019, 2020, 2021)}
    for key, body in zip(sorted(keys), thirds(), strict=True):
        pulse.drop(key, body)
    version = pulse.drop(f"{folder}_SUCCESS", b"")
    again = json.dumps(object_created(pulse, f"{folder}_SUCCESS", version))
    for _ in range(3):
        pulse.sqs.send_message(QueueUrl=pulse.queue_url("Drop"), MessageBody=again)

    job = job_of_folder(pulse, folder)

    assert keys_read(pulse, job) == keys
    pulse.drop(f"{folder}_SUCCESS", b"")
    until(lambda: len(jobs_with(pulse, folder)) > 1, "the job of the marker's next version")
    started = [found for found in pulse.all_jobs() if any(folder in word for word in command_of(found))]
    assert len(started) == 2, (
        "one for each version of the marker, none for a part or an event that came again"
    )


def test_should_train_once_on_what_a_manifest_lists_and_refuse_what_differs(pulse: Deployment):
    folder = f"{MANIFESTS}{uuid.uuid4().hex}/"
    first, second, third = thirds()
    pulse.drop(f"{folder}part-0.csv", first)
    pulse.drop(f"{folder}sub/part-1.csv", second)
    listed = {"files": ["part-0.csv", f"{folder}sub/part-1.csv"]}
    pulse.drop(f"{folder}manifest.json", json.dumps(listed).encode())

    job = job_of_folder(pulse, folder)

    assert keys_read(pulse, job) == {f"{folder}part-0.csv", f"{folder}sub/part-1.csv"}
    pulse.drop(f"{folder}too-much.csv", third)
    pulse.drop(f"{folder}manifest.json", json.dumps({"files": ["part-0.csv", "part-9.csv"]}).encode())
    email = pulse.message(f"No job for {folder}manifest.json", "email")
    assert "REJECTED" in email["subject"]
    for words in ("part-9.csv", "too-much.csv", "sub/part-1.csv", "drop the marker again"):
        assert words in email["text"]
    assert len(jobs_with(pulse, folder)) == 1


def test_should_say_that_the_folder_of_a_marker_is_empty(pulse: Deployment):
    marker = f"{FOLDERS}{uuid.uuid4().hex}/_SUCCESS"

    pulse.drop(marker, b"")

    email = pulse.message(marker, "email")
    assert "REJECTED" in email["subject"]
    assert "No data set is in" in email["text"]


@pytest.mark.parametrize("key", DATASET_KEYS)
def test_should_train_on_exactly_the_key_that_was_dropped_however_hostile(pulse: Deployment, key: str):
    version = pulse.drop(key, sample(400))

    job = pulse.finished(pulse.job_of_drop(version)["jobId"])

    assert key in command_of(job)
    assert keys_read(pulse, job) == {key}
    assert pulse.message(pulse_job_id(job), "email")["subject"].isprintable()
    assert "<b>" not in json.dumps(pulse.message(pulse_job_id(job), "slack")["blocks"])


def test_should_submit_one_job_for_an_event_sent_three_times_and_one_for_the_next_version(pulse: Deployment):
    key = f"datasets/{uuid.uuid4().hex}.csv"
    versions = [pulse.drop(key, sample(400)) for _ in range(2)]
    for version in [*reversed(versions), *versions, *versions]:
        again = json.dumps(object_created(pulse, key, version))
        pulse.sqs.send_message(QueueUrl=pulse.queue_url("Drop"), MessageBody=again)
    for version in versions:
        pulse.finished(pulse.job_of_drop(version)["jobId"])

    last = pulse.drop(f"datasets/{uuid.uuid4().hex}.csv", sample(400))
    pulse.finished(pulse.job_of_drop(last)["jobId"])

    jobs = [job for version in versions for job in pulse.jobs_of(version)]
    assert len(jobs) == len(versions)
    for job in jobs:
        until(lambda job=job: pulse.messages(pulse_job_id(job), "email"), "the e-mail")
        assert len(pulse.messages(pulse_job_id(job), "email")) == 1
    assert len(jobs_with(pulse, key)) == 2


def test_should_start_nothing_for_uploads_and_hidden_names(pulse: Deployment):
    name = uuid.uuid4().hex
    keys = [f"datasets/uploads/{name}/a.csv", f"datasets/{name}/_SUCCESS", f"datasets/{name}/.hidden.csv"]
    for key in keys:
        pulse.drop(key, sample(400))

    last = pulse.drop("datasets/after-uploads.csv", sample(400))
    pulse.finished(pulse.job_of_drop(last)["jobId"])

    assert not [job for job in pulse.all_jobs() if any(name in word for word in command_of(job))]
    assert not pulse.messages(name)
