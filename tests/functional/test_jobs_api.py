"""POST /jobs through submit_job's real entry point."""

import base64
import json
import random
import time
from datetime import date, timedelta

import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from lambdas import on_job_event, submit_job
from lambdas.common import http_input
from pulse.aws.ledger.ledger import Ledger
from pulse.domain.errors import Misconfigured, Unavailable

pytestmark = pytest.mark.usefixtures("deployed")


@pytest.fixture
def post(event, context):
    """Posts a body (anything JSON, or text as it is) and returns status, content and headers."""

    def call(body, headers=None, query=None, base64_encoded=False):
        call = event("http_post_jobs")
        call["body"] = body if isinstance(body, str) or body is None else json.dumps(body)
        call["isBase64Encoded"] = base64_encoded
        call["headers"] |= headers or {}
        if query:
            call["queryStringParameters"] = query
        answer = submit_job.handler(call, context)
        headers = {name.lower(): value for name, value in answer["headers"].items()}
        return answer["statusCode"], json.loads(answer["body"]), headers

    return call


def test_should_answer_with_the_job_when_a_request_is_posted(event, context, batch):
    answer = submit_job.handler(event("http_post_jobs"), context)
    assert answer["statusCode"] == 202
    content = json.loads(answer["body"])
    job_id = content["job_id"]
    assert content == {
        "job_id": job_id,
        "batch_job_id": "aws-1",
        "job_name": f"pulse-retrodiction-{job_id.removeprefix('batch-')}",
        "status": "SUBMITTED",
        "created_at": "2026-03-02T09:30:00Z",
        "results": f"s3://pulse-results/results/{job_id}/",
        "idempotency_expires_at": "2026-03-02T09:40:00Z",
    }
    assert batch.requests[0]["containerOverrides"]["command"] == [
        *("python", "-m", "recursive_training.run_training"),
        *("--variables", "spx_close", "wti_spot"),
        *("--batch-size-days", "30", "--start-date", "2022-01-01"),
        *("--s3-data-bucket", "pulse-data", "--s3-results-bucket", "pulse-results"),
        *("--dataset-key", "datasets/market_daily.csv"),
    ]
    assert {"name": "PULSE_JOB_ID", "value": job_id} in batch.requests[0]["containerOverrides"]["environment"]


def test_should_answer_the_plan_and_submit_nothing_when_it_is_a_dry_run(event, context, batch, table):
    answer = submit_job.handler(event("http_post_jobs_dry_run_base64"), context)
    assert answer["statusCode"] == 200
    (plan,) = json.loads(answer["body"])["plan"]
    assert plan["timeout"] == {"attemptDurationSeconds": 3600}
    assert plan["retryStrategy"]["attempts"] == 3
    assert batch.requests == []
    assert table.scan()["Count"] == 0


def test_should_send_what_a_dry_run_showed(post, batch):
    _, shown, _ = post({"vcpus": 2, "memory_mib": 8192}, query={"dry_run": "true"})
    post({"vcpus": 2, "memory_mib": 8192})
    (sent,) = batch.requests

    def without_id(parameters):
        overrides = parameters["containerOverrides"]
        environment = [pair for pair in overrides["environment"] if pair["name"] != "PULSE_JOB_ID"]
        return parameters | {"jobName": "", "containerOverrides": overrides | {"environment": environment}}

    assert [without_id(step) for step in shown["plan"]] == [without_id(sent)]


def test_should_report_every_fault_at_once(post, batch):
    status, problem, headers = post(
        {
            "dataset": "other/x.csv",
            "variables": ["ok", "--s3-results-bucket"],
            "start_date": "2022-13-01",
            "batch_size_days": 0,
            "log_level": "LOUD",
            "profile": "huge",
            "queue": "mine",
            "attempts": "3",
            "tags": {"AWS:x": "1", "Owner": "a\nb"},
            "colour": "red",
        }
    )
    assert status == 422
    assert headers["content-type"] == "application/problem+json"
    assert problem["type"] == "urn:pulse:problem:invalid-request"
    fields = {error["field"] for error in problem["errors"]}
    assert fields == {
        *("dataset", "variables[1]", "start_date", "batch_size_days", "log_level", "profile", "queue"),
        *("attempts", "tags.AWS:x", "tags.Owner", "colour"),
    }
    assert {"field": "profile", "allowed": "one of small", "found": "'huge'"} in problem["errors"]
    assert batch.requests == []


def test_should_refuse_a_field_that_is_named_twice_with_both_values(post, batch):
    body = '{"profile": "small",\n"sweep": {"batch_size_days": [7, 30], "batch_size_days": [14]}}'
    status, problem, _ = post(body)
    assert (status, problem["type"]) == (422, "urn:pulse:problem:invalid-request")
    assert problem["errors"] == [
        {
            "field": "sweep.batch_size_days",
            "allowed": "each field once",
            "found": "[7, 30] and then [14] on line 2",
        }
    ]
    assert batch.requests == []


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_should_read_a_body_in_another_unicode_encoding(post, batch, encoding):
    body = base64.b64encode('{"variables": ["wti_spot"]}'.encode(encoding)).decode()
    status, _, _ = post(body, base64_encoded=True)
    assert status == 202
    assert batch.requests[0]["containerOverrides"]["command"][3:5] == ["--variables", "wti_spot"]


def test_should_refuse_thirty_thousand_values_of_a_sweep_at_once(post):
    began = time.perf_counter()
    status, problem, _ = post('{"sweep":{"batch_size_days":[' + ",".join("7" * 30_000) + "]}}")
    assert time.perf_counter() - began < 5
    assert (status, [error["found"] for error in problem["errors"]]) == (422, ["30,000 values"])


def test_should_submit_the_same_job_only_where_the_data_is_read_the_same(post, batch):
    for missing in ([-999], [-999], ["-999"], [-999, "NA"]):
        post({"missing_values": missing})
    post({"missing_values": [-999], "id_columns": ["store"]})
    words = [request["containerOverrides"]["command"][6:] for request in batch.requests]
    assert [line[0] for line in words] == [
        "--missing-values=[-999]",
        '--missing-values=["-999"]',
        '--missing-values=[-999,"NA"]',
        "--missing-values=[-999]",
    ]
    assert words[3][1:3] == ["--id-columns", "store"]


DAYS_OF_100 = [str(date(2020, 1, 1) + timedelta(days=number)) for number in range(100)]


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"vcpus": 4, "memory_mib": 4096}, {"memory_mib"}),
        ({"vcpus": 3}, {"vcpus"}),
        ({"queue": "fair"}, {"share_identifier"}),
        ({"share_identifier": "team1"}, {"share_identifier"}),
        ({"start_date": "2022-02-01", "end_date": "2022-01-01"}, {"end_date"}),
        ({"dataset_version_id": "abc"}, {"dataset"}),
        ({"dataset": "datasets/" + "ü" * 600}, {"dataset"}),
        ({"dataset": "datasets/"}, {"dataset"}),
        ({"scheduling_priority": 5}, {"scheduling_priority"}),
        ({"shards": 4, "sweep": {"batch_size_days": [7, 30]}}, {"sweep"}),
        ({"sweep": {"batch_size_days": [7, 30, 7]}}, {"sweep.batch_size_days[2]"}),
        ({"sweep": {"batch_size_days": list(range(1, 102)), "end_date": DAYS_OF_100}}, {"sweep"}),
        ({"depends_on": [{"job_id": "batch-1", "type": "N_TO_N"}]}, {"depends_on[0].type"}),
        ({"max_cost_usd": 0}, {"max_cost_usd"}),
        ({"gpus": 1}, {"gpus"}),
        ({"vcpus": "auto", "memory_mib": 1000}, {"memory_mib"}),
        ({"timeout_seconds": 59}, {"timeout_seconds"}),
        ({"tags": {f"k{i}": "v" for i in range(50)}}, {"tags"}),
        ({"attempts": 10**400}, {"attempts"}),
        ({"missing_values": [10**400]}, {"missing_values[0]"}),
        ({"id_columns": ["a", "a"]}, {"id_columns[1]"}),
    ],
)
def test_should_refuse_what_aws_batch_or_the_training_would_refuse(post, body, fields):
    status, problem, _ = post(body)
    assert (status, {error["field"] for error in problem["errors"]}) == (422, fields)


def test_should_submit_to_the_fair_share_queue_with_its_share(post, batch):
    assert post({"queue": "fair", "share_identifier": "team1"})[0] == 202
    assert batch.requests[0]["shareIdentifier"] == "team1"


def test_should_show_hostile_values_escaped_and_cut(post):
    _, problem, _ = post({"profile": "<script>\n\u202e" + "x" * 500})
    (found,) = [error["found"] for error in problem["errors"] if error["field"] == "profile"]
    assert len(found) <= 80
    assert "\n" not in found
    assert "\u202e" not in found


@pytest.mark.parametrize(
    "key", ['"8e03978e-40d5-43e8-bc93-6894a57f9324"', "8e03978e-40d5-43e8-bc93-6894a57f9324"]
)
def test_should_give_the_first_answer_again_when_the_idempotency_key_is_the_same(post, batch, clock, key):
    _, first, _ = post({"profile": "small"}, {"idempotency-key": '"8e03978e-40d5-43e8-bc93-6894a57f9324"'})
    clock.forward(days=3)
    status, second, _ = post({"profile": "small"}, {"idempotency-key": key})
    assert (status, second) == (202, first)
    assert len(batch.requests) == 1


def test_should_refuse_when_the_idempotency_key_comes_with_another_payload(post, batch):
    post({"profile": "small"}, {"idempotency-key": "k"})
    status, problem, _ = post({"profile": "small", "attempts": 2}, {"idempotency-key": "k"})
    assert status == 422
    assert problem["type"] == "urn:pulse:problem:idempotency-conflict"
    assert len(batch.requests) == 1


@pytest.mark.parametrize("key", ["", '"open', "two words", "ü", "x" * 256, '""'])
def test_should_refuse_an_idempotency_key_that_is_none(post, key):
    status, problem, _ = post({}, {"idempotency-key": key})
    assert status == 400
    assert problem["errors"][0]["field"] == "Idempotency-Key"


def test_should_take_the_same_body_for_the_same_request_within_the_window(post, batch, clock):
    first = post({"attempts": 2})[1]
    clock.forward(seconds=599)
    assert post({"attempts": 2})[1] == first
    clock.forward(seconds=2)
    assert post({"attempts": 2})[1] != first
    assert len(batch.requests) == 2


def test_should_submit_the_same_body_again_when_forced(post, batch):
    assert post({})[1] != post({}, query={"force": "true"})[1]
    assert len(batch.requests) == 2


def test_should_refuse_to_force_what_has_an_idempotency_key(post, batch):
    status, problem, _ = post({}, {"idempotency-key": "k"}, {"force": "true"})
    assert (status, problem["errors"][0]["field"]) == (400, "force")
    assert batch.requests == []
    assert post({}, {"idempotency-key": "k"}, {"force": "false"})[0] == 202


@pytest.mark.parametrize(
    ("other", "jobs"),
    [
        ("arn:aws:sts::123456789012:assumed-role/ci/run-2", 1),
        ("arn:aws:sts::123456789012:assumed-role/other/run-1", 2),
        ("arn:aws:sts::210987654321:assumed-role/ci/run-1", 2),
        ("arn:aws:iam::123456789012:user/ci/run-1", 2),
    ],
)
def test_should_take_all_sessions_of_a_role_for_one_caller(event, context, batch, other, jobs):
    for caller in ("arn:aws:sts::123456789012:assumed-role/ci/run-1", other):
        call = event("http_post_jobs")
        call["requestContext"]["authorizer"]["iam"]["userArn"] = caller
        call["headers"]["idempotency-key"] = "k"
        submit_job.handler(call, context)
    assert len(batch.requests) == jobs


@pytest.mark.parametrize("user", ["arn:aws:iam::123456789012:user/team/a", ""])
def test_should_leave_another_kind_of_caller_as_it_is(event, user):
    call = event("http_post_jobs")
    call["requestContext"]["authorizer"]["iam"]["userArn"] = user
    assert http_input.caller(call) == user


def test_should_give_another_caller_a_job_of_its_own(event, context, batch):
    mine, theirs = event("http_post_jobs"), event("http_post_jobs")
    theirs["requestContext"]["authorizer"]["iam"]["userArn"] += "-of-another-desk"
    for call in (mine, theirs):
        call["headers"]["idempotency-key"] = "k"
    jobs = {json.loads(submit_job.handler(call, context)["body"])["job_id"] for call in (mine, theirs, mine)}
    assert len(jobs) == len(batch.requests) == 2


def test_should_submit_a_job_whose_answer_was_lost_only_when_batch_does_not_list_it_in_time(
    post, batch, clock
):
    batch.answers = [ReadTimeoutError(endpoint_url="https://batch")]
    status, problem, headers = post({}, {"idempotency-key": "k"})
    assert (status, problem["type"], headers["retry-after"]) == (503, "urn:pulse:problem:try-again", "60")
    status, problem, headers = post({}, {"idempotency-key": "k"})
    assert (status, problem["type"], headers["retry-after"]) == (409, "urn:pulse:problem:in-flight", "60")
    clock.forward(seconds=70)
    status, problem, headers = post({}, {"idempotency-key": "k"})
    assert (status, headers["retry-after"]) == (503, "50")
    assert len(batch.requests) == 1
    clock.forward(seconds=50)
    status, content, _ = post({}, {"idempotency-key": "k"})
    assert (status, content["batch_job_id"]) == (202, "aws-2")
    assert batch.requests[0] == batch.requests[1], "exactly as it was planned"


def test_should_leave_it_to_a_person_when_the_outcome_is_not_known_any_more(post, batch, clock):
    batch.answers = [(500, "InternalServerError", "?")]
    assert post({}, {"idempotency-key": "k"})[0] == 503
    clock.forward(days=7)
    status, problem, _ = post({}, {"idempotency-key": "k"})
    assert (status, problem["type"]) == (409, "urn:pulse:problem:forgotten")
    assert len(batch.requests) == 1


@pytest.mark.parametrize("seconds", [0, 61, 3600])
def test_should_adopt_a_job_whose_answer_was_lost_when_batch_lists_it(post, batch, clock, seconds):
    batch.answers = [ReadTimeoutError(endpoint_url="https://batch")]
    if seconds:
        assert post({}, {"idempotency-key": "k"})[0] == 503
    else:
        batch.listed = Everything("aws-lost")
    clock.forward(seconds=seconds)
    batch.listed = Everything("aws-lost")
    status, content, _ = post({}, {"idempotency-key": "k"})
    assert (status, content["batch_job_id"]) == (202, "aws-lost")
    assert post({}, {"idempotency-key": "k"})[1] == content
    assert len(batch.requests) == 1


class Everything(dict):
    """Lists one job under whatever name it is looked for."""

    def __init__(self, job_id):
        super().__init__()
        self.job_id = job_id

    def __contains__(self, name):
        return True

    def __missing__(self, name):
        return self.job_id


@pytest.mark.parametrize(
    "not_taken",
    [(429, "TooManyRequestsException", "slow down"), EndpointConnectionError(endpoint_url="https://batch")],
    ids=["throttled", "not connected"],
)
def test_should_try_again_at_once_when_batch_surely_did_not_take_the_job(post, batch, not_taken):
    batch.answers = [not_taken] * 3
    assert post({})[0] == 202
    assert len(batch.requests) == 4
    assert batch.requests[0] == batch.requests[3]


def test_should_submit_on_the_next_call_when_batch_was_throttled_for_long(post, batch):
    batch.answers = [(429, "TooManyRequestsException", "slow down")] * 5
    status, _, headers = post({}, {"idempotency-key": "k"})
    assert (status, headers["retry-after"]) == (503, "1")
    assert post({}, {"idempotency-key": "k"})[0] == 202
    assert len(batch.requests) == 6
    assert batch.requests[0] == batch.requests[5]


def test_should_tell_why_when_batch_refuses(post, batch):
    batch.answers = [(400, "ClientException", "JobQueue is not in VALID state")]
    status, problem, _ = post({})
    assert (status, problem["type"]) == (422, "urn:pulse:problem:refused-by-batch")
    assert "JobQueue is not in VALID state" in problem["detail"]


def test_should_log_a_short_reason_however_long_the_input_is(post, log_lines, batch):
    batch.answers = [(403, "AccessDeniedException", "no " * 5000)]
    post({})
    assert max(len(line.get("reason", "")) for line in log_lines()) == 1000


def test_should_hide_our_own_faults_when_a_permission_is_missing(post, batch, log_lines):
    batch.answers = [(403, "AccessDeniedException", "User: arn:aws:sts::123456789012:role is not authorized")]
    status, problem, _ = post({})
    assert status == 500
    assert "arn:" not in json.dumps(problem)
    assert any("not authorized" in line.get("reason", "") for line in log_lines())


@pytest.mark.parametrize(
    ("body", "encoded", "status"),
    [
        (None, False, 400),
        ("", False, 400),
        ("{", False, 400),
        ("nonsense", False, 400),
        ("[" * 60_000, False, 400),
        ('{"a":' * 10_000, False, 400),
        ('"\\ud800"', False, 400),
        ("NaN", False, 400),
        ("%%%", True, 400),
        ("ü", True, 400),
        (base64.b64encode(b"\xff\xfe{}").decode(), True, 400),
        (base64.b64encode(b'{"profile":"small"}').decode(), True, 202),
        ("[]", False, 422),
        ("null", False, 422),
        ('"text"', False, 422),
        ("{}" + " " * 70_000, False, 413),
        ('{"variables":[' + ",".join('"-x"' for _ in range(9_000)) + "]}", False, 422),
        (json.dumps({f"k{i}": 1 for i in range(5_000)}), False, 422),
        ('{"tags":{"a":"' + "x" * 60_000 + '"}}', False, 422),
    ],
)
def test_should_never_answer_5xx_whatever_the_body(post, body, encoded, status):
    answered, content, headers = post(body, base64_encoded=encoded)
    assert answered == status
    if status != 202:
        assert headers["content-type"] == "application/problem+json"
        assert content["status"] == status
        assert len(content.get("errors", [])) <= 100


def test_should_never_answer_5xx_to_random_json(post):
    rng = random.Random(7)  # noqa: S311 - the same values each time, on purpose
    names = (
        "dataset",
        "variables",
        "start_date",
        "vcpus",
        "memory_mib",
        "tags",
        "queue",
        "use_dask",
        "profile",
    )
    values = (
        None,
        True,
        -1,
        2.5,
        1e308,
        10**30,
        "",
        "x",
        [],
        ["a"],
        [[]],
        {},
        {"a": {}},
        {"": ""},
        "2022-01-01",
    )
    for _ in range(300):
        body = {name: rng.choice(values) for name in rng.sample(names, 3)}
        status, content, _ = post(body, query={"dry_run": "true"})
        assert status in (200, 422), (body, content)


def test_should_refuse_an_unknown_value_of_a_flag(post):
    status, problem, _ = post({}, query={"dry_run": "yes"})
    assert (status, problem["errors"][0]["field"]) == (400, "dry_run")


def test_should_answer_not_found_as_a_problem_when_the_route_is_unknown(event, context):
    other = event("http_post_jobs")
    other["routeKey"] = "POST /nothing"
    answer = submit_job.handler(other, context)
    assert answer["statusCode"] == 404
    assert json.loads(answer["body"])["status"] == 404


def test_should_answer_a_problem_when_the_ledger_is_out_of_reach(post, table, batch):
    table.delete()
    status, problem, _ = post({})
    assert (status, problem["title"]) == (500, "Pulse failed")
    assert batch.requests == []


def test_should_answer_after_a_lost_answer_once_the_jobs_first_event_came(  # noqa: PLR0913, PLR0917 - fixtures
    post, batch, clock, event, sqs_event, context
):
    batch.answers = [ReadTimeoutError(endpoint_url="https://batch")]
    post({}, {"idempotency-key": "k"})
    (sent,) = batch.requests
    running = event("batch_running")
    running["detail"] |= {"jobName": sent["jobName"], "container": sent["containerOverrides"]}
    on_job_event.handler(sqs_event(running), context)
    clock.forward(hours=1)
    status, content, _ = post({}, {"idempotency-key": "k"})
    assert (status, content["batch_job_id"]) == (202, running["detail"]["jobId"])
    assert content["job_name"] == sent["jobName"]
    assert len(batch.requests) == 1


@pytest.mark.parametrize("error", [Unavailable("DynamoDB is away"), Misconfigured("not allowed: UpdateItem")])
def test_should_answer_with_the_job_when_only_the_note_in_the_ledger_fails(
    post, batch, monkeypatch, log_lines, error
):
    def fail(self, job_id, batch_job_id):
        raise error

    monkeypatch.setattr(Ledger, "settle", fail)
    status, content, _ = post({})
    assert (status, content["batch_job_id"]) == (202, "aws-1")
    (line,) = [line for line in log_lines() if line["level"] == "ERROR"]
    assert (line["reason"], line["batch_job_id"]) == (str(error), "aws-1")


def test_should_count_what_was_submitted(post, capsys):
    post({})
    documents = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (metrics,) = [document for document in documents if "_aws" in document]
    assert (metrics["Submitted"], metrics["Calls"]) == ([1.0], [1.0])


@pytest.mark.parametrize("levels", [101, 500, 980, 5_000])
@pytest.mark.parametrize("field", ["dataset", "tags"])
def test_should_refuse_a_body_of_too_many_levels(post, batch, field, levels):
    status, content, _ = post(f'{{"{field}": {"[" * levels}{"]" * levels}}}')
    assert (status, content["status"]) == (400, 400)
    assert "it has more than 100 levels" in json.dumps(content)
    assert batch.requests == []
