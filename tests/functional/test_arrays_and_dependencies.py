"""Requests that become several AWS Batch jobs, or wait for others, through submit_job's real entry point."""

import json

import pytest
from botocore.exceptions import ReadTimeoutError

from lambdas import on_job_event, submit_job

pytestmark = pytest.mark.usefixtures("deployed")

THROTTLED = (429, "TooManyRequestsException", "slow down")


@pytest.fixture
def post(event, context):
    def call(body, key=None):
        call = event("http_post_jobs")
        call["body"] = json.dumps(body)
        call["headers"] |= {"idempotency-key": key} if key else {}
        answer = submit_job.handler(call, context)
        return answer["statusCode"], json.loads(answer["body"])

    return call


def options(request):
    return request["containerOverrides"]["command"]


def test_should_split_the_windows_across_children_and_merge_them(post, batch, ledger):
    status, answer = post({"shards": 4, "dataset": "datasets/a.csv"})
    children, merge = batch.requests
    assert status == 202
    assert children["arrayProperties"] == {"size": 4}
    assert options(children)[-1] == "--shards=4"
    assert "arrayProperties" not in merge
    assert merge["dependsOn"] == [{"jobId": "aws-1"}]
    assert options(merge)[-2:] == ["--merge-shards=4", f"--results-of={answer['job_id']}"]
    assert options(merge)[:-2] == options(children)[:-1]
    assert (merge["jobName"], children["jobName"] + "-merge") == (children["jobName"] + "-merge",) * 2

    array, follower = ledger.record(answer["job_id"]), ledger.record(f"{answer['job_id']}-merge")
    assert (array.array_size, array.follower, array.batch_job_id) == (4, follower.job_id, "aws-1")
    assert (follower.follows, follower.batch_job_id) == (array.job_id, "aws-2")
    assert (array.results_id, follower.results_id) == (array.job_id,) * 2


def test_should_give_each_combination_of_a_sweep_a_child_and_rank_them(post, batch):
    sweep = {"batch_size_days": [7, 30], "end_date": ["2020-01-01", "2021-01-01", "2022-01-01"]}
    _, answer = post({"sweep": sweep})
    children, rank = batch.requests
    assert children["arrayProperties"] == {"size": 6}
    option, _, value = options(children)[-1].partition("=")
    assert (option, json.loads(value)) == ("--sweep", sweep)
    assert options(rank)[-2:] == [f"--summarize-sweep={value}", f"--results-of={answer['job_id']}"]


@pytest.mark.parametrize("lost", [0, 1])
def test_should_submit_each_step_once_when_an_answer_is_lost(post, batch, clock, lost):
    """The array's, or its merge's: each is looked up by its own name."""
    batch.answers = [{"jobId": "aws-1"}, {"jobId": "aws-2"}]
    batch.answers[lost] = ReadTimeoutError(endpoint_url="https://batch")
    assert post({"shards": 2}, "k")[0] == 503
    batch.listed = {batch.requests[lost]["jobName"]: "aws-lost"}
    clock.forward(seconds=121)
    status, answer = post({"shards": 2}, "k")
    assert status == 202
    assert answer["batch_job_id"] == ["aws-lost", "aws-1"][lost]
    assert len(batch.requests) == 2
    assert batch.requests[1]["dependsOn"] == [{"jobId": answer["batch_job_id"]}]
    assert post({"shards": 2}, "k") == (status, answer)
    assert len(batch.requests) == 2


def test_should_submit_the_merge_on_the_next_call_when_it_was_throttled(post, batch):
    batch.answers = [{"jobId": "aws-1"}, *[THROTTLED] * 5]
    assert post({"shards": 2}, "k")[0] == 503
    assert post({"shards": 2}, "k")[0] == 202
    assert [request["jobName"].endswith("-merge") for request in batch.requests].count(False) == 1


def test_should_wait_for_the_jobs_it_depends_on(post, batch):
    _, first = post({})
    _, sharded = post({"shards": 2})
    status, _ = post(
        {
            "sweep": {"batch_size_days": [7, 30]},
            "depends_on": [
                first["job_id"],
                {"job_id": sharded["job_id"], "type": "N_TO_N"},
                {"type": "SEQUENTIAL"},
                sharded["job_id"],
            ],
        }
    )
    assert status == 202
    assert batch.requests[3]["dependsOn"] == [
        {"jobId": first["batch_job_id"]},
        {"jobId": sharded["batch_job_id"], "type": "N_TO_N"},
        {"type": "SEQUENTIAL"},
        {"jobId": sharded["follower"]["batch_job_id"]},
    ]


def test_should_say_of_every_dependency_why_it_cannot_be_waited_for(post, batch, event, sqs_event, context):
    _, sharded = post({"shards": 3})
    _, failed = post({})
    happened = event("batch_failed_exit_code")
    sent = batch.requests[-1]
    happened["detail"] |= {"jobName": sent["jobName"], "jobId": failed["batch_job_id"]}
    happened["detail"]["container"]["environment"] = sent["containerOverrides"]["environment"]
    on_job_event.handler(sqs_event(happened), context)

    status, problem = post(
        {
            "shards": 2,
            "depends_on": [
                "batch-unknown",
                failed["job_id"],
                {"job_id": sharded["job_id"], "type": "N_TO_N"},
            ],
        }
    )
    assert status == 422
    assert [(error["field"], error["found"]) for error in problem["errors"]] == [
        ("depends_on[0]", "'batch-unknown'"),
        ("depends_on[1]", f"{failed['job_id']}, which is FAILED"),
        ("depends_on[2]", f"{sharded['job_id']} with 3"),
    ]


def test_should_not_wait_for_what_was_never_submitted(post, batch, ledger):
    batch.answers = [(400, "ClientException", "JobQueue is not in VALID state")]
    post({"shards": 2})
    refused = [r for r in ledger.newest("status", "RELEASED", most=10, after=None) if not r.follows]
    status, problem = post({"depends_on": [refused[0].job_id]})
    (error,) = problem["errors"]
    assert (status, error["field"]) == (422, "depends_on[0]")
    assert "which was not: AWS Batch refused the job" in error["found"]


def test_should_not_wait_for_what_has_ended_well(post, batch, event, sqs_event, context):
    _, first = post({})
    happened = event("batch_succeeded")
    sent = batch.requests[-1]
    happened["detail"] |= {"jobName": sent["jobName"], "jobId": first["batch_job_id"]}
    happened["detail"]["container"]["environment"] = sent["containerOverrides"]["environment"]
    on_job_event.handler(sqs_event(happened), context)
    assert post({"depends_on": [first["job_id"]]})[0] == 202
    assert "dependsOn" not in batch.requests[-1]


def test_should_ask_again_when_the_job_it_depends_on_is_being_submitted(post, batch):
    batch.answers = [ReadTimeoutError(endpoint_url="https://batch")]
    post({}, "first")
    (name,) = [pair["value"] for pair in batch.requests[0]["containerOverrides"]["environment"]][-1:]
    status, problem = post({"depends_on": [name]})
    assert status in {409, 503}
    assert name in problem["detail"]


def test_should_give_a_repeated_request_its_first_answer_whatever_became_of_its_dependencies(
    post, batch, event, sqs_event, context
):
    _, first = post({})
    body = {"depends_on": [first["job_id"]]}
    answer = post(body, "k")
    happened = event("batch_failed_exit_code")
    sent = batch.requests[0]
    happened["detail"] |= {"jobName": sent["jobName"], "jobId": first["batch_job_id"]}
    happened["detail"]["container"]["environment"] = sent["containerOverrides"]["environment"]
    on_job_event.handler(sqs_event(happened), context)
    assert post(body, "k") == answer
    assert post(body, "other")[0] == 422


def test_should_refuse_arrays_that_are_too_large_for_a_request(post, batch):
    names = [f"{'x' * 100}{number}" for number in range(200)]
    status, problem = post({"sweep": {"variables": [names, names[:100]]}})
    assert (status, [error["field"] for error in problem["errors"]]) == (422, ["sweep"])
    assert batch.requests == []
