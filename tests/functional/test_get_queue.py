"""GET /queue: what waits and runs, by the ledger and by AWS Batch's snapshot of a queue."""

from datetime import timedelta

import jsonschema_rs
import pytest

from pulse.aws import clients
from pulse.domain.job.record import JobRecord
from tests.functional.api import Api
from tests.functional.conftest import QUEUE_ARN, START

FAIR_ARN = QUEUE_ARN.replace("-job-queue", "-fair-queue")
JOB_ARN = "arn:aws:batch:us-east-1:123456789012:job/{}"
MILLISECONDS = int(START.timestamp() * 1000)


@pytest.fixture
def api(deployed, context) -> Api:
    return Api(context)


@pytest.fixture
def known(ledger, table):
    """Writes a job that was asked for some minutes ago."""

    def write(job_id, status, *, minutes_ago=0, queue="fifo", **more):
        created_at = START - timedelta(minutes=minutes_ago)
        fields = {"profile": "small", "batch_job_id": f"aws-{job_id}"} | more
        ledger.create(JobRecord(job_id=job_id, status=status, created_at=created_at, queue=queue, **fields))

    return write


def front(*batch_job_ids):
    return {
        "jobs": [
            {"jobArn": JOB_ARN.format(job_id), "earliestTimeAtPosition": MILLISECONDS + number}
            for number, job_id in enumerate(batch_job_ids)
        ],
        "lastUpdatedAt": MILLISECONDS,
    }


def queue(api, name):
    status, content, _ = api("GET /queue", queue=name)
    assert status == 200, content
    [told] = content["queues"]
    return told


def test_should_count_the_unfinished_jobs_of_each_queue_by_state(api, known):
    known("a", "RUNNABLE")
    known("b", "RUNNABLE")
    known("c", "RUNNING")
    known("d", "SUCCEEDED")
    known("e", "CLAIMED", batch_job_id="")
    known("f", "PENDING", children={"RUNNABLE": 3, "RUNNING": 2, "SUCCEEDED": 5})
    known("g", "RUNNING", queue="fair")
    content = api("GET /queue").content
    assert {told["name"]: told["jobs"] for told in content["queues"]} == {
        "fair": {"RUNNING": 1},
        "fifo": {"CLAIMED": 1, "RUNNABLE": 5, "RUNNING": 3},
    }


def test_should_tell_who_starts_next_and_since_when(api, known, batch):
    known("a", "RUNNABLE", minutes_ago=5)
    known("b", "RUNNABLE", minutes_ago=9, blocked_reason="CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - none")
    known("array", "PENDING", minutes_ago=7)
    batch.snapshots[QUEUE_ARN] = {"frontOfQueue": front("aws-b", "aws-array:3", "unknown", "aws-a")}
    told = queue(api, "fifo")["front"]
    assert [(job["position"], job.get("job_id")) for job in told] == [
        (1, "b"),
        (2, "array"),
        (3, None),
        (4, "a"),
    ]
    assert told[0]["since"] == "2026-03-02T09:30:00Z"
    assert told[0]["created_at"] == "2026-03-02T09:21:00Z"
    assert told[0]["blocked_reason"].startswith("CAPACITY:")
    assert told[1]["batch_job_id"] == "aws-array:3"


def test_should_tell_what_is_in_use_as_aws_batch_says(api, batch):
    vcpus = {"capacityUnit": "VCPU", "quantity": 6.0}
    share = {"shareIdentifier": "team1", "capacityUsage": [vcpus | {"quantity": 4.5}]}
    batch.snapshots[FAIR_ARN] = {
        "queueUtilization": {
            "totalCapacityUsage": [vcpus],
            "fairshareUtilization": {"activeShareCount": 1, "topCapacityUtilization": [share]},
        }
    }
    assert queue(api, "fair")["in_use"] == [
        {"unit": "VCPU", "quantity": 6.0},
        {"unit": "VCPU", "quantity": 4.5, "share": "team1"},
    ]


def test_should_say_that_nothing_is_in_use_where_aws_batch_says_nothing(api, batch):
    assert queue(api, "fair")["in_use"] == []


def test_should_say_that_it_is_not_known_what_is_in_use_where_the_sdk_is_too_old(api, batch, monkeypatch):
    new = clients.batch

    def old():
        client = new()
        client.meta.service_model.operation_model("GetJobQueueSnapshot").output_shape.members.pop(
            "queueUtilization"
        )
        return client

    usage = {"totalCapacityUsage": [{"capacityUnit": "VCPU", "quantity": 6.0}]}
    batch.snapshots[QUEUE_ARN] = {"queueUtilization": usage}
    monkeypatch.setattr(clients, "batch", old)
    assert queue(api, "fifo")["in_use"] is None


def test_should_tell_the_usual_wait_of_each_profile_that_leads_to_a_queue(api, known):
    for number, waited in enumerate((10, 20, 60)):
        created_at = START - timedelta(minutes=number)
        known(
            f"j{number}",
            "SUCCEEDED",
            minutes_ago=number,
            started_at=created_at + timedelta(seconds=waited),
            ran_seconds=100.0,
        )
    usual = queue(api, "fifo")["usual"]["small"]
    assert (usual["runs"], usual["waited_median_seconds"], usual["waited_p95_seconds"]) == (3, 20.0, 60.0)
    assert queue(api, "fair")["usual"] == {}


def test_should_refuse_a_queue_that_is_none_of_ours(api):
    status, problem, _ = api("GET /queue", queue="other\u202e")
    assert (status, [error["field"] for error in problem["errors"]]) == (400, ["queue"])
    assert problem["errors"][0]["allowed"] == "one of fair, fifo"


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ((429, "TooManyRequestsException", "slow down"), 503),
        ((500, "ServerException", "oops"), 503),
        ((403, "AccessDeniedException", "no"), 500),
        ((400, "ClientException", "no such queue"), 500),
    ],
)
def test_should_say_when_aws_batch_does_not_tell(api, batch, answer, status):
    batch.snapshots[QUEUE_ARN] = answer
    assert api("GET /queue", queue="fifo").status == status


def test_should_be_as_the_openapi_document_says(api, known, batch):
    known("a", "RUNNABLE")
    batch.snapshots[QUEUE_ARN] = {"frontOfQueue": front("aws-a", "unknown")}
    components = api("GET /openapi.json").content["components"]
    schema = {"$ref": "#/components/schemas/JobQueues", "components": components}
    jsonschema_rs.Draft202012Validator(schema).validate(api("GET /queue").content)
