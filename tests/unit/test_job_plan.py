import boto3
import msgspec
import pytest
from botocore.validate import validate_parameters

from pulse.domain.job_id import job_id, usable_as_job_id
from pulse.domain.job_plan import plan, plan_faults
from pulse.domain.job_request import JobRequest
from pulse.domain.validation import convert

JOB = "batch-20260302093000-0a1b2c3d"


@pytest.fixture
def planned(catalogue, site, now):
    def make(**asked):
        request = convert(asked, JobRequest)
        assert plan_faults(request, catalogue) == []
        return plan(request, catalogue, site, job_id=JOB, now=now).parameters

    return make


def test_should_name_jobs_as_they_have_always_been_named(now):
    assert job_id(now, "0a1b2c3d4e") == JOB


def test_should_keep_the_contract_of_the_container(planned):
    assert planned(start_date="2022-01-01", end_date="2022-06-30", use_dask=True, dask_threads=8) == {
        "jobName": "pulse-retrodiction-20260302093000-0a1b2c3d",
        "jobQueue": "arn:fifo",
        "jobDefinition": "arn:definition:7",
        "containerOverrides": {
            "command": [
                *("python", "-m", "recursive_training.run_training"),
                *("--variables", "spx_close", "us_10y_yield"),
                *("--batch-size-days", "30"),
                *("--start-date", "2022-01-01"),
                *("--end-date", "2022-06-30"),
                *("--s3-data-bucket", "data"),
                *("--s3-results-bucket", "results"),
                "--use-dask",
            ],
            "environment": [
                {"name": "S3_DATA_BUCKET", "value": "data"},
                {"name": "S3_RESULTS_BUCKET", "value": "results"},
                {"name": "LOG_LEVEL", "value": "INFO"},
                {"name": "USE_DASK", "value": "true"},
                {"name": "DASK_THREADS", "value": "8"},
                {"name": "PULSE_JOB_ID", "value": JOB},
            ],
            "resourceRequirements": [
                {"type": "VCPU", "value": "0.25"},
                {"type": "MEMORY", "value": "512"},
            ],
        },
        "retryStrategy": planned()["retryStrategy"],
        "timeout": {"attemptDurationSeconds": 3600},
        "tags": {"Project": "Pulse", "CreatedBy": "pulse"},
        "propagateTags": True,
    }


def test_should_let_the_request_win_over_profile_and_defaults(planned):
    parameters = planned(
        variables=[],
        vcpus=1,
        memory_mib=4096,
        timeout_seconds=120,
        attempts=1,
        queue="fair",
        share_identifier="team1",
        log_level="DEBUG",
        job_name_prefix="mine",
        tags={"CreatedBy": "me"},
    )
    overrides = parameters["containerOverrides"]
    assert "--variables" not in overrides["command"]
    assert overrides["resourceRequirements"] == [
        {"type": "VCPU", "value": "1"},
        {"type": "MEMORY", "value": "4096"},
    ]
    assert parameters["jobName"] == "mine-20260302093000-0a1b2c3d"
    assert (parameters["jobQueue"], parameters["shareIdentifier"]) == ("arn:fair", "team1")
    assert parameters["timeout"] == {"attemptDurationSeconds": 120}
    assert parameters["retryStrategy"]["attempts"] == 1
    assert parameters["tags"] == {"Project": "Pulse", "CreatedBy": "me"}
    assert {"name": "LOG_LEVEL", "value": "DEBUG"} in overrides["environment"]


def test_should_run_gpu_jobs_on_the_definition_of_their_queue(planned):
    parameters = planned(profile="gpu")
    assert parameters["jobDefinition"] == "arn:definition-ec2:1"
    assert {"type": "GPU", "value": "1"} in parameters["containerOverrides"]["resourceRequirements"]


def test_should_tell_no_date_from_the_default_date(catalogue, site, now):
    defaults = msgspec.structs.replace(catalogue.request_defaults, start_date=now.date())
    dated = msgspec.structs.replace(catalogue, request_defaults=defaults)

    def command(**asked):
        request = convert(asked, JobRequest)
        parameters = plan(request, dated, site, job_id=JOB, now=now).parameters
        return parameters["containerOverrides"]["command"]

    assert "2026-03-02" in command()
    assert "--start-date" not in command(start_date=None)


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"dataset": "datasets/c++ (v1)+50%25.csv", "dataset_version_id": "-begins.with_a-hyphen"},
        {"queue": "fair", "share_identifier": "a1"},
        {"profile": "gpu", "tags": {"Owner": "desk 7"}, "use_dask": True},
    ],
)
def test_should_plan_what_botocore_accepts(planned, asked):
    client = boto3.client("batch", region_name="us-east-1")
    shape = client.meta.service_model.operation_model("SubmitJob").input_shape
    validate_parameters(planned(**asked), shape)


def test_should_give_key_and_version_to_the_job_as_single_words(planned):
    command = planned(dataset="datasets/a b.csv", dataset_version_id="-v")["containerOverrides"]["command"]
    assert command[-3:] == ["--dataset-key", "datasets/a b.csv", "--dataset-version-id=-v"]


@pytest.mark.parametrize(
    ("name", "usable"),
    [
        ("batch-1", True),
        ("a.b_c-d", True),
        ("../x", False),
        ("", False),
        ("-x", False),
        ("a/b", False),
        ("a\n", False),
    ],
)
def test_should_take_a_foreign_id_only_when_it_can_be_a_key_and_a_prefix(name, usable):
    assert usable_as_job_id(name) is usable
