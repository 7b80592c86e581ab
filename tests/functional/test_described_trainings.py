"""A training that a training.yaml describes, from a request or a drop to the alert."""

import json

import msgspec
import pytest
from msgspec import structs

from lambdas import on_job_event, submit_job
from lambdas.wiring import shared
from pulse.domain.catalogue.trigger import Trigger
from pulse.domain.training.definition import DescribedTrainings
from pulse.settings import TRAININGS_FILE
from tests.functional.api import Api
from tests.functional.jobs import EVENTS
from tests.unit.trainings.churn import DEFINITIONS, training

pytestmark = pytest.mark.usefixtures("deployed")

DATASET = "datasets/churn/2026-11.json"
_ENDS = {"SUCCEEDED": "batch_succeeded", "FAILED": "batch_failed_exit_code"}
ASKED = {"training": "churn", "dataset": DATASET, "parameters": {"rate": 0.2}}


@pytest.fixture
def settings(settings, monkeypatch, tmp_path):
    """The functions' own, with the file of the trainings beside their code."""
    churn = training(suffixes=[".json"], report="plots.html")
    described = DescribedTrainings(trainings={"churn": churn}, definitions=DEFINITIONS)
    (tmp_path / TRAININGS_FILE).write_bytes(msgspec.json.encode(described))
    monkeypatch.setattr(shared, "CODE", tmp_path)
    trigger = Trigger(prefix="datasets/churn/", profile="small", training="churn", parameters={"depth": 3})
    return structs.replace(settings, triggers=(trigger, *settings.triggers))


@pytest.fixture
def api(context):
    return Api(context)


def main_of(submission):
    return submission["ecsPropertiesOverride"]["taskProperties"][0]["containers"][0]


@pytest.fixture
def ended(sqs_event, context, batch):
    """Delivers the end of the job that was submitted last."""

    def deliver(status, exit_code, batch_job_id="aws-1"):
        submission = batch.requests[-1]
        detail = json.loads((EVENTS / f"{_ENDS[status]}.json").read_text())
        containers = submission["ecsPropertiesOverride"]["taskProperties"][0]["containers"]
        ends = [
            {**one, "exitCode": exit_code, "logStreamName": f"churn/{one['name']}/1"} for one in containers
        ]
        detail["detail"].pop("container")
        detail["detail"] |= {
            "jobId": batch_job_id,
            "jobName": submission["jobName"],
            "ecsProperties": {"taskProperties": [{"containers": ends}]},
            "attempts": [
                {
                    "startedAt": 1772443800000,
                    "stoppedAt": 1772443860000,
                    "statusReason": "Essential container in task exited",
                    "taskProperties": [{"containers": ends}],
                }
            ],
        }
        on_job_event.handler(sqs_event(detail), context)

    return deliver


def test_should_list_the_trainings_with_their_parameters(api):
    ours, churn = api("GET /trainings").content["trainings"]
    assert ours["name"] == "retrodiction"
    assert churn["parameters"]["rate"] == {
        "type": "number",
        "default": 0.1,
        "minimum": 0.0001,
        "maximum": 1.0,
        "description": "Learning rate",
    }
    assert churn["sweep"] == ["rate", "depth", "kind"]
    assert churn["headline"] == ["auc", "log_loss"]


def test_should_submit_it_once_and_say_what_it_runs(api, batch):
    first, again = api("POST /jobs", ASKED), api("POST /jobs", ASKED)
    assert (first.status, again.content["job_id"]) == (202, first.content["job_id"])
    (submission,) = batch.requests
    assert submission["jobDefinition"] == "pulse-training-churn"
    job = api(f"GET /jobs/{first.content['job_id']}").content
    assert (job["training"], job["parameters"]) == ("churn", {"rate": 0.2})


def test_should_refuse_every_fault_of_its_parameters_at_once(api, batch):
    refused = api("POST /jobs", ASKED | {"parameters": {"rate": 7, "dept": 1}, "use_dask": True})
    assert refused.status == 422
    assert [fault["field"] for fault in refused.content["errors"]] == [
        "use_dask",
        "parameters.dept",
        "parameters.rate",
    ]
    assert not batch.requests


def test_should_tell_its_metrics_with_their_change(api, s3, alerts, ended, clock):
    for number, auc in enumerate((0.9, 0.914), 1):
        job_id = api("POST /jobs", ASKED | {"tags": {"Run": str(number)}}).content["job_id"]
        body = json.dumps({"auc": auc, "log_loss": 0.31})
        s3.put_object(Bucket="pulse-results", Key=f"results/{job_id}/metrics.json", Body=body)
        ended("SUCCEEDED", 0, f"aws-{number}")
        clock.forward(minutes=5)
    _, alert = alerts()
    text = json.dumps(alert)
    assert "auc 0.914 (+0.014), log_loss 0.31 (+0)" in text
    assert "plots.html" in text
    listed = api("GET /jobs").content["jobs"][0]
    assert (listed["report"], listed["metrics_file"]) == ("plots.html", "metrics.json")
    assert [(one["name"], one["value"]) for one in listed["headline"]] == [("auc", 0.914), ("log_loss", 0.31)]


def test_should_diagnose_it_by_its_own_exit_code(api, alerts, ended):
    job_id = api("POST /jobs", ASKED).content["job_id"]
    ended("FAILED", 3)
    assert "All rows have the same label." in json.dumps(alerts())
    assert api(f"GET /jobs/{job_id}").content["diagnosis"]["cause"] == "one-class"


def test_should_start_from_a_drop_with_the_parameters_of_its_trigger(batch, s3, sqs_event, context, event):
    drop = event("s3_object_created_versioned")
    drop["detail"]["object"] |= {"key": DATASET, "size": 10}
    submit_job.handler(sqs_event(drop), context)
    (submission,) = batch.requests
    words = main_of(submission)["command"]
    assert "--depth=3" in words
    assert "/pulse/data/2026-11.json" in words


def test_should_run_it_again_with_one_other_parameter(api, batch, clock):
    job_id = api("POST /jobs", ASKED | {"parameters": {"rate": 0.2, "depth": 9}}).content["job_id"]
    clock.forward(minutes=1)
    again = api(f"POST /jobs/{job_id}/rerun", {"parameters": {"rate": 0.3}})
    assert again.status == 202
    assert main_of(batch.requests[-1])["command"][6:9] == ["--rate", "0.3", "--depth=9"]
