"""Of two AWS Batch jobs with one run, one works and the other does nothing."""

import json

import pytest

KEY = "results/run-1/claim.json"


def test_a_run_is_claimed_before_its_data_is_read(store, run):
    run.go(PULSE_DATASET="datasets/none.csv")
    assert run.code == 66
    assert json.loads(store.result(KEY)) == {
        "aws_batch_job_id": "batch-1",
        "claimed_at": "2026-12-01T06:30:00.000Z",
    }


def test_the_next_attempt_of_the_same_job_goes_on(store, attempt):
    assert [attempt().go(lambda: None).code, attempt().go(lambda: None).code] == [143, 143]


def test_a_duplicate_ends_the_training_with_76_and_says_who_has_the_run(store, attempt):
    attempt().go(lambda: None)
    before = {key: store.result(key) for key in store.keys("")}
    second = attempt().go(AWS_BATCH_JOB_ID="batch-2", PULSE_DATASET="datasets/none.csv")
    assert (second.code, second.failed) == (76, 76)
    assert second.why == (
        "Run run-1 belongs to AWS Batch job batch-1 (s3://pulse-test-results/results/run-1/claim.json). "
        "This one, batch-2, did nothing. If it is the one that you submitted, find out who submitted the "
        "other.\n"
    )
    assert "ready" not in second.marks()
    assert {key: store.result(key) for key in store.keys("")} == before


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"aws_batch_job_id": "a\\nb\\u001b"}', "[" * 5000])
def test_a_claim_that_nobody_of_us_wrote_is_respected(store, run, body):
    store.put(KEY, body, bucket="pulse-test-results")
    run.go()
    assert (run.code, run.failed) == (76, 76)
    assert run.why.strip().isprintable()


def test_outside_aws_batch_nothing_is_claimed(store, run):
    store.put(KEY, '{"aws_batch_job_id": "batch-2"}', bucket="pulse-test-results")
    run.go(run.end(), AWS_BATCH_JOB_ID=None)
    assert run.code == 0


@pytest.fixture
def pauses(monkeypatch) -> list[float]:
    found: list[float] = []
    monkeypatch.setattr("data_sidecar.bucket.time.sleep", found.append)
    return found


@pytest.mark.parametrize(("conflicts", "code"), [(4, 0), (5, 75)])
@pytest.mark.usefixtures("store")
def test_a_conflict_of_writes_is_tried_again_a_few_times(run, refuse, pauses, conflicts, code):
    refuse("PutObject", 409, "ConditionalRequestConflict", times=conflicts)
    run.go(run.end())
    assert run.code == code
    assert pauses == [0.2, 0.4, 0.8, 1.6]
