"""The HTTP API as clients use it: arrays, chains, sizes, repeated calls, and whatever a fuzzer thinks of."""

import itertools
import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import pytest
from botocore.validate import ParamValidator

from localaws import faults
from tests.local.deployment import Deployment, pulse_job_id, sample, until

pytestmark = pytest.mark.local
SAMPLES = sorted((Path(__file__).parents[2] / "samples" / "requests").glob("*.json"))
DATA = "datasets/api/market.csv"
REQUEST = {"dataset": DATA, "variables": ["spx_close"], "profile": "small"}
SECONDS = 120


@pytest.fixture(scope="module")
def data(pulse: Deployment) -> None:
    version = pulse.drop(DATA, sample(700))
    pulse.finished(pulse.job_of_drop(version)["jobId"])


@pytest.mark.usefixtures("data")
def test_should_submit_one_job_and_answer_alike_when_a_call_comes_ten_times_at_once(pulse: Deployment):
    key, tags = f'"{uuid.uuid4()}"', {"Case": uuid.uuid4().hex}

    def call(_: int) -> httpx.Response:
        return until(
            lambda: (
                answer if (answer := _post(pulse, tags, key)).status_code != HTTPStatus.CONFLICT else None
            ),
            "an answer other than 409",
        )

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(call, range(10)))

    assert {answer.status_code for answer in answers} == {HTTPStatus.ACCEPTED}
    assert len({answer.content for answer in answers}) == 1
    (job,) = [job for job in pulse.all_jobs() if job["tags"].get("Case") == tags["Case"]]
    told = answers[0].json()
    assert (job["jobId"], pulse_job_id(job)) == (told["batch_job_id"], told["job_id"])
    assert told["idempotency_expires_at"] > told["created_at"]


def _post(pulse: Deployment, tags: dict[str, str], key: str) -> httpx.Response:
    answer = pulse.post(REQUEST | {"tags": tags}, headers={"Idempotency-Key": key})
    assert answer.status_code in {HTTPStatus.ACCEPTED, HTTPStatus.CONFLICT}, answer.text
    if answer.status_code == HTTPStatus.CONFLICT:
        assert int(answer.headers["retry-after"]) >= 1
    return answer


def posted(pulse: Deployment, request: dict[str, Any]) -> str:
    """The id of the job that a request led to."""
    answer = pulse.post(request)
    assert answer.status_code == HTTPStatus.ACCEPTED, answer.text
    return str(answer.json()["job_id"])


def dropped(pulse: Deployment, request: dict[str, Any]) -> str:
    """As `posted`. That both lead to the same plans, tests/functional/test_dropped_requests.py shows."""
    case = uuid.uuid4().hex
    pulse.drop(f"requests/{case}.json", json.dumps(request | {"tags": {"Case": case}}).encode())
    found = until(
        lambda: next((job for job in pulse.all_jobs() if job["tags"].get("Case") == case), None),
        "the job of the dropped request",
    )
    job_id = next(e["value"] for e in _environment(pulse, found) if e["name"] == "PULSE_JOB_ID")
    return str(job_id).removesuffix("-merge").removesuffix("-rank")


def _environment(pulse: Deployment, job: dict[str, Any]) -> list[dict[str, str]]:
    return list(pulse.batch.describe_jobs(jobs=[job["jobId"]])["jobs"][0]["container"]["environment"])


def succeeded(pulse: Deployment, job_id: str) -> dict[str, Any]:
    job = pulse.ended(job_id, SECONDS)
    if job["status"] != "SUCCEEDED":
        (ran,) = pulse.batch.describe_jobs(jobs=[job["batch_job_id"]])["jobs"]
        pytest.fail(f"{job}\n{pulse.log_of(ran) if ran['container'].get('logStreamName') else ran}")
    return job


@pytest.mark.usefixtures("data")
def test_should_run_a_sweep_of_four_and_rank_it(pulse: Deployment):
    sweep = {"batch_size_days": [20, 40], "success_criterion": ["beats-persistence", "within-interval"]}

    array = succeeded(pulse, dropped(pulse, REQUEST | {"sweep": sweep}))
    succeeded(pulse, array["follower"])

    (parent,) = pulse.batch.describe_jobs(jobs=[array["batch_job_id"]])["jobs"]
    assert parent["arrayProperties"]["statusSummary"]["SUCCEEDED"] == 4
    ranking = json.loads(pulse.result(array["job_id"], "summary.json"))["ranking"]
    assert [row["rank"] for row in ranking] == [1, 2, 3, 4]
    assert len({json.dumps(row["options"], sort_keys=True) for row in ranking}) == 4
    assert pulse.message(array["job_id"], "email")


@pytest.mark.usefixtures("data")
def test_should_run_four_shards_and_merge_them_to_what_one_job_makes(pulse: Deployment):
    whole = succeeded(pulse, posted(pulse, REQUEST | {"attempts": 2}))
    array = succeeded(pulse, posted(pulse, REQUEST | {"shards": 4}))
    merge = succeeded(pulse, array["follower"])

    assert merge["results"] == array["results"]
    merged, single = (
        json.loads(pulse.result(job["job_id"], "metrics.json"))["variables"] for job in (array, whole)
    )
    assert merged == single


@pytest.mark.usefixtures("data")
def test_should_run_a_chain_of_three_one_after_the_other(pulse: Deployment):
    chain: list[str] = []
    for number in range(3):
        waits = {"depends_on": chain[-1:]} if chain else {}
        chain.append(dropped(pulse, REQUEST | {"attempts": number + 1} | waits))

    jobs = [succeeded(pulse, job_id) for job_id in chain]

    for earlier, later in itertools.pairwise(jobs):
        assert earlier["stopped_at"] <= later["started_at"]


@pytest.mark.usefixtures("data")
def test_should_tell_only_the_channels_that_a_request_wants(pulse: Deployment):
    quiet = posted(pulse, REQUEST | {"alerts": {"channels": ["email"]}})
    assert pulse.message(quiet, "email")
    loud = posted(pulse, REQUEST | {"alerts": {"channels": ["slack"]}})
    assert pulse.message(loud, "slack")

    # The second run is compared to the first, and names it.
    assert not [told for told in pulse.messages(quiet, "slack") if loud not in json.dumps(told)]
    assert pulse.messages(loud, "email") == []


def test_should_fail_what_depends_on_a_cancelled_job(pulse: Deployment):
    pulse.drop("datasets/api/long.csv", sample(8000))
    first = posted(pulse, {"dataset": "datasets/api/long.csv"})
    second = posted(pulse, REQUEST | {"depends_on": [first]})

    cancelled = pulse.api.call("POST", f"/jobs/{first}/cancel", body={"reason": "a mistake"})

    assert cancelled.status_code == HTTPStatus.ACCEPTED, cancelled.text
    ends = [pulse.ended(job_id) for job_id in (first, second)]
    assert [end["status"] for end in ends] == ["FAILED", "FAILED"]
    assert "a mistake" in ends[0]["status_reason"]
    again = pulse.api.call("POST", f"/jobs/{first}/cancel")
    assert (again.status_code, again.json()["type"]) == (409, "urn:pulse:problem:has-ended")


def test_should_rerun_with_the_next_size_up_what_died_of_memory_once_and_tell(pulse: Deployment):
    pulse.drop("datasets/api/wide.csv", wide())
    request = {"dataset": "datasets/api/wide.csv", "vcpus": 0.25, "memory_mib": 512, "attempts": 1}

    first = pulse.ended(posted(pulse, request), SECONDS)

    assert first["reason"].startswith("OutOfMemoryError"), first
    email = pulse.message(first["job_id"], "email")
    assert "1024 MiB" in " ".join(email["text"].replace(",", "").split())
    again = until(lambda: _rerun_of(pulse, first["job_id"]), "the rerun")
    assert again["rerun_because"] == "memory"
    assert (again["vcpus"], again["memory_mib"]) == (0.25, 1024)
    second = pulse.ended(again["job_id"], SECONDS)
    assert pulse.message(second["job_id"], "email")
    assert len(_reruns(pulse, first["job_id"])) == 1


@pytest.mark.usefixtures("data")
def test_should_run_once_more_on_demand_what_spot_was_taken_from_to_the_last(pulse: Deployment):
    reclaims = {"how": "spot-fargate", "queue": "pulse-retrodiction-job-queue"}
    with faults.injected(pulse.found.pages_url, jobs=[reclaims]):
        request = REQUEST | {"attempts": 2, "tags": {"Case": uuid.uuid4().hex}}
        first = pulse.ended(posted(pulse, request), SECONDS)
        again = until(lambda: _rerun_of(pulse, first["job_id"]), "the rerun")
        second = pulse.ended(again["job_id"], SECONDS)

    assert (first["status"], len(first["attempts_log"])) == ("FAILED", 2)
    assert (second["rerun_because"], second["status"]) == ("spot", "SUCCEEDED")
    assert second["queue"] == "pulse-retrodiction-on-demand-queue"
    email = pulse.message(first["job_id"], "email")
    assert email["subject"].startswith("[RUNS AGAIN]")
    assert "lost its Spot capacity 2 times" in " ".join(email["text"].split())
    assert len(_reruns(pulse, first["job_id"])) == 1


def wide(rows: int = 300_000, columns: int = 8) -> bytes:
    """More than 512 MiB to train on, and less than 1,024."""
    start = datetime(2020, 1, 1)  # noqa: DTZ001 - data sets have no time zone
    values = [
        ",".join(f"{100 + (row * 7919 + c * 104729) % 9973 / 100:.2f}" for c in range(columns))
        for row in range(1000)
    ]
    lines = (f"{start + timedelta(minutes=3 * row)},{values[row % 1000]}" for row in range(rows))
    header = "timestamp," + ",".join(f"c{c}" for c in range(columns))
    return "\n".join([header, *lines]).encode()


def _reruns(pulse: Deployment, job_id: str) -> list[str]:
    items = pulse.table.scan(
        TableName=pulse.ledger,
        FilterExpression="rerun_of = :job",
        ExpressionAttributeValues={":job": {"S": job_id}},
    )["Items"]
    return [item["job_id"]["S"] for item in items]


def _rerun_of(pulse: Deployment, job_id: str) -> dict[str, Any] | None:
    return next((pulse.get(found) for found in _reruns(pulse, job_id)), None)


@pytest.fixture(scope="module")
def sample_data(pulse: Deployment) -> None:
    pulse.drop("datasets/market_daily.csv", sample(500))


@pytest.mark.usefixtures("sample_data")
@pytest.mark.parametrize("file", SAMPLES, ids=lambda file: file.stem)
def test_should_plan_for_a_sample_request_what_botocore_accepts(pulse: Deployment, file: Path):
    answer = pulse.post(json.loads(file.read_text()), query={"dry_run": "true"})

    assert answer.status_code == HTTPStatus.OK, answer.text
    shape = pulse.batch.meta.service_model.operation_model("SubmitJob").input_shape
    for parameters in answer.json()["plan"]:
        assert ParamValidator().validate(parameters, shape).generate_report() == ""
    assert answer.json()["refusals"] == []
