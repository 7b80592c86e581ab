"""What people are told of a job of a described training."""

import json

import pytest
from msgspec import structs

from pulse.domain.alerts.about_job import Deployment
from pulse.domain.alerts.job_ended import job_alert
from pulse.domain.alerts.variables import table
from pulse.domain.console import Console
from pulse.domain.diagnosis.diagnose import diagnose
from pulse.domain.training.data_container import CODES
from pulse.domain.training.definition import CODES_OF_DATA, Training
from pulse.domain.training.headline import headline, in_words
from pulse.domain.training.metrics import parse_values
from pulse.domain.validation import collect
from tests.unit.trainings.churn import FILE, training

METRICS = training().metrics


@pytest.fixture
def churned(record):
    return structs.replace(
        record,
        training="churn",
        dataset="datasets/churn/2026-11.parquet",
        parameters={"rate": 0.2},
        exit_codes=training().exit_codes,
        on_folder=True,
        results_bucket="results",
    )


@pytest.fixture
def deployment():
    return Deployment(console=Console(region="eu-west-1"), data_bucket="data")


def read(**values):
    return parse_values(json.dumps(values).encode(), METRICS)


@pytest.mark.parametrize(
    ("code", "cause", "told"),
    [
        (3, "one-class", "All rows have the same label."),
        (66, "no-such-dataset", "is not there"),
        (74, "no-space", "disk was full"),
        (2, "unknown", "ended with an error"),
    ],
)
def test_should_say_what_an_exit_code_means_in_the_training_that_ran(churned, code, cause, told):
    ended = structs.replace(churned, status="FAILED", exit_code=code, log_stream="churn/main/1")
    found = diagnose(ended, ["Traceback", "ValueError: no"])
    assert (found.cause, told in found.explanation) == (cause, True)


def test_should_not_take_the_codes_of_another_program_for_those_of_what_moves_data(churned):
    alone = structs.replace(churned, status="FAILED", on_folder=False, exit_code=66, log_stream="x")
    assert diagnose(alone).cause == "unknown"


def test_should_let_no_training_use_a_code_that_says_that_its_data_could_not_be_moved():
    raw = FILE | {"exit_codes": {"66": {"cause": "x", "explanation": "X."}}}
    assert [fault.field for fault in collect(raw, Training)[1]] == ["exit_codes.66"]
    assert collect(raw | {"data": "uri"}, Training)[1] == []
    assert set(CODES) == set(CODES_OF_DATA)


def test_should_show_the_headline_with_its_change_against_the_run_before():
    now, before = read(loss=9, log_loss=0.31, auc=0.914), read(auc=0.9, log_loss=0.35)
    assert in_words(headline(now, before, METRICS.headline)) == "auc 0.914 (+0.014), log_loss 0.31 (-0.04)"
    assert table(now, before) == (
        ("metric", "value"),
        ("auc", "0.914 (+0.014)"),
        ("log_loss", "0.31 (-0.04)"),
        ("loss", "9"),
    )


def test_should_say_what_of_its_metrics_is_not_shown():
    found = parse_values(b'{"auc": 1e300, "log_loss": "low", "note": null, "a b": 3, "x": true}', METRICS)
    assert found.values == {}
    assert found.warnings == (
        "metrics.json has no number auc, log_loss, which training.yaml names as its headline.",
        "In its metrics.json 1 number is beyond 1e+15 and not used: auc.",
        "Of its metrics 4 that are no numbers are not shown here.",
    )


@pytest.mark.parametrize("body", [b"[1]", b"{", b"\xff", b'{"auc": NaN}', b'{"ranking": 3}', b"[" * 9999])
def test_should_read_no_metrics_from_what_is_none(body):
    assert parse_values(body, METRICS) is None


def test_should_rank_a_sweep_and_show_the_metrics_of_its_winner():
    child = {
        "rank": 1,
        "index": 2,
        "parameters": {"depth": 3},
        "metrics": {"auc": 0.9},
        "results": "s3://r/x",
    }
    found = read(auc=0.9, log_loss=0.3, ranking=[child])
    assert found.ranking[0].options == {"depth": 3}
    assert found.ranking[0].values == {"auc": 0.9}


def test_should_tell_of_a_run_in_the_words_of_its_training(churned, deployment):
    ended = structs.replace(churned, status="SUCCEEDED", compared_to="before", report="plots.html")
    alert = job_alert(ended, deployment, read(auc=0.914, log_loss=0.31), previous=read(auc=0.9))
    assert alert.headline == "Training churn on datasets/churn/2026-11.parquet succeeded"
    assert alert.reason == (
        "auc 0.914 (+0.014), log_loss 0.31. In parentheses: the change since the run before."
    )
    assert alert.next_step.endswith("/plots.html")
    told = {fact.label: fact.value for fact in alert.facts}
    assert told["Training"] == "churn"
    assert told["Parameters"] == "rate 0.2"
    assert "Variables" not in told
