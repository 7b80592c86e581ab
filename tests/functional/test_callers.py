"""Who asked for a job, and who cancelled it: kept with the job, told, and asked for by it."""

import pytest

from lambdas import submit_job
from pulse.domain.caller import cancelled_by
from tests.functional.api import ANALYST, Api

ROLE = "arn:aws:sts::123456789012:assumed-role/Desk"
ANN, BOB = f"{ROLE}/ann", f"{ROLE}/bob"


@pytest.fixture
def as_caller(deployed, context):
    """`as_caller(ARN)`: the API as this caller sees it."""
    return lambda arn: Api(context, arn)


def ids(page):
    return [job["job_id"] for job in page.content["jobs"]]


def test_should_keep_who_asked_and_who_asked_again(as_caller):
    first = as_caller(ANN)("POST /jobs", {}).content["job_id"]
    again = as_caller(BOB)(f"POST /jobs/{first}/rerun", {}).content["job_id"]
    answer = as_caller(ANALYST)
    assert answer(f"GET /jobs/{first}").content["asked_by"] == ANN
    assert answer(f"GET /jobs/{again}").content["asked_by"] == BOB


def test_should_keep_who_cancelled_and_tell_of_it(as_caller, batch, end, alerts):
    job_id = as_caller(ANN)("POST /jobs", {}).content["job_id"]
    as_caller(BOB)(f"POST /jobs/{job_id}/cancel", {"reason": "the wrong month"})
    end("batch_failed_cancelled_through_pulse", statusReason=batch.stopped[0]["reason"])
    job = as_caller(ANALYST)(f"GET /jobs/{job_id}").content
    assert (job["asked_by"], job["cancelled_by"]) == (ANN, BOB)
    assert job["diagnosis"]["cause"] == "cancelled"
    assert "the wrong month" in job["status_reason"]
    (alert,) = alerts()
    names = {name["label"]: name["value"] for name in alert["names"]}
    assert (names["Asked by"], names["Cancelled by"]) == (ANN, BOB)


def test_should_list_the_jobs_that_somebody_asked_for(as_caller):
    ann, bob, other = (
        as_caller(arn)("POST /jobs", {"tags": {"n": arn[-3:]}}, headers={"idempotency-key": arn}).content[
            "job_id"
        ]
        for arn in (ANN, BOB, ANALYST)
    )
    api = as_caller(ANALYST)
    assert ids(api("GET /jobs", by=ANN)) == [ann]
    assert sorted(ids(api("GET /jobs", by=ROLE))) == sorted([ann, bob])
    assert ids(api("GET /jobs", by="me")) == [other]
    assert sorted(ids(as_caller(BOB)("GET /jobs", by="me"))) == sorted([ann, bob]), "a role is one caller"
    assert ids(api("GET /jobs", by="arn:aws:iam::123456789012:user/nobody")) == []


def test_should_page_through_the_jobs_of_a_caller(as_caller):
    api = as_caller(ANN)
    asked = [
        api("POST /jobs", {"tags": {"n": str(n)}}, headers={"idempotency-key": str(n)}).content["job_id"]
        for n in range(3)
    ]
    first = api("GET /jobs", by="me", limit="2")
    rest = api("GET /jobs", by="me", limit="2", next=first.content["next"])
    assert sorted(ids(first) + ids(rest)) == sorted(asked)
    assert api("GET /jobs", by=BOB, next=first.content["next"]).status == 400


@pytest.mark.parametrize("by", ["", "x" * 401, "\ud800"])
def test_should_refuse_what_can_be_no_caller(as_caller, by):
    answer = as_caller(ANN)("GET /jobs", by=by)
    assert (answer.status, answer.content["errors"][0]["field"]) == (400, "by")


def test_should_keep_the_account_that_dropped_a_file(as_caller, event, sqs_event, context):
    submit_job.handler(sqs_event(event("s3_object_created_versioned")), context)
    (job,) = as_caller(ANN)("GET /jobs").content["jobs"]
    assert job["asked_by"] == "123456789012"
    assert ids(as_caller(ANN)("GET /jobs", by="123456789012")) == [job["job_id"]]


@pytest.mark.parametrize(
    ("reason", "who"),
    [
        ("Cancelled through Pulse by arn:aws:iam::1:user/a: why: not", "arn:aws:iam::1:user/a"),
        ("Cancelled through Pulse: by arn:aws:iam::1:user/a: no", ""),
        ("Host EC2 terminated", ""),
        ("", ""),
    ],
)
def test_should_read_who_cancelled_in_the_reason(reason, who):
    assert cancelled_by(reason) == who


def test_should_show_a_hostile_name_as_escapes(as_caller, batch):
    hostile = "arn:aws:sts::123456789012:assumed-role/Desk/a\u202e\n b"
    job_id = as_caller(hostile)("POST /jobs", {}).content["job_id"]
    as_caller(hostile)(f"POST /jobs/{job_id}/cancel", {})
    assert batch.stopped[0]["reason"].isprintable()
    assert "\\u202e" in cancelled_by(batch.stopped[0]["reason"])
