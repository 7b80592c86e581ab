import json
import shlex

import boto3
import pytest
from botocore.validate import validate_parameters
from hypothesis import given as drawn
from hypothesis import strategies as st

from pulse.domain.plan.described_job import command
from pulse.domain.plan.job_plan import plan, plan_faults, requested_resources
from pulse.domain.plan.shared_folder import SCRIPT
from pulse.domain.request.job_request import JobRequest
from pulse.domain.validation import collect, convert
from pulse.services.submit.prepare_job import given
from tests.unit.trainings.churn import training, with_churn

JOB = "batch-20260302093000-0a1b2c3d"
ASKED = {"training": "churn", "dataset": "datasets/churn/2026-11.parquet", "parameters": {"rate": 0.2}}


@pytest.fixture
def churn(catalogue):
    return with_churn(catalogue)


@pytest.fixture
def steps(churn, site, now):
    def make(catalogue=churn, **more):
        request = convert(ASKED | more, JobRequest)
        assert plan_faults(request, catalogue, site) == []
        wanted = requested_resources(request, catalogue.profiles[catalogue.profile_of(request)])
        return plan(request, catalogue, site, job_id=JOB, now=now, resources=given(wanted)).steps

    return make


@pytest.fixture
def told(churn, site):
    """Every fault of a request, as people read it."""

    def tell(catalogue=churn, **raw):
        request, faults = collect(raw, JobRequest)
        return [str(f) for f in faults or plan_faults(request, catalogue, site)]

    return tell


def _containers(step):
    return step.parameters["ecsPropertiesOverride"]["taskProperties"][0]["containers"]


def _variables(container):
    return {pair["name"]: pair["value"] for pair in container["environment"]}


def test_should_give_the_training_its_files_and_a_second_container_their_keys(steps):
    (step,) = steps()
    main, data = _containers(step)
    assert step.parameters["jobDefinition"] == "pulse-training-churn"
    assert step.parameters["jobName"] == "pulse-churn-20260302093000-0a1b2c3d"
    assert main["command"] == [
        *("/bin/sh", "-c", SCRIPT, "pulse"),
        *("python", "train.py", "--rate", "0.2", "--depth=6"),
        *("/pulse/data/2026-11.parquet", "/pulse/results"),
    ]
    assert _variables(main) == {
        "S3_DATA_BUCKET": "data",
        "S3_RESULTS_BUCKET": "results",
        "LOG_LEVEL": "INFO",
        "PULSE_JOB_ID": JOB,
        "PULSE_TRAINING": "churn",
        "PULSE_PARAMETERS": '{"rate":0.2,"depth":6,"kind":"gbdt"}',
        "PULSE_DATASET": "datasets/churn/2026-11.parquet",
        "PULSE_RESULTS_PREFIX": f"results/{JOB}/",
        "PULSE_FOLDER": "/pulse",
        "PULSE_DATA": "/pulse/data/2026-11.parquet",
        "PULSE_RESULTS": "/pulse/results",
        "PULSE_CHECKPOINTS": "/pulse/checkpoints",
    }
    assert data["name"] == "data"
    assert "command" not in data


def test_should_take_what_moves_the_data_from_what_was_asked_for(steps):
    needs = [
        {need["type"]: need["value"] for need in container["resourceRequirements"]}
        for container in _containers(steps()[0])
    ]
    assert needs == [{"VCPU": "0.75", "MEMORY": "1536"}, {"VCPU": "0.25", "MEMORY": "512"}]


def test_should_give_s3_uris_to_a_training_that_reads_them_itself(steps, catalogue):
    (step,) = steps(with_churn(catalogue, data="uri"))
    (main,) = _containers(step)
    assert main["command"][:2] == ["python", "train.py"]
    assert main["command"][-2:] == [
        "s3://data/datasets/churn/2026-11.parquet",
        f"s3://results/results/{JOB}/",
    ]
    assert _variables(main)["PULSE_CHECKPOINTS"] == f"s3://results/checkpoints/{JOB}/"
    assert main["resourceRequirements"][0] == {"type": "VCPU", "value": "1"}


def test_should_sweep_any_parameter_and_rank_by_the_first_headline_metric(steps):
    array, rank = steps(sweep={"parameters": {"depth": [3, 6], "kind": ["gbdt", "forest"]}})
    data, ranks = (_variables(_containers(step)[1]) for step in (array, rank))
    assert array.parameters["arrayProperties"] == {"size": 4}
    assert data["PULSE_PARAMETERS"] == '{"rate":0.2}', "no child takes another's value for its own"
    assert "--depth={depth}" in _containers(array)[0]["command"]
    assert data["PULSE_SWEEP"] == '{"depth":[3,6],"kind":["gbdt","forest"]}'
    assert json.loads(data["PULSE_COMMAND"])[2:] == [
        *("--rate", "{rate}", "--depth={depth}", "{data}", "{results}"),
    ]
    assert rank.follows == JOB
    assert ranks["PULSE_TASK"] == "rank"
    assert ranks["PULSE_RESULTS_OF"] == JOB
    assert json.loads(ranks["PULSE_RANK"]) == {"file": "metrics.json", "by": "auc", "better": "higher"}
    assert _containers(rank)[0]["command"][-1] == "true"


@pytest.mark.parametrize("more", [{}, {"sweep": {"parameters": {"depth": [3, 6]}}}])
def test_should_be_what_submit_job_takes(steps, more):
    client = boto3.client("batch", region_name="eu-west-1")
    shape = client.meta.service_model.operation_model("SubmitJob").input_shape
    for step in steps(**more):
        validate_parameters(step.parameters, shape)


def test_should_tell_every_fault_of_a_request_at_once(told):
    assert told(
        training="churn",
        parameters={"rate": 0, "dept": 3},
        variables=["a"],
        shards=4,
        sweep={"parameters": {"depth": [3, 99], "colour": ["a"]}},
    ) == [
        "sweep: allowed is nothing with shards; found 2 combinations",
    ]
    own = "allowed is nothing with the training churn; its own are swept below sweep.parameters"
    swept = "allowed is one of rate, depth, kind, the parameters that churn lets sweep"
    assert told(
        training="churn",
        parameters={"rate": 0, "dept": 3, "depth": 4},
        variables=["a"],
        sweep={
            "parameters": {"depth": [3, 99], "kind": ["forest", "oak"], "colour": ["a"]},
            "model": ["drift"],
        },
    ) == [
        "variables: allowed is nothing with the training churn: it is a field of retrodiction; found ['a']",
        "sweep.model: " + own + "; found ['drift']",
        "dataset: allowed is the key of a data set, which the training churn needs; found nothing",
        "parameters.dept: allowed is only rate, depth, kind; found 3",
        "parameters.rate: allowed is a number from 0.0001 to 1; found 0",
        "parameters.depth: allowed is nothing where sweep has it; found 4",
        "sweep.parameters.kind[1]: allowed is one of gbdt, forest; found 'oak'",
        "sweep.parameters.colour: " + swept + "; found ['a']",
    ]


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ({"training": "chrun"}, "training"),
        ({"parameters": {"rate": 1}}, "parameters"),
        ({"training": "retrodiction", "parameters": {"rate": 1}}, "parameters"),
        ({"sweep": {"parameters": {"rate": [1, 2]}}}, "sweep.parameters"),
        (ASKED | {"shards": 2}, "shards"),
        (ASKED | {"vcpus": 0.25, "memory_mib": 512}, "vcpus"),
        (ASKED | {"memory_mib": "auto"}, "memory_mib"),
        (ASKED | {"profile": "gpu"}, "queue"),
        (ASKED | {"dataset": "datasets/a/../../x"}, "dataset"),
        (ASKED | {"dataset": "datasets/a//b"}, "dataset"),
        (ASKED | {"parameters": {"Rate": 1}}, "parameters.Rate"),
    ],
)
def test_should_refuse_what_the_training_does_not_take(told, raw, field):
    assert [fault.partition(":")[0] for fault in told(**raw)][:1] == [field]


def test_should_take_no_data_set_for_a_training_without_data(told, catalogue):
    without = with_churn(catalogue, data="none")
    assert told(without, training="churn") == []
    assert told(without, **ASKED) == [
        "dataset: allowed is nothing with the training churn; found 'datasets/churn/2026-11.parquet'"
    ]


def test_should_refuse_a_sweep_without_a_metric_to_rank_by(told, catalogue):
    faults = told(with_churn(catalogue, metrics=None), **ASKED, sweep={"parameters": {"depth": [3, 6]}})
    assert faults[0].startswith("sweep: allowed is nothing: churn must name metrics to rank by")


def test_should_plan_retrodiction_as_before_whether_it_is_named_or_not(churn, site, now):
    def parameters(**raw):
        request = convert({"profile": "small", **raw}, JobRequest)
        assert plan_faults(request, churn, site) == []
        wanted = requested_resources(request, churn.profiles["small"])
        return plan(request, churn, site, job_id=JOB, now=now, resources=given(wanted)).steps[0].parameters

    assert parameters() == parameters(training="retrodiction")
    assert parameters()["containerOverrides"]["command"][2] == "recursive_training.run_training"


@drawn(st.text(st.characters(categories=("L", "N", "P", "S", "Zs"), codec="utf-8"), max_size=60))
def test_should_keep_a_value_within_its_word(value):
    """Whatever a value holds, it is no second word, no other placeholder and no shell's."""
    known = training(
        command=["echo", "--name={name}", "{name}", "{data}"], parameters={"name": {"type": "string"}}
    )
    words = command(known, {"name": value}, {"data": "/pulse/data", "results": "", "checkpoints": ""})
    assert words == ["echo", f"--name={value}", value, "/pulse/data"]
    assert shlex.split(shlex.join(words)) == words


def test_should_refuse_a_sweep_by_a_metric_of_which_no_direction_is_known(told, catalogue):
    undirected = with_churn(catalogue, metrics={"headline": ["auc"]})
    (fault,) = told(undirected, **ASKED, sweep={"parameters": {"depth": [3, 6]}})
    assert fault.startswith("sweep: allowed is nothing until metrics.better of churn says whether")
