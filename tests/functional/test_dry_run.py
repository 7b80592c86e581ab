"""POST /jobs?dry_run=true: the exact SubmitJob parameters, the quote, and what would be refused."""

import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import boto3
import pytest
from botocore.validate import ParamValidator
from msgspec import structs

from lambdas import on_job_event
from pulse.domain.catalogue.catalogue import Queue
from pulse.domain.request.profile import Profile
from tests.functional.api import Api
from tests.functional.jobs import REQUESTED, earlier_run, told

ROOT = Path(__file__).parents[2]
SAMPLES = sorted((ROOT / "samples" / "requests").glob("*.json"))
DATA = "pulse-data"


@pytest.fixture
def settings(settings):
    """With the profiles and queues that the sample requests name."""
    small = settings.profiles["small"]
    fifo, fair = settings.queues["fifo"], settings.queues["fair"]
    return structs.replace(
        settings,
        queues={
            "fifo": Queue(arn=fifo.arn, spot=True),
            "pulse-retrodiction-fair-queue": Queue(arn=fair.arn, fair_share=True, spot=True),
        },
        profiles={
            "small": small,
            "large": structs.replace(small, vcpus=8, memory_mib=32768),
            "auto": Profile(vcpus="auto", memory_mib="auto", timeout_seconds="auto", queue="fifo"),
        },
    )


@pytest.fixture
def api(deployed, context, s3) -> Api:
    s3.put_object(
        Bucket=DATA,
        Key="datasets/market_daily.csv",
        Body=(ROOT / "samples" / "market_daily.csv").read_bytes(),
    )
    return Api(context)


@pytest.fixture
def plan(api):
    def of(body, **headers):
        status, content, _ = api("POST /jobs", body, headers=headers, dry_run="true")
        assert status == 200, content
        return content

    return of


@pytest.fixture(scope="module")
def botocores_faults():
    """What botocore finds wrong with the parameters of a SubmitJob."""
    model = boto3.Session("x", "x", region_name="us-east-1").client("batch").meta.service_model
    shape = model.operation_model("SubmitJob").input_shape
    return lambda parameters: ParamValidator().validate(parameters, shape).generate_report()


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda file: file.stem)
def test_should_print_for_a_sample_request_what_botocore_accepts(
    plan, sample, botocores_faults, batch, table
):
    content = plan(json.loads(sample.read_text()))
    assert content["plan"]
    assert [botocores_faults(parameters) for parameters in content["plan"]] == [""] * len(content["plan"])
    assert content["refusals"] == []
    assert batch.requests == []
    assert table.scan()["Count"] == 0


def test_should_check_with_a_validator_that_finds_faults(botocores_faults):
    assert "jobQueue" in botocores_faults({"jobName": "n", "jobDefinition": "d"})


@pytest.mark.parametrize(
    "request_",
    [{}, {"shards": 3}, {"sweep": {"batch_size_days": [7, 30]}}, {"depends_on": ["EARLIER"]}],
    ids=["one", "shards", "sweep", "dependent"],
)
def test_should_show_what_is_then_sent(api, plan, batch, request_):
    earlier = api("POST /jobs", {"attempts": 9}).content["job_id"]
    body = json.loads(json.dumps(request_).replace("EARLIER", earlier))
    batch.requests.clear()

    shown = plan(body)["plan"]
    api("POST /jobs", body)

    def without_ids(parameters):
        text = json.dumps({**parameters, "jobName": "", "dependsOn": len(parameters.get("dependsOn", []))})
        ids = {
            pair["value"]
            for pair in parameters["containerOverrides"]["environment"]
            if "batch-" in pair["value"]
        }
        for job_id in sorted(
            ids | {job_id.removesuffix("-merge").removesuffix("-rank") for job_id in ids}, reverse=True
        ):
            text = text.replace(job_id, "ID")
        return text

    assert [without_ids(parameters) for parameters in shown] == [without_ids(sent) for sent in batch.requests]


def test_should_show_the_dependency_of_a_follower_by_the_name_of_its_array(plan):
    array, merge = plan({"shards": 3})["plan"]
    assert merge["dependsOn"] == [{"jobId": f"<jobId of {array['jobName']}>"}]


def test_should_say_why_a_job_gets_its_size(plan):
    told = plan({"profile": "auto", "dataset": "datasets/market_daily.csv"})
    assert "8,313 rows" in told["sizing"]
    assert plan({"profile": "small"})["sizing"] is None


def test_should_quote_with_the_date_and_the_source_of_the_prices(plan, settings):
    quote = plan({})["quote"]
    amounts = [Decimal(quote[f"{name}_usd"]) for name in ("low", "likely", "high")]
    assert amounts == sorted(amounts)
    assert amounts[0] > 0
    assert quote["currency"] == "USD"
    assert quote["as_of"] == settings.prices.as_of.isoformat()
    assert (quote["region"], quote["source"]) == (settings.prices.region, settings.prices.source)
    assert "Fargate Spot" in quote["why"]


def test_should_know_no_wait_without_earlier_runs(plan):
    assert plan({})["expected_wait_seconds"] is None


@pytest.mark.parametrize("runs", [2, 3])
def test_should_tell_the_wait_of_the_queue_that_was_asked_for_by_three_runs_in_it(plan, ledger, runs):
    for number in range(3):
        earlier_run(ledger, number, ran_seconds=600)
    fair = {"queue": "pulse-retrodiction-fair-queue", "share_identifier": "team1"}
    assert plan({})["expected_wait_seconds"] == 30
    assert plan(fair)["expected_wait_seconds"] is None
    for number in range(runs):
        started_at = REQUESTED - timedelta(days=1) + timedelta(seconds=90)
        earlier_run(ledger, 10 + number, ran_seconds=600, queue=fair["queue"], started_at=started_at)
    assert plan(fair)["expected_wait_seconds"] == (90 if runs == 3 else None)


@pytest.mark.parametrize("request_", [{}, {"shards": 3}, {"expected_runtime_seconds": 900}], ids=str)
def test_should_quote_the_job_when_it_starts(api, plan, ledger, batch, sqs_event, context, request_):  # noqa: PLR0913, PLR0917 - fixtures
    quoted = Decimal(plan(request_)["quote"]["likely_usd"])
    submitted = api("POST /jobs", request_).content
    assert ledger.record(submitted["job_id"]).quoted_usd is None, "a price that nothing asks for costs time"

    for number in range(3):
        earlier_run(ledger, number, ran_seconds=600)
    quoted_by_runs = Decimal(plan(request_)["quote"]["likely_usd"])
    assert quoted_by_runs == quoted if "expected_runtime_seconds" in request_ else quoted_by_runs < quoted
    sent = batch.requests[0]
    running = told(
        "batch_running",
        jobId=submitted["batch_job_id"] + (":0" if "shards" in request_ else ""),
        jobName=sent["jobName"],
        arrayProperties={"index": 0} if "shards" in request_ else None,
    )
    running["detail"]["container"]["environment"] = sent["containerOverrides"]["environment"]
    assert on_job_event.handler(sqs_event(running), context) == {"batchItemFailures": []}
    record = ledger.record(submitted["job_id"])
    assert record.has_started
    assert record.quoted_usd == quoted_by_runs


def test_should_name_what_would_be_refused_and_refuse_it_then(api, plan, batch):
    expensive = {"max_cost_usd": "0.0001"}
    (refusal,) = plan(expensive)["refusals"]
    status, problem, _ = api("POST /jobs", expensive)
    assert refusal["field"] == "max_cost_usd"
    assert (status, problem["type"]) == (422, "urn:pulse:problem:over-limit")
    assert problem["errors"] == [refusal]
    assert batch.requests == []


def test_should_plan_another_job_each_time(plan):
    assert plan({})["plan"][0]["jobName"] != plan({})["plan"][0]["jobName"]


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        ({"attempts": 0}, {}, 422),
        ({"depends_on": ["batch-20260302093000-00000000"]}, {}, 422),
        ({"profile": "auto", "dataset": "datasets/none.csv"}, {}, 422),
        ("{", {}, 400),
        ({}, {"idempotency-key": '"open'}, 400),
    ],
)
def test_should_refuse_a_call_as_the_submission_itself_would(api, body, headers, status):
    answer = api("POST /jobs", body, headers=headers, dry_run="true")
    assert answer.status == status
    assert answer == api("POST /jobs", body, headers=headers)
