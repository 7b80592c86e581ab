"""Sizes from the data, quotes and limits, through submit_job's and on_job_event's real entry points."""

import json
from datetime import date, timedelta
from decimal import Decimal

import pytest
from msgspec import structs

from lambdas import on_job_event, submit_job
from lambdas.wiring import shared

DATA, RESULTS = "pulse-data", "pulse-results"
AUTO = {"vcpus": "auto", "memory_mib": "auto", "timeout_seconds": "auto"}


def csv(rows):
    days = (date(2000, 1, 1) + timedelta(days=number) for number in range(rows))
    return "timestamp,a,b\n" + "".join(f"{day},{number}.5,{number}\n" for number, day in enumerate(days))


@pytest.fixture
def post(deployed, event, context):
    def call(body, key=None, **query):
        call = event("http_post_jobs")
        call["body"] = json.dumps(body)
        call["headers"] |= {"idempotency-key": key} if key else {}
        call["queryStringParameters"] = query or None
        answer = submit_job.handler(call, context)
        return answer["statusCode"], json.loads(answer["body"])

    return call


@pytest.fixture
def end(event, sqs_event, context, batch):
    """Tells that the job of the latest SubmitJob, or of that number, has ended as a recorded event says."""

    def tell(name, answer, number=-1, **detail):
        happened = event(name)
        sent = batch.requests[number]
        happened["detail"] |= {
            "jobName": sent["jobName"],
            "jobId": answer["batch_job_id"],
            "jobQueue": sent["jobQueue"],
            **detail,
        }
        happened["detail"]["container"]["environment"] = sent["containerOverrides"]["environment"]
        told = on_job_event.handler(sqs_event(happened), context)
        assert told["batchItemFailures"] == []

    return tell


def needs(request):
    return {need["type"]: need["value"] for need in request["containerOverrides"]["resourceRequirements"]}


def test_should_size_a_job_from_its_data(post, batch, s3):
    s3.put_object(Bucket=DATA, Key="datasets/small.csv", Body=csv(1000))
    assert post({"dataset": "datasets/small.csv", **AUTO})[0] == 202
    assert needs(batch.requests[0]) == {"VCPU": "0.25", "MEMORY": "512"}
    assert batch.requests[0]["timeout"]["attemptDurationSeconds"] == 600


def test_should_size_a_job_that_names_no_data_set_from_all_of_them(post, batch, s3):
    for number in range(3):
        s3.put_object(Bucket=DATA, Key=f"datasets/{number}.csv", Body=csv(100))
    assert post({"memory_mib": "auto", "vcpus": 1})[0] == 202
    assert needs(batch.requests[0]) == {"VCPU": "1", "MEMORY": "2048"}


def test_should_size_by_the_bytes_alone_where_ids_become_variables(post, s3):
    s3.put_object(Bucket=DATA, Key="datasets/long.csv", Body=csv(1000))
    _, wide = post({"dataset": "datasets/long.csv", **AUTO}, dry_run="true")
    _, long = post({"dataset": "datasets/long.csv", "id_columns": ["b"], **AUTO}, dry_run="true")
    assert "1,000 rows x 2 columns need about" in wide["sizing"]
    assert "bytes of data need about" in long["sizing"]


def test_should_count_a_column_whose_other_cells_are_said_to_be_missing(post, s3):
    request = {"dataset": "datasets/gaps.csv", "variables": [], **AUTO}
    body = "timestamp,a,b\n" + "".join(f"2020-01-{day:02},{day},closed\n" for day in range(1, 31))
    s3.put_object(Bucket=DATA, Key="datasets/gaps.csv", Body=body + "2020-01-31,1,7\n")
    _, without = post(request, dry_run="true")
    _, told = post(request | {"missing_values": ["closed"]}, dry_run="true")
    assert "31 rows x 1 columns" in without["sizing"]
    assert "31 rows x 2 columns" in told["sizing"]


def test_should_say_that_a_data_set_is_not_there_before_it_is_sized(post, batch):
    status, problem = post({"dataset": "datasets/none.csv", **AUTO})
    assert (status, problem["errors"][0]["field"]) == (422, "dataset")
    assert "s3://pulse-data/datasets/none.csv is not there" in problem["errors"][0]["found"]
    assert batch.requests == []


def test_should_size_the_next_job_by_what_the_last_one_took(post, batch, s3, end):
    s3.put_object(Bucket=DATA, Key="datasets/hungry.csv", Body=csv(1000))
    _, first = post({"dataset": "datasets/hungry.csv"})
    metrics = {
        "variables": {"a": {}, "b": {}},
        "windows": 30,
        "peak_memory_mib": 3000,
        "cpu_seconds": 4000.0,
        "data": {"bytes": len(csv(1000)), "rows": 1000, "columns": 2},
    }
    s3.put_object(
        Bucket=RESULTS, Key=f"results/{first['job_id']}/metrics.json", Body=json.dumps(metrics).encode()
    )
    end("batch_succeeded", first)
    assert post({"dataset": "datasets/hungry.csv", **AUTO})[0] == 202
    assert int(needs(batch.requests[1])["MEMORY"]) >= 4500
    assert batch.requests[1]["timeout"]["attemptDurationSeconds"] > 10_000


def test_should_refuse_what_may_cost_more_than_the_request_allows(post, batch, table):
    status, problem = post({"max_cost_usd": "0.01"})
    assert (status, problem["errors"][0]["field"]) == (422, "max_cost_usd")
    assert batch.requests == []
    assert table.scan()["Count"] == 0
    assert post({"max_cost_usd": "1"})[0] == 202, "3 attempts of an hour, 1 vCPU and 2 GB: $0.144"


@pytest.fixture
def default_limit(monkeypatch, settings, deployed):
    defaults = structs.replace(settings.request_defaults, max_cost_usd=Decimal("0.20"))
    for name, value in structs.replace(settings, request_defaults=defaults).to_env().items():
        monkeypatch.setenv(name, value)
    shared.settings.cache_clear()


@pytest.mark.usefixtures("default_limit")
def test_should_refuse_what_may_cost_more_than_the_default_unless_the_request_says_so(post, batch, table):
    many = {"shards": 100}
    status, problem = post(many)
    (fault,) = problem["errors"]
    assert (status, fault["field"], fault["found"]) == (
        422,
        "max_cost_usd",
        "nothing, and $0.20 is the default",
    )
    assert table.scan()["Count"] == 0
    assert post({})[0] == 202
    assert post(many | {"max_cost_usd": 100})[0] == 202
    assert len(batch.requests) == 3


@pytest.mark.usefixtures("default_limit")
def test_should_answer_a_repeated_request_as_before_when_the_default_was_lowered(
    post, batch, monkeypatch, settings
):
    status, first = post({}, key="k1")
    defaults = structs.replace(settings.request_defaults, max_cost_usd=Decimal("0.01"))
    for name, value in structs.replace(settings, request_defaults=defaults).to_env().items():
        monkeypatch.setenv(name, value)
    for cached in vars(shared).values():
        if hasattr(cached, "cache_clear"):
            cached.cache_clear()
    assert post({}, key="k2")[0] == 422
    assert (status, post({}, key="k1")[1]["job_id"]) == (202, first["job_id"])


@pytest.fixture
def budget(monkeypatch, settings, deployed):
    limited = structs.replace(settings, monthly_budget_usd=Decimal("0.30"))
    for name, value in limited.to_env().items():
        monkeypatch.setenv(name, value)
    shared.settings.cache_clear()


@pytest.mark.usefixtures("budget")
def test_should_refuse_what_may_cost_more_than_is_left_of_the_months_budget(post, batch, ledger, end):
    _, first = post({})
    assert ledger.spent("2026-03") == Decimal("0.1440")
    assert post({"batch_size_days": 7})[0] == 202
    status, problem = post({"batch_size_days": 8})
    assert (status, problem["errors"][0]["field"]) == (422, "monthly_budget_usd")
    assert len(batch.requests) == 2
    end("batch_succeeded", first, number=0)
    assert ledger.spent("2026-03") < Decimal("0.15"), "it cost less than it might have"
    assert post({"batch_size_days": 8})[0] == 202


@pytest.mark.usefixtures("budget")
def test_should_leave_the_months_budget_to_others_when_batch_takes_nothing(post, batch, ledger):
    batch.answers = [(400, "ClientException", "no")] * 5
    assert {post({"batch_size_days": days})[0] for days in range(5, 10)} == {422}
    assert ledger.spent("2026-03") == 0
    assert post({})[0] == 202


def test_should_note_what_a_job_cost(post, ledger, end):
    _, first = post({})
    end("batch_succeeded", first)
    record = ledger.record(first["job_id"])
    an_hour = Decimal("0.04") + 2 * Decimal("0.004")
    assert record.cost_usd == (an_hour * round(record.ran_seconds) / 3600).quantize(Decimal("0.000001"))


def test_should_submit_a_job_that_died_of_memory_once_more_with_the_next_size_up(  # noqa: PLR0913, PLR0917 - fixtures
    post, batch, ledger, end, reruns, sqs_event, context, alerts
):
    _, first = post({"batch_size_days": 7})
    end("batch_failed_out_of_memory", first)
    end("batch_failed_out_of_memory", first)
    (alert,) = alerts()
    assert "submitted again with 1 vCPU and 4096 MiB" in alert["next_step"]
    answer = submit_job.handler(sqs_event(*reruns()), context)
    assert answer["batchItemFailures"] == []
    assert [needs(request) for request in batch.requests] == [
        {"VCPU": "1", "MEMORY": "2048"},
        {"VCPU": "1", "MEMORY": "4096"},
    ]
    second = {pair["name"]: pair["value"] for pair in batch.requests[1]["containerOverrides"]["environment"]}
    record = ledger.record(second["PULSE_JOB_ID"])
    assert (record.rerun_of, record.rerun_because) == (first["job_id"], "memory")

    end("batch_failed_out_of_memory", {"batch_job_id": "aws-2"})
    assert reruns() == [], "once is enough"
    (alert,) = alerts()
    assert "Submit it again with more memory_mib" in alert["next_step"]


@pytest.fixture
def refused(post, end, reruns, sqs_event, context, alerts):  # noqa: PLR0913, PLR0917 - fixtures
    """Has a job die of memory and its rerun asked for twice; the alert of that."""

    def rerun(request, change=lambda: None):
        _, first = post({"batch_size_days": 7, **request})
        end("batch_failed_out_of_memory", first)
        assert [alert["kind"] for alert in alerts()] == ["FAILED"]
        asked = reruns()
        change()
        for _ in range(2):
            assert submit_job.handler(sqs_event(*asked), context)["batchItemFailures"] == []
        (alert,) = alerts()
        assert (alert["kind"], alert["job_id"]) == ("REJECTED", first["job_id"])
        assert alert["headline"].endswith(" was not submitted again")
        assert alert["commands"][0]["line"] == (
            f"pulse rerun {first['job_id']} --set vcpus=1 --set memory_mib=4096"
        )
        return alert

    return rerun


def test_should_tell_when_a_rerun_with_more_memory_may_cost_too_much(refused):
    alert = refused({"max_cost_usd": 0.152})
    assert "max_cost_usd: allowed is at least $" in alert["reason"]
    assert "--set max_cost_usd=AMOUNT" in alert["next_step"]


def test_should_tell_when_aws_batch_refuses_a_rerun_with_more_memory(refused, batch):
    answers = [(400, "ClientException", "the queue is disabled")] * 2
    alert = refused({}, lambda: batch.answers.extend(answers))
    assert "the queue is disabled" in alert["reason"]


def test_should_tell_when_the_configuration_allows_no_rerun_any_more(refused, settings, monkeypatch):
    def deploy():
        monkeypatch.setenv(
            "PULSE_PROFILES", structs.replace(settings, profiles={}).to_env()["PULSE_PROFILES"]
        )
        for cached in (shared.settings, shared.catalogue, shared.submit_job, shared.rerun_job):
            cached.cache_clear()

    assert "profile" in refused({}, deploy)["reason"]


def test_should_tell_nobody_of_a_refused_rerun_who_wants_to_hear_of_no_failure(  # noqa: PLR0913, PLR0917 - fixtures
    post, end, reruns, sqs_event, context, batch, alerts
):
    _, quiet = post({"alerts": {"kinds": ["SUCCEEDED"]}})
    end("batch_failed_out_of_memory", quiet)
    batch.answers = [(400, "ClientException", "no")]
    submit_job.handler(sqs_event(*reruns()), context)
    assert alerts() == []


def test_should_not_rerun_what_failed_for_another_reason(post, end, reruns):
    _, first = post({})
    end("batch_failed_exit_code", first)
    assert reruns() == []


def test_should_tell_only_of_the_outcomes_that_were_asked_for(post, end, alerts):
    _, quiet = post({"alerts": {"kinds": ["SUCCEEDED"], "channels": ["slack"]}})
    end("batch_failed_exit_code", quiet)
    assert alerts() == []
    _, loud = post({"alerts": {"kinds": ["FAILED"], "channels": ["slack"]}})
    end("batch_failed_exit_code", loud)
    (alert,) = alerts()
    assert alert["muted"] == ["email"]
