"""POST /jobs/{id}/rerun through submit_job's real entry point."""

import pytest

from pulse.domain.job.record import JobRecord
from tests.functional.api import Api
from tests.functional.jobs import REQUESTED

FIRST = {"dataset": "datasets/market_daily.csv", "attempts": 2, "tags": {"Team": "research"}}


@pytest.fixture
def api(deployed, context) -> Api:
    return Api(context)


@pytest.fixture
def first(api):
    return api("POST /jobs", FIRST).content["job_id"]


def without_ids(parameters):
    overrides = parameters["containerOverrides"]
    environment = [pair for pair in overrides["environment"] if pair["name"] != "PULSE_JOB_ID"]
    return parameters | {"jobName": "", "containerOverrides": overrides | {"environment": environment}}


def test_should_submit_the_same_request_as_another_job(api, first, batch, ledger):
    status, content, _ = api(f"POST /jobs/{first}/rerun")
    assert (status, content["rerun_of"], content["batch_job_id"]) == (202, first, "aws-2")
    assert content["job_id"] != first
    assert without_ids(batch.requests[1]) == without_ids(batch.requests[0])
    record = ledger.record(content["job_id"])
    assert (record.rerun_of, record.rerun_because) == (first, "asked")


def test_should_lay_the_fields_of_the_body_over_the_first_request(api, first, batch):
    api(f"POST /jobs/{first}/rerun", {"attempts": 5, "dataset": None})
    sent = batch.requests[1]
    assert sent["retryStrategy"]["attempts"] == 5
    assert "--dataset-key" not in sent["containerOverrides"]["command"]
    assert sent["tags"]["Team"] == "research"


def test_should_read_the_data_as_the_first_request_did_unless_the_body_says_otherwise(api, batch):
    asked = {"missing_values": [-999, -999.0, "n/a"], "id_columns": ["store", "item"]}
    first = api("POST /jobs", asked).content["job_id"]
    api(f"POST /jobs/{first}/rerun")
    api(f"POST /jobs/{first}/rerun", {"missing_values": [], "id_columns": None})
    same, again, without = (request["containerOverrides"]["command"] for request in batch.requests)
    assert '--missing-values=[-999,-999.0,"n/a"]' in same
    assert again == same
    assert not [word for word in without if word.startswith(("--missing-values", "--id-columns"))]


def test_should_run_once_again_however_often_it_is_asked_for(api, first, batch):
    once, again = (api(f"POST /jobs/{first}/rerun") for _ in range(2))
    assert once == again
    assert len(batch.requests) == 2


def test_should_rerun_a_rerun(api, first):
    second = api(f"POST /jobs/{first}/rerun").content["job_id"]
    third = api(f"POST /jobs/{second}/rerun").content
    assert third["rerun_of"] == second
    assert third["job_id"] not in {first, second}


def test_should_run_again_and_again_when_forced_or_under_other_keys(api, first, batch):
    path = f"POST /jobs/{first}/rerun"
    answers = [
        api(path),
        api(path, force="true"),
        *(api(path, headers={"idempotency-key": key}) for key in ("k1", "k2", "k1")),
    ]
    assert {answer.status for answer in answers} == {202}
    assert len({answer.content["job_id"] for answer in answers}) == 4
    assert len(batch.requests) == 5


def test_should_plan_and_submit_nothing_when_it_is_a_dry_run(api, first, batch):
    status, content, _ = api(f"POST /jobs/{first}/rerun", {"attempts": 5}, dry_run="true")
    assert status == 200
    assert content["plan"][0]["retryStrategy"]["attempts"] == 5
    assert len(batch.requests) == 1


def test_should_answer_not_found_for_a_job_that_is_none(api, batch):
    status, problem, _ = api("POST /jobs/batch-20260302093000-00000000/rerun")
    assert (status, problem["type"]) == (404, "urn:pulse:problem:not-found")
    assert batch.requests == []


def test_should_say_that_the_request_of_another_clients_job_is_not_known(api, batch, ledger):
    foreign = JobRecord(job_id="c0ffee", status="RUNNING", created_at=REQUESTED, foreign=True)
    ledger.create(foreign)
    status, problem, _ = api("POST /jobs/c0ffee/rerun")
    assert (status, problem["type"]) == (404, "urn:pulse:problem:no-request")
    assert batch.requests == []


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ("{", 400, "body"),
        ("[]", 422, "the whole"),
        ('{"attempts": 11, "colour": 1}', 422, "colour"),
        ('{"dataset_version_id": "v", "dataset": null}', 422, "dataset"),
    ],
)
def test_should_refuse_changes_that_make_no_valid_request(api, first, batch, body, status, field):  # noqa: PLR0913, PLR0917 - fixtures and parameters
    answered, problem, _ = api(f"POST /jobs/{first}/rerun", body)
    assert answered == status
    assert field in {fault["field"] for fault in problem["errors"]}
    assert len(batch.requests) == 1
