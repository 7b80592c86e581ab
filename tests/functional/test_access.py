"""Whose jobs a caller of the API reaches, as the configuration says, through the functions' entry points."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import boto3
import pytest
from msgspec import structs

from lambdas import on_job_event, submit_job
from lambdas.wiring import shared
from pulse.domain.access import Access, Rule
from pulse.domain.job.record import JobRecord
from tests.functional.api import Api

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
ARN = "arn:aws:batch:us-east-1:123456789012:job"
STS = "arn:aws:sts::123456789012:assumed-role"
ANN = f"{STS}/desk/ann"
NIGHTLY, RETRY = f"{STS}/pipeline/run-1", f"{STS}/pipeline/run-2"
OPERATOR = f"{STS}/ml-operators/eve"
SSO_ANN, SSO_BOB = (f"{STS}/AWSReservedSSO_Quant_0a1b/{name}@example.com" for name in ("ann", "bob"))
OWN = Access(
    sees="own",
    changes="own",
    rules=(
        Rule(callers=("role/ml-op*",), sees="all", changes="all"),
        Rule(tags={"team": "research"}, sees="pulse"),
    ),
)


@pytest.fixture
def as_caller(deployed, context):
    return lambda arn: Api(context, arn)


@pytest.fixture
def allow(monkeypatch, settings, deployed):
    """`allow(access)`: the functions are deployed with it."""

    def configure(access):
        for name, value in structs.replace(settings, access=access).to_env().items():
            monkeypatch.setenv(name, value)
        shared.settings.cache_clear()

    return configure


@pytest.fixture
def foreign(event, sqs_event, context, settings):
    """The id of a job that another client gave to our queue."""
    happened = event("batch_running")
    happened["detail"]["jobQueue"] = settings.queues["fifo"].arn
    happened["detail"]["container"]["environment"] = []
    on_job_event.handler(sqs_event(happened), context)
    return happened["detail"]["jobId"]


def submit(api, **more):
    return api("POST /jobs", {"tags": more}).content["job_id"]


def reaches(api, job_id):
    """The statuses of reading a job, its log and asking again, and of cancelling it."""
    calls = [
        api(f"GET /jobs/{job_id}"),
        api(f"POST /jobs/{job_id}/rerun", {}, dry_run="true"),
        api(f"POST /jobs/{job_id}/cancel", {}),
    ]
    return [answer.status for answer in calls]


def test_should_let_everybody_reach_what_was_asked_for_through_pulse_unless_told_otherwise(as_caller, batch):
    job_id = submit(as_caller(ANN))
    assert reaches(as_caller(NIGHTLY), job_id) == [200, 200, 202]


def test_should_cancel_no_job_of_another_client_for_those_who_may_change_pulses_only(
    as_caller, allow, foreign, batch
):
    refused = as_caller(ANN)(f"POST /jobs/{foreign}/cancel", {})
    assert (refused.status, refused.content["type"]) == (403, "urn:pulse:problem:not-allowed")
    assert batch.stopped == []
    assert as_caller(ANN)(f"GET /jobs/{foreign}").status == 200
    allow(Access(rules=(Rule(callers=("role/ml-operators",), changes="all"),)))
    assert as_caller(ANN)(f"POST /jobs/{foreign}/cancel", {}).status == 403
    assert as_caller(OPERATOR)(f"POST /jobs/{foreign}/cancel", {}).status == 202
    assert len(batch.stopped) == 1


def test_should_keep_callers_to_their_own_jobs_where_the_configuration_says_so(
    as_caller, allow, foreign, batch
):
    allow(structs.replace(OWN, rules=OWN.rules[:1]))
    job_id = submit(as_caller(NIGHTLY))
    assert reaches(as_caller(ANN), job_id) == [404, 404, 404], "not even that there is such a job"
    assert as_caller(ANN)(f"GET /jobs/{job_id}/logs").status == 404
    assert reaches(as_caller(ANN), foreign) == [404, 404, 404]
    assert batch.stopped == []
    assert reaches(as_caller(RETRY), job_id) == [200, 200, 202], "the sessions of a role are one caller"
    assert reaches(as_caller(OPERATOR), job_id) == [200, 200, 202]
    assert as_caller(OPERATOR)(f"GET /jobs/{foreign}").status == 200


def test_should_find_no_job_of_others_by_another_name(as_caller, allow):
    allow(structs.replace(OWN, rules=OWN.rules[:1]))
    ann, other = submit(as_caller(ANN), a="1"), submit(as_caller(NIGHTLY), a="2")
    begins = ann[:10]
    assert other.startswith(begins)
    assert as_caller(OPERATOR)(f"GET /jobs/{begins}").status == 409
    answer = as_caller(ANN)(f"GET /jobs/{begins}")
    assert (answer.status, answer.content["job_id"]) == (200, ann)
    assert as_caller(SSO_BOB)(f"GET /jobs/{begins}").status == 404


def test_should_see_all_and_change_its_own_where_that_is_configured(as_caller, allow, batch):
    allow(Access(changes="own"))
    job_id = submit(as_caller(NIGHTLY))
    assert reaches(as_caller(ANN), job_id) == [200, 200, 403]
    assert batch.stopped == []


def test_should_list_only_what_a_caller_may_see(as_caller, allow, foreign):
    allow(structs.replace(OWN, rules=OWN.rules[:1]))
    ann, other = submit(as_caller(ANN), a="1"), submit(as_caller(NIGHTLY), a="2")
    listed = lambda arn, **query: [  # noqa: E731 - reads better below
        job["job_id"] for job in as_caller(arn)("GET /jobs", **query).content["jobs"]
    ]
    assert listed(ANN) == [ann]
    assert listed(ANN, by=NIGHTLY) == []
    assert listed(ANN, status="SUBMITTED") == [ann]
    assert set(listed(OPERATOR)) == {ann, other, foreign}


def test_should_tell_of_the_jobs_of_others_in_a_queue_only_that_they_wait(as_caller, allow, batch, settings):
    allow(structs.replace(OWN, rules=OWN.rules[:1]))
    ann, other = submit(as_caller(ANN), a="1"), submit(as_caller(NIGHTLY), a="2")
    arn = settings.queues["fifo"].arn
    places = [
        {"jobArn": f"{ARN}/{name}", "earliestTimeAtPosition": 1772443800}
        for name in ("aws-1", "aws-2", "new")
    ]
    usage = {"capacityUnit": "VCPU", "quantity": 4.0}
    shares = [{"shareIdentifier": "theirs", "capacityUsage": [usage]}]
    batch.snapshots[arn] = {
        "frontOfQueue": {"jobs": places, "lastUpdatedAt": 1772443800000},
        "queueUtilization": {
            "totalCapacityUsage": [usage],
            "fairshareUtilization": {"activeShareCount": 1, "topCapacityUtilization": shares},
        },
    }
    (told,) = as_caller(ANN)("GET /queue", queue="fifo").content["queues"]
    assert told["jobs"] == {"SUBMITTED": 2}
    assert [(job.get("job_id"), job.get("batch_job_id")) for job in told["front"]] == [
        (ann, "aws-1"),
        (None, None),
        (None, None),
    ]
    assert set(told["front"][1]) == {"position", "since"}
    assert [use.get("share") for use in told["in_use"]] == [None]
    (whole,) = as_caller(OPERATOR)("GET /queue", queue="fifo").content["queues"]
    assert [job.get("job_id") for job in whole["front"]] == [ann, other, None]
    assert [use.get("share") for use in whole["in_use"]] == [None, "theirs"]


def test_should_tell_what_the_jobs_of_others_cost_only_together(as_caller, allow, ledger):
    allow(structs.replace(OWN, rules=OWN.rules[:1]))
    for name, by, usd in (("a", ANN, 1), ("b", NIGHTLY, 2), ("c", "", 4)):
        record = JobRecord(job_id=name, status="SUCCEEDED", created_at=NOW, asked_by=by, dataset=f"of-{name}")
        ledger.note_cost(structs.replace(record, cost_usd=Decimal(usd)))
    mine = as_caller(ANN)("GET /costs", by="dataset", month="2026-03").content
    assert [(group["name"], float(group["usd"])) for group in mine["groups"]] == [("of-a", 1)]
    assert (float(mine["others"]["usd"]), mine["others"]["jobs"], mine["jobs"]) == (6, 2, 3)
    assert float(mine["spent_usd"]) == 7
    assert "of-b" not in json.dumps(mine)
    all_of_it = as_caller(OPERATOR)("GET /costs", by="dataset", month="2026-03").content
    assert [group["name"] for group in all_of_it["groups"]] == ["of-c", "of-b", "of-a"]
    assert all_of_it["others"] is None


@pytest.mark.parametrize("dry", [{}, {"dry_run": "true"}])
def test_should_know_no_job_of_others_to_wait_for(as_caller, allow, batch, dry):
    allow(structs.replace(OWN, rules=OWN.rules[:1]))
    other, mine = submit(as_caller(NIGHTLY), a="1"), submit(as_caller(ANN), a="2")
    refused = [as_caller(ANN)("POST /jobs", {"depends_on": [name]}, **dry) for name in (other, "nobody")]
    assert [answer.status for answer in refused] == [422, 422]
    faults = [answer.content["errors"] for answer in refused]
    assert json.dumps(faults[0]).replace(other, "nobody") == json.dumps(faults[1])
    assert len(batch.requests) == 2
    assert as_caller(ANN)("POST /jobs", {"depends_on": [mine]}, **dry).status in {200, 202}
    assert as_caller(OPERATOR)("POST /jobs", {"depends_on": [other]}, **dry).status in {200, 202}


def test_should_reach_no_drop_with_own_jobs_only(as_caller, allow, event, sqs_event, context):
    allow(structs.replace(OWN, rules=OWN.rules[:1]))
    submit_job.handler(sqs_event(event("s3_object_created_versioned")), context)
    (job,) = as_caller(OPERATOR)("GET /jobs").content["jobs"]
    assert as_caller(ANN)(f"GET /jobs/{job['job_id']}").status == 404


@pytest.mark.parametrize(("arn", "status"), [(ANN, 200), (NIGHTLY, 404)])
def test_should_tell_callers_apart_by_their_tags(as_caller, allow, arn, status):
    iam = boto3.client("iam")
    for role, tags in {"desk": [{"Key": "team", "Value": "research"}], "pipeline": []}.items():
        iam.create_role(RoleName=role, AssumeRolePolicyDocument="{}", Tags=tags)
    allow(OWN)
    job_id = submit(as_caller(SSO_BOB))
    assert as_caller(arn)(f"GET /jobs/{job_id}").status == status


@pytest.mark.parametrize(
    "arn", ["arn:aws:iam::123456789012:user/team/ann", "arn:aws:iam::123456789012:root", ""]
)
def test_should_find_no_tags_of_whoever_iam_does_not_know(as_caller, allow, arn):
    allow(OWN)
    job_id = submit(as_caller(SSO_BOB))
    assert as_caller(arn)(f"GET /jobs/{job_id}").status == 404


def test_should_count_the_sessions_of_a_role_of_many_people_as_callers_of_their_own(as_caller, allow, batch):
    key = {"headers": {"idempotency-key": "monday"}}
    asked = {
        arn: as_caller(arn)("POST /jobs", {}, **key).content["job_id"]
        for arn in (SSO_ANN, SSO_BOB, NIGHTLY, RETRY, SSO_ANN)
    }
    assert len({asked[SSO_ANN], asked[SSO_BOB], asked[NIGHTLY]}) == 3
    assert asked[NIGHTLY] == asked[RETRY]
    assert len(batch.requests) == 3
    allow(Access(sees="own"))
    assert as_caller(SSO_BOB)(f"GET /jobs/{asked[SSO_ANN]}").status == 404
    assert as_caller(SSO_ANN)(f"GET /jobs/{asked[SSO_ANN]}").status == 200


def test_should_let_nobody_with_another_name_pass_for_a_role():
    access = Access(changes="own", rules=(Rule(callers=("role/ml-operators",), changes="all"),))
    for arn in (
        f"{STS}/ml-operators-2/eve",
        f"{STS}/x/ml-operators",
        "arn:aws:iam::123456789012:user/ml-operators",
        "arn:aws:iam::123456789012:user/role/ml-operators",
        "role/ml-operators",
        f"{STS}/ML-operators/eve",
    ):
        assert access.guard(arn, {}).changes == "own", arn
    assert access.guard(OPERATOR, {}).changes == "all"
