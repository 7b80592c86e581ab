"""What jobs that other clients submit can do to ours, through the functions' entry points."""

import json
from hashlib import sha256

import pytest
from msgspec import structs

from tests.functional.api import Api
from tests.functional.jobs import RECORDED_BATCH_JOB, RECORDED_JOB, RECORDED_NAME, submitted, told

THEIRS = "bbbbbbbb-0a82-49aa-ba5a-4727fcce14a8"
VICTIM = "cccccccc-0a82-49aa-ba5a-4727fcce14a8"

pytestmark = pytest.mark.usefixtures("deployed")


def theirs(name, batch_job_id=THEIRS, *, named=None, **detail):
    """An event of a job of theirs, which carries the name and PULSE_JOB_ID of the recorded job."""
    event = told(name, **{"jobId": batch_job_id} | detail)
    if named is not None:
        event["detail"]["container"]["environment"] = [
            {"name": "PULSE_JOB_ID", "value": named},
            {"name": "S3_RESULTS_BUCKET", "value": "pulse-results"},
        ]
    return event


def lost(number=0, **detail):
    """The end of the recorded job, which found its run taken."""
    event = told("batch_failed_exit_code", number, **detail)
    for ended in (event["detail"]["container"], event["detail"]["attempts"][-1]["container"]):
        ended["exitCode"] = 76
    return event


def claim(s3, key, holder=THEIRS):
    body = json.dumps({"aws_batch_job_id": holder, "claimed_at": "2026-03-02T09:29:00.000Z"})
    s3.put_object(Bucket="pulse-results", Key=key, Body=body)


def test_should_tell_who_holds_the_run_when_the_recorded_job_finds_it_taken(happen, ledger, s3, alerts):
    submitted(ledger)
    key = f"results/{RECORDED_JOB}/claim.json"
    claim(s3, key)
    happen(theirs("batch_running", jobName="nightly"))
    assert happen(lost(), lost()) == []
    (alert,) = alerts()
    assert (alert["kind"], alert["cause"], alert["job_id"]) == ("FAILED", "duplicate", RECORDED_JOB)
    assert (
        f"AWS Batch job {THEIRS} (nightly in the queue fifo) holds it since 2026-03-02T09:29:00.000Z: "
        f"s3://pulse-results/{key} says so."
    ) in alert["reason"]
    assert "who submitted" in alert["next_step"]


@pytest.mark.parametrize("body", [None, b"", b"{}", b"[" * 980, b'{"aws_batch_job_id": 1e300}', b"x" * 9000])
def test_should_tell_that_the_run_was_taken_whatever_the_claim_holds(happen, ledger, s3, alerts, body):
    submitted(ledger)
    if body is not None:
        s3.put_object(Bucket="pulse-results", Key=f"results/{RECORDED_JOB}/claim.json", Body=body)
    assert happen(lost()) == []
    assert "its claim.json could not be read" in alerts()[0]["reason"]


def test_should_stay_silent_about_a_duplicate_that_runs_with_another_job_s_id(happen, ledger, alerts):
    submitted(ledger)
    assert happen(lost(jobId=THEIRS)) == []
    assert alerts() == []
    assert ledger.record(THEIRS).exit_code == 76


@pytest.mark.parametrize("folder", ["shards", "sweep"])
def test_should_tell_who_holds_the_run_of_an_array_s_child(happen, ledger, s3, alerts, folder):
    submitted(ledger, array_size=2)
    claim(s3, f"results/{RECORDED_JOB}/{folder}/1/claim.json", f"{THEIRS}:1")
    batch_job_id = ledger.record(RECORDED_JOB).batch_job_id
    child = lost(jobId=f"{batch_job_id}:1", arrayProperties={"index": 1, "statusSummary": {}})
    parent = told(
        "batch_failed_exit_code",
        container={"environment": [{"name": "PULSE_JOB_ID", "value": RECORDED_JOB}]},
        attempts=[],
        arrayProperties={"size": 2, "statusSummary": {"FAILED": 1, "SUCCEEDED": 1}},
        statusReason="Array Child Job failed",
    )
    assert happen(child, parent) == []
    (alert,) = alerts()
    assert f"AWS Batch job {THEIRS}:1 holds it" in alert["reason"]


def test_should_give_a_repeated_request_its_own_job_after_one_of_its_name_was_seen(
    happen, ledger, batch, context
):
    api = Api(context)
    batch.answers = [(429, "TooManyRequestsException", "slow down")] * 5
    refused = api("POST /jobs", {"dataset": "datasets/market_daily.csv"})
    assert refused.status >= 400
    (released,) = ledger.newest("status", "RELEASED", most=5, after=None)
    stolen = theirs("batch_running", named=released.job_id, jobName=released.job_name)
    assert happen(stolen) == []
    assert ledger.record(released.job_id).status == "RELEASED"
    again = api("POST /jobs", {"dataset": "datasets/market_daily.csv"}).content
    assert (again["job_id"], again["batch_job_id"]) != (released.job_id, THEIRS)
    assert again["batch_job_id"].startswith("aws-")


@pytest.mark.parametrize("status", ["SUBMITTED", "RELEASED"])
def test_should_write_nothing_of_a_foreign_array_into_another_s_record(happen, ledger, status):
    before = submitted(ledger)
    if status == "RELEASED":
        ledger.update_if_unchanged(
            structs.replace(before, status="RELEASED", batch_job_id="", revision=before.revision + 1),
            before=before.position,
        )
    before = ledger.record(RECORDED_JOB)
    child = theirs("batch_failed_exit_code", f"{THEIRS}:0", arrayProperties={"index": 0, "statusSummary": {}})
    running = theirs("batch_running", f"{THEIRS}:1", arrayProperties={"index": 1, "statusSummary": {}})
    assert happen(running, child) == []
    assert ledger.record(RECORDED_JOB) == before
    assert ledger.children(RECORDED_JOB) == []
    assert ledger.record(THEIRS).foreign


def unsettled(ledger, **fields):
    """The recorded job, of which AWS Batch's id could not be written down."""
    before = submitted(ledger, **fields)
    claimed = structs.replace(before, status="CLAIMED", batch_job_id="", revision=before.revision + 1)
    assert ledger.update_if_unchanged(claimed, before=before.position)
    return ledger.record(RECORDED_JOB)


def test_should_leave_a_claim_to_the_job_that_another_is_a_copy_of(happen, ledger, batch):
    before = unsettled(ledger)
    batch.listed = {RECORDED_NAME: RECORDED_BATCH_JOB}
    assert happen(theirs("batch_running")) == []
    assert ledger.record(RECORDED_JOB) == before
    assert ledger.record(THEIRS).foreign
    assert happen("batch_running") == []
    assert ledger.record(RECORDED_JOB).batch_job_id == RECORDED_BATCH_JOB


def test_should_leave_an_array_s_claim_to_the_array_that_another_is_a_copy_of(happen, ledger, batch):
    before = unsettled(ledger, array_size=2)
    batch.listed = {RECORDED_NAME: RECORDED_BATCH_JOB}
    child = {"arrayProperties": {"index": 1, "statusSummary": {}}}
    assert happen(theirs("batch_failed_exit_code", f"{THEIRS}:1", **child)) == []
    assert (ledger.record(RECORDED_JOB), ledger.children(RECORDED_JOB)) == (before, [])
    assert happen(told("batch_running", jobId=f"{RECORDED_BATCH_JOB}:1", **child)) == []
    assert ledger.record(RECORDED_JOB).started_at


def test_should_take_the_first_event_of_a_claim_again_when_aws_batch_cannot_be_asked(happen, ledger, batch):
    before = unsettled(ledger)
    batch.refuses = (503, "ServiceUnavailable", "try again")
    assert len(happen("batch_running")) == 1
    assert ledger.record(RECORDED_JOB) == before


def test_should_record_a_job_that_aws_batch_does_not_list_yet(happen, ledger, batch):
    unsettled(ledger)
    assert happen("batch_running") == []
    assert ledger.record(RECORDED_JOB).batch_job_id == RECORDED_BATCH_JOB


def test_should_record_a_job_whose_id_another_took_for_its_own(happen, ledger, s3, alerts):
    assert happen(theirs("batch_running", named=VICTIM)) == []
    own = theirs("batch_succeeded", VICTIM, named="", jobName="theirs-too")
    assert happen(own, own) == []
    assert (ledger.record(VICTIM).batch_job_id, ledger.record(VICTIM).status) == (VICTIM, "SUCCEEDED")
    assert ledger.record(THEIRS).status == "RUNNING"
    assert [alert["job_id"] for alert in alerts()] == [VICTIM]


METRICS = b'{"variables": {"spx_close": {"trust": 0.99}}, "warnings": ["Look."]}'
TAMPERED = "Its metrics.json is not the one that its manifest.json names"


def manifest(*objects):
    return json.dumps({"written": {"bucket": "pulse-results", "objects": objects}}).encode()


@pytest.mark.parametrize(
    ("sealed", "warnings"),
    [
        (manifest({"key": f"results/{RECORDED_JOB}/metrics.json", "sha256": "0" * 64}), [TAMPERED, "Look."]),
        (
            manifest(
                {"key": f"results/{RECORDED_JOB}/metrics.json", "sha256": sha256(METRICS).hexdigest()},
                {"key": "results/other/metrics.json", "sha256": "0" * 64},
            ),
            ["Look."],
        ),
        (manifest({"key": f"results/{RECORDED_JOB}/report.html", "sha256": "0" * 64}), ["Look."]),
        *((odd, ["Look."]) for odd in (None, b"", b"[" * 980, b'{"written": 1e300}', manifest({"key": 1}))),
    ],
)
def test_should_warn_of_metrics_that_the_manifest_does_not_name(  # noqa: PLR0913, PLR0917 - fixtures and parameters
    happen, ledger, s3, alerts, sealed, warnings
):
    submitted(ledger)
    s3.put_object(Bucket="pulse-results", Key=f"results/{RECORDED_JOB}/metrics.json", Body=METRICS)
    if sealed is not None:
        s3.put_object(Bucket="pulse-results", Key=f"results/{RECORDED_JOB}/manifest.json", Body=sealed)
    assert happen(told("batch_succeeded")) == []
    (alert,) = alerts()
    assert [warning.partition(":")[0] for warning in alert["warnings"]] == warnings
    assert ledger.record(RECORDED_JOB).warnings_count == len(warnings)
