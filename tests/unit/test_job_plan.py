import json
import typing

import boto3
import msgspec
import pytest
from botocore.validate import validate_parameters
from recursive_training import options
from recursive_training.errors import UsageError
from recursive_training.model.inputs import NAMES
from recursive_training.model.trust import CRITERIA, DEFAULT_CRITERION

from pulse.domain.job.ids import job_id, usable_as_job_id
from pulse.domain.plan.job_plan import plan, plan_faults, requested_resources
from pulse.domain.request.defaults import CONTAINER_CRITERION, BatchSizeDays, ModelName, SuccessCriterion
from pulse.domain.request.job_request import JobRequest
from pulse.domain.validation import convert
from pulse.services.submit.prepare_job import given

JOB = "batch-20260302093000-0a1b2c3d"


def plan_of(request, catalogue, site, now, **more):
    """The plan of a request that leaves nothing to the data."""
    profile = catalogue.profiles[request.profile or catalogue.request_defaults.profile]
    wanted = requested_resources(request, profile)
    return plan(request, catalogue, site, job_id=JOB, now=now, resources=given(wanted), **more)


@pytest.fixture
def planned(catalogue, site, now):
    def make(**asked):
        request = convert(asked, JobRequest)
        assert plan_faults(request, catalogue, site) == []
        return plan_of(request, catalogue, site, now).steps[0].parameters

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


def test_should_name_the_missing_values_when_they_make_the_command_too_long(catalogue, site):
    request = convert({"variables": ["a"], "missing_values": ["ü" * 64] * 20}, JobRequest)
    (fault,) = plan_faults(request, catalogue, site)
    assert (fault.field, "most of them in missing_values" in fault.found) == ("missing_values", True)


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
        tags={"Owner": "me", "Project": "Pulse"},
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
    assert parameters["tags"] == {"Project": "Pulse", "CreatedBy": "pulse", "Owner": "me"}
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
        parameters = plan_of(request, dated, site, now).steps[0].parameters
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


def test_should_say_that_there_is_no_dask_because_the_definition_may_say_there_is(planned):
    environment = planned()["containerOverrides"]["environment"]
    assert {"name": "USE_DASK", "value": "false"} in environment
    assert {"name": "DASK_THREADS", "value": "2"} in environment


def test_should_name_the_criterion_only_when_the_container_has_another(planned):
    def command(**asked):
        return planned(**asked)["containerOverrides"]["command"]

    assert command(success_criterion="beats-persistence") == command()
    assert "--success-criterion" not in command()
    named = command(success_criterion="within-interval")
    assert named[named.index("--success-criterion") + 1] == "within-interval"


def test_should_take_the_criterion_of_the_configuration_and_let_a_request_take_it_back(catalogue, site, now):
    defaults = msgspec.structs.replace(catalogue.request_defaults, success_criterion="beats-baselines")
    strict = msgspec.structs.replace(catalogue, request_defaults=defaults)

    def command(request):
        return plan_of(request, strict, site, now).steps[0].parameters["containerOverrides"]["command"]

    assert "beats-baselines" in command(JobRequest())
    assert "--success-criterion" not in command(JobRequest(success_criterion="beats-persistence"))


def test_should_name_a_model_and_a_season_only_when_the_training_is_not_to_choose(planned):
    def command(**asked):
        return planned(**asked)["containerOverrides"]["command"]

    assert command(model="auto") == command()
    assert command(model="direct-ridge", season=12)[-4:] == ["--model", "direct-ridge", "--season", "12"]


def test_should_know_the_models_that_the_training_knows():
    assert typing.get_args(ModelName) == ("auto", *NAMES)


def test_should_know_the_criteria_that_the_training_knows():
    assert typing.get_args(SuccessCriterion) == tuple(CRITERIA)
    assert CONTAINER_CRITERION == DEFAULT_CRITERION


@pytest.mark.parametrize("days", [0, 1, 3650, 3651])
def test_should_allow_the_windows_that_the_training_allows(days):
    line = ["--s3-data-bucket", "data", "--s3-results-bucket", "results", "--batch-size-days", str(days)]
    assert allows(lambda: msgspec.convert(days, BatchSizeDays)) == allows(lambda: options.parse(line, {}))


def allows(attempt):
    try:
        attempt()
    except (msgspec.ValidationError, UsageError):
        return False
    return True


@pytest.mark.parametrize(
    ("asked", "largest"),
    [
        (
            {
                "variables": tuple(f"{'x' * 20}{i:03}" for i in range(200)),
                "dataset": "datasets/" + "y" * 900,
            },
            None,
        ),
        ({"variables": tuple(f"{'x' * 30}{i:03}" for i in range(200))}, "variables"),
        ({"variables": tuple(f"{'欄' * 50}{i:03}" for i in range(25))}, "variables"),
        ({"sweep": {"variables": [[f"{'x' * 100}{i}"] for i in range(80)]}}, "sweep"),
        (
            {"tags": {f"{'k' * 110}{i}": "v" * 256 for i in range(40)}, "variables": ("v" * 128,) * 60},
            "variables",
        ),
        ({"tags": {f"{'k' * 110}{i}": "ü" * 256 for i in range(40)}}, "tags"),
    ],
)
def test_should_refuse_more_than_submit_job_takes_or_a_container_is_started_with(
    catalogue, site, now, asked, largest
):
    request = msgspec.convert(asked, JobRequest)
    faults = plan_faults(request, catalogue, site)
    assert [fault.field for fault in faults] == ([largest] if largest else [])
    sent = plan_of(request, catalogue, site, now).steps[0].parameters
    started_with = json.dumps(sent["containerOverrides"])
    assert (len(json.dumps(sent)) > 30 * 1024 or len(started_with) > 7 * 1024) == bool(largest)


def test_should_refuse_tags_that_contradict_those_of_the_configuration(catalogue, site):
    request = JobRequest(tags={"Project": "Other", "CreatedBy": "pulse", "Owner": "me"})
    assert [str(fault) for fault in plan_faults(request, catalogue, site)] == [
        "tags[Project]: allowed is 'Pulse', as the configuration has it; found 'Other'"
    ]


def test_should_refuse_more_vcpus_than_the_queue_can_ever_give(catalogue, site):
    queues = catalogue.queues | {"fifo": msgspec.structs.replace(catalogue.queues["fifo"], max_vcpus=4)}
    limited = msgspec.structs.replace(catalogue, queues=queues)
    assert plan_faults(JobRequest(vcpus=4, memory_mib=8192), limited, site) == []
    (fault,) = plan_faults(JobRequest(vcpus=8, memory_mib=16384), limited, site)
    assert (fault.field, fault.found) == ("vcpus", "8")
    assert "at most 4" in fault.allowed
