"""GET /costs: a month's costs by what jobs have in common."""

from datetime import timedelta
from decimal import Decimal

import jsonschema_rs
import pytest
from msgspec import structs

from lambdas.wiring import shared
from pulse.api.answers.costs import MOST_GROUPS
from pulse.domain.job.record import JobRecord
from tests.functional.api import Api
from tests.functional.conftest import START


@pytest.fixture
def api(deployed, context) -> Api:
    return Api(context)


@pytest.fixture
def cost(ledger):
    """Notes what a job cost."""

    def note(job_id, usd, *, created_at=START, **more):
        record = JobRecord(
            job_id=job_id, status="SUCCEEDED", created_at=created_at, cost_usd=Decimal(usd), **more
        )
        ledger.note_cost(record)

    return note


@pytest.fixture
def budget(monkeypatch, settings, deployed):
    """A month's budget of 10 US dollars."""
    told = structs.replace(settings, monthly_budget_usd=Decimal(10))
    monkeypatch.setenv("PULSE_MONTHLY_BUDGET_USD", told.to_env()["PULSE_MONTHLY_BUDGET_USD"])


def told(answer):
    assert answer.status == 200, answer.content
    return [(group["name"], group["usd"], group["jobs"]) for group in answer.content["groups"]]


def test_should_add_up_by_what_jobs_have_in_common(api, cost):
    cost("a", "0.25", profile="small", queue="fifo", dataset="datasets/a.csv", tags={"Team": "quant"})
    cost("b", "0.5", profile="small", queue="fifo", dataset="datasets/b.csv", tags={"Team": "risk"})
    cost("c", "4", profile="large", queue="fair", share_identifier="team1", dataset="datasets/b.csv")
    assert told(api("GET /costs")) == [("large", "4", 1), ("small", "0.75", 2)]
    assert told(api("GET /costs", by="queue")) == [("fair", "4", 1), ("fifo", "0.75", 2)]
    assert told(api("GET /costs", by="share")) == [("team1", "4", 1), ("", "0.75", 2)]
    assert told(api("GET /costs", by="dataset")) == [
        ("datasets/b.csv", "4.5", 2),
        ("datasets/a.csv", "0.25", 1),
    ]
    assert told(api("GET /costs", by="tag:Team")) == [("", "4", 1), ("risk", "0.5", 1), ("quant", "0.25", 1)]
    assert told(api("GET /costs", by="tag:none")) == [("", "4.75", 3)]
    content = api("GET /costs").content
    assert (content["month"], content["by"], content["spent_usd"], content["jobs"]) == (
        *("2026-03", "profile", "4.75"),
        3,
    )


def test_should_tell_of_another_month(api, cost):
    cost("a", "1", created_at=START - timedelta(days=2))
    assert told(api("GET /costs")) == []
    assert told(api("GET /costs", month="2026-02")) == [("", "1", 1)]


def test_should_tell_what_is_spent_of_the_budget_and_what_unfinished_jobs_may_cost(api, cost, budget):
    del budget
    cost("a", "2.505", profile="small")
    reserved = Decimal(api("POST /jobs", {}, dry_run="true").content["quote"]["high_usd"])
    api("POST /jobs", {})
    content = api("GET /costs").content
    assert (content["budget_usd"], content["percent"]) == ("10", 25.0)
    assert Decimal(content["reserved_usd"]) == reserved > 0
    assert content["spent_usd"] == "2.505"


def test_should_say_null_where_there_is_no_budget(api):
    content = api("GET /costs").content
    assert (content["budget_usd"], content["percent"], content["spent_usd"]) == (None, None, "0")
    assert shared.settings().monthly_budget_usd is None


def test_should_put_the_smallest_together_when_there_are_many(api, cost):
    for number in range(MOST_GROUPS + 3):
        cost(f"j{number}", "2", dataset=f"datasets/{number:03}.csv")
    cost("small", "0.5", dataset="datasets/small.csv")
    content = api("GET /costs", by="dataset").content
    assert len(content["groups"]) == MOST_GROUPS
    assert content["others"] == {"name": "4 others", "usd": "6.5", "jobs": 4}
    assert (content["spent_usd"], content["jobs"]) == ("206.5", 104)


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ({"month": "2026-13"}, ["month"]),
        ({"month": "2026-3"}, ["month"]),
        ({"month": "2026-03\n"}, ["month"]),
        ({"by": "colour"}, ["by"]),
        ({"by": "tag:"}, ["by"]),
        ({"by": "tag:\ud800"}, ["by"]),
        ({"by": "usd", "month": ""}, ["month", "by"]),
    ],
)
def test_should_name_every_parameter_that_is_not_allowed(api, query, fields):
    status, problem, _ = api("GET /costs", **query)
    assert (status, problem["type"]) == (400, "urn:pulse:problem:invalid-call")
    assert [error["field"] for error in problem["errors"]] == fields


def test_should_be_as_the_openapi_document_says(api, cost):
    cost("a", "1", profile="small")
    components = api("GET /openapi.json").content["components"]
    schema = {"$ref": "#/components/schemas/CostsOfMonth", "components": components}
    jsonschema_rs.Draft202012Validator(schema).validate(api("GET /costs").content)
