"""manifest.json is written once, and vouches for what else a run wrote."""

import json
from hashlib import sha256

import pytest

PERIOD = ("--start-date", "2018-01-01", "--end-date", "2018-03-31", "--variables", "spx_close")
SEALED = "results/run-1/manifest.json"


@pytest.fixture(autouse=True)
def in_aws_batch(monkeypatch):
    monkeypatch.setenv("AWS_BATCH_JOB_ID", "4c75")


@pytest.fixture
def in_place(sample):
    """Puts this into manifest.json, as another job would."""

    def put(body):
        sample.client.put_object(Bucket="pulse-test-results", Key=SEALED, Body=body)
        return body

    return put


def test_an_attempt_after_the_results_were_stored_whole_leaves_them_as_they_are(sample, train):
    assert train(*PERIOD).code == 0
    before = {key: sample.result(key.removeprefix("results/run-1/")) for key in sample.result_keys()}
    run = train(*PERIOD)
    assert run.code == 0
    assert any("An earlier attempt has stored these results" in line for line in run.lines)
    assert {key: sample.result(key.removeprefix("results/run-1/")) for key in sample.result_keys()} == before


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"written": {"objects": [7]}}', b"[" * 100_000])
def test_a_manifest_that_is_not_the_run_s_is_not_written_over(sample, train, in_place, body):
    in_place(body)
    run = train(*PERIOD)
    assert run.code == 73
    assert f"s3://pulse-test-results/{SEALED} is there already" in run.last_message
    assert "Run this one again" in run.last_message
    assert sample.result("manifest.json") == body
    assert "metrics.json" not in {key.rpartition("/")[2] for key in sample.result_keys()}


def test_a_manifest_that_names_other_results_is_not_taken_for_an_earlier_attempt(sample, train, in_place):
    assert train(*PERIOD).code == 0
    forged = json.loads(sample.result("manifest.json"))
    (changed,) = [
        one for one in forged["written"]["objects"] if one["key"].endswith("/retrodictions.parquet")
    ]
    changed["sha256"] = sha256(b"forged").hexdigest()
    in_place(json.dumps(forged).encode())
    assert train(*PERIOD).code == 73
