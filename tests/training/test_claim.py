"""Of two AWS Batch jobs with one run, one works and the other does nothing."""

import json
from datetime import datetime

import pytest
from botocore.exceptions import ClientError
from recursive_training.data.s3 import Bucket

PERIOD = ("--start-date", "2018-01-01", "--end-date", "2018-06-30")


@pytest.fixture
def claimed(sample):
    """Puts this into claim.json before the run starts."""

    def put(body: bytes) -> None:
        sample.client.put_object(Bucket="pulse-test-results", Key="results/run-1/claim.json", Body=body)

    return put


def test_a_job_claims_its_run_before_it_reads_data(sample, train, monkeypatch):
    monkeypatch.setenv("AWS_BATCH_JOB_ID", "4c75")
    assert train("--dataset-key", "datasets/none.csv").code == 66
    claim = json.loads(sample.result("claim.json"))
    assert claim["aws_batch_job_id"] == "4c75"
    assert datetime.fromisoformat(claim["claimed_at"]).utcoffset().total_seconds() == 0


def test_the_next_attempt_of_the_same_job_goes_on(sample, train, monkeypatch):
    monkeypatch.setenv("AWS_BATCH_JOB_ID", "4c75")
    assert [train(*PERIOD).code, train(*PERIOD).code] == [0, 0]


def test_a_duplicate_ends_at_once_and_says_who_has_the_run(sample, train, monkeypatch):
    monkeypatch.setenv("AWS_BATCH_JOB_ID", "first")
    train(*PERIOD)
    written = {key: sample.result(key.removeprefix("results/run-1/")) for key in sample.result_keys()}
    monkeypatch.setenv("AWS_BATCH_JOB_ID", "second")
    run = train("--dataset-key", "datasets/none.csv")
    assert run.code == 76
    assert run.last_message == (
        "Run run-1 belongs to AWS Batch job first (s3://pulse-test-results/results/run-1/claim.json). "
        "This one, second, did nothing. If it is the one that you submitted, find out who submitted the "
        "other."
    )
    assert {key: sample.result(key.removeprefix("results/run-1/")) for key in sample.result_keys()} == written


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b"{}", b'{"aws_batch_job_id": "a\\nb\\u001b"}'])
def test_a_claim_that_nobody_of_us_wrote_is_respected(claimed, train, monkeypatch, body):
    claimed(body)
    monkeypatch.setenv("AWS_BATCH_JOB_ID", "4c75")
    run = train(*PERIOD)
    assert run.code == 76
    assert run.lines[-1].isprintable()


def test_outside_aws_batch_nothing_is_claimed(claimed, sample, train):
    claimed(b'{"aws_batch_job_id": "first"}')
    assert train(*PERIOD).code == 0


class Conflicting:
    """An S3 client that meets another write of the same key the first times."""

    def __init__(self, client, conflicts: int) -> None:
        self.client, self.conflicts = client, conflicts

    def put_object(self, **arguments) -> None:
        if self.conflicts:
            self.conflicts -= 1
            raise ClientError({"Error": {"Code": "ConditionalRequestConflict", "Message": ""}}, "PutObject")
        self.client.put_object(**arguments)

    def __getattr__(self, name: str):
        return getattr(self.client, name)


@pytest.mark.parametrize(("conflicts", "code"), [(4, 0), (5, 75)])
def test_a_conflict_of_writes_is_tried_again_a_few_times(sample, train, monkeypatch, conflicts, code):
    monkeypatch.setattr(
        "recursive_training.steps.training.client", lambda _region: Conflicting(sample.client, conflicts)
    )
    monkeypatch.setattr("recursive_training.data.s3.time.sleep", lambda _seconds: None)
    monkeypatch.setenv("AWS_BATCH_JOB_ID", "4c75")
    run = train(*PERIOD)
    assert run.code == code
    assert ("ConditionalRequestConflict" in run.lines[-1]) == (code == 75)


def test_of_two_writers_one_creates_the_object(store):
    bucket = Bucket(store.client, "pulse-test-results")
    assert [bucket.create("results/x", body, "text/plain") for body in (b"a", b"b")] == [True, False]
    assert bucket.read("results/x").payload == b"a"
