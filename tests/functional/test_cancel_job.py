"""POST /jobs/{id}/cancel through cancel_job's real entry point."""

import pytest

from tests.functional.api import ANALYST, Api


@pytest.fixture
def api(deployed, context) -> Api:
    return Api(context)


@pytest.fixture
def submitted(api):
    """The id of a job that was just submitted."""
    return api("POST /jobs", {}).content["job_id"]


def test_should_tell_aws_batch_to_end_the_job_and_why(api, submitted, batch):
    status, content, _ = api(f"POST /jobs/{submitted}/cancel", {"reason": "the wrong month"})
    assert status == 202
    assert content == {
        "job_id": submitted,
        "status": "SUBMITTED",
        "reason": f"Cancelled through Pulse by {ANALYST}: the wrong month",
    }
    assert batch.stopped == [{"jobId": "aws-1", "reason": content["reason"]}]


@pytest.mark.parametrize("body", [None, "", "{}"])
def test_should_need_no_body(api, submitted, batch, body):
    assert api(f"POST /jobs/{submitted}/cancel", body).status == 202
    assert batch.stopped[0]["reason"] == f"Cancelled through Pulse by {ANALYST}: no reason given"


def test_should_say_the_same_again_when_asked_again(api, submitted):
    once, again = (api(f"POST /jobs/{submitted}/cancel") for _ in range(2))
    assert once == again


@pytest.mark.parametrize("job_id", ["batch-20260302093000-00000000", "no%20job", "-", "x" * 3000, "ü"])
def test_should_answer_not_found_for_a_job_that_is_none(api, batch, job_id):
    status, problem, headers = api(f"POST /jobs/{job_id}/cancel")
    assert (status, headers["content-type"]) == (404, "application/problem+json")
    assert problem["type"] in {"urn:pulse:problem:not-found", "urn:pulse:problem:no-such-resource"}
    assert batch.stopped == []


def test_should_refuse_for_good_when_the_job_has_ended(api, submitted, batch, end):
    end("batch_succeeded", 0)
    status, problem, headers = api(f"POST /jobs/{submitted}/cancel")
    assert (status, problem["type"]) == (409, "urn:pulse:problem:has-ended")
    assert "SUCCEEDED" in problem["detail"]
    assert "retry-after" not in headers
    assert batch.stopped == []


def test_should_say_that_a_job_which_was_refused_was_never_submitted(api, batch, ledger):
    batch.answers = [(400, "ClientException", "JobQueue is not in VALID state")]
    api("POST /jobs", {})
    (refused,) = ledger.newest("status", "RELEASED", most=10, after=None)
    status, problem, headers = api(f"POST /jobs/{refused.job_id}/cancel")
    assert (status, problem["type"]) == (409, "urn:pulse:problem:not-submitted")
    assert "JobQueue is not in VALID state" in problem["detail"]
    assert "retry-after" not in headers
    assert batch.stopped == []


def test_should_end_the_merge_when_the_shards_are_done(api, batch, end):
    array = api("POST /jobs", {"shards": 2}).content
    end("batch_succeeded", 0)
    content = api(f"POST /jobs/{array['job_id']}/cancel").content
    assert content["job_id"] == array["follower"]["job_id"]
    assert batch.stopped[0]["jobId"] == "aws-2"


def test_should_end_the_merge_when_the_shards_are_done_and_their_event_is_still_to_come(api, batch):
    array = api("POST /jobs", {"shards": 2}).content
    batch.described = {"aws-1": {"jobId": "aws-1", "status": "SUCCEEDED"}}
    status, content, _ = api(f"POST /jobs/{array['job_id']}/cancel", {"reason": "too late"})
    assert status == 202
    assert content["job_id"] == array["follower"]["job_id"]
    assert [stopped["jobId"] for stopped in batch.stopped] == ["aws-1", "aws-2"]


@pytest.mark.parametrize("described", [{}, {"aws-1": {"jobId": "aws-1", "status": "PENDING"}}])
def test_should_leave_the_merge_to_fail_with_its_shards(api, batch, described):
    array = api("POST /jobs", {"shards": 2}).content
    batch.described = described
    content = api(f"POST /jobs/{array['job_id']}/cancel").content
    assert content["job_id"] == array["job_id"]
    assert [stopped["jobId"] for stopped in batch.stopped] == ["aws-1"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("{", 400),
        ("[]", 422),
        ("null", 422),
        ('{"reason": ""}', 422),
        ('{"reason": 1}', 422),
        ('{"why": "x"}', 422),
        ('{"reason": "' + "x" * 901 + '"}', 422),
        ('{"reason": "' + "x" * 70_000 + '"}', 413),
    ],
)
def test_should_refuse_a_body_that_it_does_not_understand(api, submitted, batch, body, status):
    answer = api(f"POST /jobs/{submitted}/cancel", body)
    assert (answer.status, answer.headers["content-type"]) == (status, "application/problem+json")
    assert batch.stopped == []


def test_should_pass_no_control_characters_on(api, submitted, batch):
    api(f"POST /jobs/{submitted}/cancel", {"reason": "a\nb\u202e" + "ü" * 890})
    (stopped,) = batch.stopped
    assert stopped["reason"].startswith(f"Cancelled through Pulse by {ANALYST}: a\\nb")
    assert stopped["reason"].isprintable()
    assert len(stopped["reason"]) <= 1024
